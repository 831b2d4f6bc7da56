import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort, LOOPBACK } from '../../stack/port.ts'
import { openProxy, type TcpProxy } from './tcp-proxy.ts'

let server: Server
let proxy: TcpProxy
let port: number
const clients: Socket[] = []
const accepted: Socket[] = []

beforeEach(async () => {
  const target = await freePort()
  server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => socket.write(`echo ${String(chunk)}`))
  })
  await new Promise<void>((resolve) => server.listen(target, LOOPBACK, resolve))
  port = await freePort()
  proxy = await openProxy(port, target)
})
afterEach(async () => {
  for (const socket of [...clients.splice(0), ...accepted.splice(0)]) socket.destroy()
  await proxy.close()
  server.close()
})

async function connect(): Promise<Socket> {
  const client = createConnection(port, LOOPBACK)
  client.on('error', () => {})
  clients.push(client)
  await once(client, 'connect')
  return client
}

const closed = (client: Socket) => new Promise<void>((resolve) => client.once('close', () => resolve()))

async function answer(client: Socket): Promise<string> {
  const [chunk] = (await once(client, 'data')) as [Buffer]
  return String(chunk)
}

const silence = async (client: Socket): Promise<string> => Promise.race([answer(client), sleep(100, 'silence')])

test('bytes go through in both directions', async () => {
  const client = await connect()
  client.write('one')
  expect(await answer(client)).toBe('echo one')
})

test('a delay is charged in each direction', async () => {
  proxy.setMode({ kind: 'delay', ms: 60 })
  const client = await connect()
  const begunMs = performance.now()
  client.write('one')
  await answer(client)
  // Of 60 ms in each direction; a timer may fire a millisecond early.
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(117)
})

test('a frozen proxy accepts and answers nothing, then goes on with what was sent', async () => {
  const old = await connect()
  old.write('zero')
  await answer(old)
  proxy.setMode({ kind: 'freeze' })
  const late = await connect()
  old.write('one')
  late.write('two')
  expect(await silence(old)).toBe('silence')
  expect(await silence(late)).toBe('silence')
  proxy.setMode({ kind: 'pass' })
  expect(await Promise.all([answer(old), answer(late)])).toEqual(['echo one', 'echo two'])
})

test('an end during a freeze is heard of afterwards', async () => {
  const client = await connect()
  client.write('one')
  await answer(client)
  let ended = false
  client.once('end', () => (ended = true))
  proxy.setMode({ kind: 'freeze' })
  for (const socket of accepted) socket.end()
  await sleep(50)
  expect(ended).toBe(false)
  proxy.setMode({ kind: 'pass' })
  await once(client, 'end')
})

test('a refusing proxy resets connections there are and new ones', async () => {
  const client = await connect()
  const old = closed(client)
  proxy.setMode({ kind: 'refuse' })
  await old
  const again = createConnection(port, LOOPBACK)
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => again.once('error', resolve))
  expect(error.code).toBe('ECONNRESET')
})

test('a new target is used by the next connection', async () => {
  const other = createServer((socket) => {
    socket.on('error', () => {})
    socket.end('the other')
  })
  const otherPort = await freePort()
  await new Promise<void>((resolve) => other.listen(otherPort, LOOPBACK, resolve))
  const old = closed(await connect())
  proxy.setTarget(otherPort)
  await old
  expect(await answer(await connect())).toBe('the other')
  other.close()
})
