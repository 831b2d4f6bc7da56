/** The open-loop driver charges a stall to everybody who had to wait for it, and never hides what it could not send. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type LoopRequest, type OpenLoopOptions, runOpenLoop } from './open-loop.ts'
import { createRandom } from './random.ts'

const servers: Server[] = []
afterEach(() => servers.splice(0).forEach((server) => server.closeAllConnections()))

async function serve(answer: (path: string) => Promise<[status: number, body: string]>): Promise<string> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '').then(([status, body]) => response.writeHead(status).end(body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function options(origin: string, more: Partial<OpenLoopOptions>): OpenLoopOptions {
  let n = 0
  const next = (): LoopRequest => ({ method: 'GET', path: `/${n++}` })
  const check: OpenLoopOptions['check'] = (_request, answer) => (answer.status === 200 ? null : `answered ${answer.status}`)
  return { origin, ratePerSecond: 300, durationMs: 1_000, maxInFlight: 500, random: createRandom(1), next, check, ...more }
}

test('the arrivals are as many as the rate says, and all are answered', async () => {
  const result = await runOpenLoop(options(await serve(async () => [200, 'ok']), {}))
  expect(Math.abs(result.sent - 300)).toBeLessThan(5 * Math.sqrt(300))
  expect(result.latencies.count).toBe(result.sent)
  expect(result.failed + result.dropped).toBe(0)
})

test('a stall is charged to every request that was due in it', async () => {
  const begunMs = performance.now()
  const stalled = Promise.withResolvers<void>()
  setTimeout(stalled.resolve, 600)
  const result = await runOpenLoop(
    options(
      await serve(async () => {
        await stalled.promise
        return [200, 'ok']
      }),
      {},
    ),
  )
  expect(performance.now() - begunMs).toBeLessThan(5_000)
  // Due evenly over the second: more than half waited, the first ones for the whole stall.
  expect(result.latencies.percentileMs(90)).toBeGreaterThan(300)
  expect(result.latencies.percentileMs(50)).toBeGreaterThan(50)
})

test('beyond the limit in flight a request is dropped and counted, never sent late', async () => {
  const gate = Promise.withResolvers<void>()
  let received = 0
  const running = runOpenLoop(
    options(
      await serve(async () => {
        received++
        await gate.promise
        return [200, 'ok']
      }),
      { maxInFlight: 10, durationMs: 300 },
    ),
  )
  setTimeout(gate.resolve, 500)
  const result = await running
  expect(received).toBe(10)
  expect(result.sent).toBe(10)
  expect(result.dropped).toBeGreaterThan(20)
})

test('a wrong answer and a refused connection are failures, with their words', async () => {
  const wrong = await runOpenLoop(options(await serve(async (path) => (path === '/3' ? [500, 'no'] : [200, 'ok'])), { durationMs: 200 }))
  expect(wrong.failed).toBe(1)
  expect(wrong.failures).toEqual(['GET /3: answered 500'])
  const nobody = await runOpenLoop(options('http://127.0.0.1:9', { durationMs: 50 }))
  expect(nobody.failed).toBe(nobody.sent)
  expect(nobody.failures[0]).toContain('ECONNREFUSED')
})

test('it ends soon after it is told to', async () => {
  const origin = await serve(async () => [200, 'ok'])
  const result = await runOpenLoop(options(origin, { durationMs: 60_000, signal: AbortSignal.timeout(200) }))
  expect(result.elapsedMs).toBeLessThan(5_000)
})
