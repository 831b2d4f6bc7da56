/** Ports for parts that are killed and come back: below the range that outgoing connections take theirs from, so nobody sits there meanwhile. */
import { isPortFree, LOOPBACK } from '../../stack/port.ts'

const FIRST_PORT = 10_000
const LAST_PORT = 19_999
const TRIES = 200
const given = new Set<number>()

/** Never the same one twice in this process. @throws Error when none was found */
export async function quietPort(): Promise<number> {
  for (let n = 0; n < TRIES; n++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1))
    if (given.has(port) || !(await isPortFree(LOOPBACK, port))) continue
    given.add(port)
    return port
  }
  throw new Error(`No free port was found from ${FIRST_PORT} to ${LAST_PORT}`)
}
