/** TCP ports of this machine: a free one, and whether somebody listens. */
import { createConnection, createServer } from 'node:net'

export const LOOPBACK = '127.0.0.1'
const CONNECT_MS = 500

/** A port nobody listens on now; another process may take it before its user does. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, LOOPBACK, resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port was found')
  return address.port
}

/** Whether this host and port could be listened on now. @throws Error when the host is none of this machine's */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  const server = createServer()
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve)
    server.listen(port, host, () => resolve(null))
  })
  if (error === null) await new Promise((resolve) => server.close(resolve))
  else if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
  return error === null
}

export async function isPortOpen(port: number, host: string = LOOPBACK): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: CONNECT_MS })
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
    socket.once('timeout', () => answer(false))
  })
}
