/** Ports of the private parts: the same at each start of a data folder, and below the range that outgoing connections take theirs from. */
import { createHash } from 'node:crypto'
import { isPortFree, LOOPBACK } from './port.ts'

const FIRST_PORT = 20_000
const BLOCKS = 1_000
const BLOCK_SIZE = 10

const NAMES = ['primary', 'standby1', 'standby2', 'redis', 'kafka', 'kafkaController'] as const
export type PrivatePorts = Readonly<Record<(typeof NAMES)[number], number>>

/** @param taken by programs that do not listen yet. @throws Error when no block of ports is free */
export async function privatePorts(dataDir: string, taken: readonly number[]): Promise<PrivatePorts> {
  const start = createHash('sha256').update(dataDir).digest().readUInt32BE() % BLOCKS
  for (let step = 0; step < BLOCKS; step++) {
    const first = FIRST_PORT + ((start + step) % BLOCKS) * BLOCK_SIZE
    const ports = NAMES.map((_, index) => first + index)
    if (await areFree(ports, taken)) return Object.fromEntries(NAMES.map((name, index) => [name, ports[index]])) as PrivatePorts
  }
  throw new Error(`No ${NAMES.length} free ports were found from ${FIRST_PORT} on`)
}

async function areFree(ports: readonly number[], taken: readonly number[]): Promise<boolean> {
  if (ports.some((port) => taken.includes(port))) return false
  const free = await Promise.all(ports.map((port) => isPortFree(LOOPBACK, port)))
  return free.every(Boolean)
}
