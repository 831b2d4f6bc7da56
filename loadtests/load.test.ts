/** `npm run load` ends with 0 only when every single answer was the right one. */
import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../stack/port.ts'

const servers: Server[] = []
afterEach(() => servers.splice(0).forEach((server) => server.close()))

const ids = Array.from({ length: 50 }, (_, n) => `0197a000-0000-7000-8000-${String(n).padStart(12, '0')}`)
const card = (id: string) => ({ id, slug: `slug-${id}` })

/** The shape of the query API around 50 products; `spoil` may turn the n-th product answer into another. */
async function serve(spoil: (n: number, body: string) => [status: number, body: string]): Promise<string> {
  let asked = 0
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    let body = ''
    request.on('data', (piece) => (body += String(piece)))
    request.on('end', () => {
      const one = /^\/v1\/products\/(?:by-slug\/slug-)?(0197.*)$/.exec(url.pathname)?.[1]
      if (one !== undefined) {
        const [status, text] = spoil(asked++, JSON.stringify(card(one)))
        response.writeHead(status).end(text)
      } else if (url.pathname === '/v1/categories')
        response.end(JSON.stringify({ data: [{ slug: 'all', productCount: 50, children: [] }] }))
      else if (request.method === 'POST') response.end(JSON.stringify({ data: (JSON.parse(body) as { ids: string[] }).ids.map(card) }))
      else {
        const limit = Number(url.searchParams.get('limit'))
        response.end(JSON.stringify({ data: ids.slice(0, limit).map(card), page: { limit, next: null } }))
      }
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function load(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), '--duration', '1', '--connections', '4', ...args])
  let [out, err] = ['', '']
  child.stdout.on('data', (piece) => (out += String(piece)))
  child.stderr.on('data', (piece) => (err += String(piece)))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

test('right answers: figures for every kind, and exit code 0', async () => {
  const origin = await serve((_n, body) => [200, body])
  const { code, out, err } = await load('--url', origin)
  expect(err).toBe('')
  for (const name of ['req/s', 'p50 ms', 'p99 ms', 'id', 'slug', 'list', 'batch', 'all']) expect(out).toContain(name)
  expect(code).toBe(0)
})

test('one answer with another product is found, named, and exit code 1', async () => {
  const origin = await serve((n, body) => [200, n === 20 ? JSON.stringify(card('0197a000-dead')) : body])
  const { code, err } = await load('--url', origin)
  expect(err).toContain('has no "id"')
  expect(code).toBe(1)
})

test('one answer that is not 2xx: exit code 1', async () => {
  const origin = await serve((n, body) => (n === 20 ? [503, 'overloaded'] : [200, body]))
  const { code, err } = await load('--url', origin)
  expect(err).toContain('answered 503 overloaded')
  expect(code).toBe(1)
})

test('a server that is not there, a host that is not this machine, and a flag without sense: a sentence, and exit code 1', async () => {
  const away = await load('--url', `http://127.0.0.1:${await freePort()}`)
  expect([away.code, away.err]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
  const foreign = await load('--url', 'http://192.0.2.1:3000')
  expect([foreign.code, foreign.err]).toEqual([1, expect.stringContaining('must be on this machine')])
  const senseless = await load('--mix', 'id=many')
  expect([senseless.code, senseless.err]).toEqual([1, expect.stringContaining('--mix id must be a number')])
})
