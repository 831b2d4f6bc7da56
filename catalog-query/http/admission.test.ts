import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { putProducts } from '../../test/support/reading-app.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { runProgram, type RunningProgram } from '../../test/support/run-program.ts'
import { createAdmission, type Admission } from './admission.ts'

/** Lets a time go by in which the event loop was late by this much at each look. @returns the time then */
function pass(
  admission: Admission,
  beganMs: number,
  { lateMs, forMs, requests = 50 }: { lateMs: number; forMs: number; requests?: number },
): number {
  let nowMs = beganMs
  while (nowMs < beganMs + forMs) {
    for (let i = 0; i < requests; i++) if (admission.enter() === null) admission.leave()
    nowMs += 20 + lateMs
    admission.noteDelay(lateMs, nowMs)
  }
  return nowMs
}

describe('a request is let in', () => {
  test('unless as many are under way as may be', () => {
    const admission = createAdmission({ maxInFlight: 2, maxDelayMs: 100 })
    expect([admission.enter(), admission.enter(), admission.enter()]).toEqual([null, null, 'in-flight'])
    admission.leave()
    expect([admission.enter(), admission.inFlight()]).toEqual([null, 2])
  })

  test('whatever hiccups the event loop has', () => {
    const admission = createAdmission({ maxInFlight: 2, maxDelayMs: 100 })
    for (let nowMs = 0; nowMs < 5_000; nowMs += 20) admission.noteDelay(nowMs % 100 === 0 ? 90 : 400, nowMs)
    expect(admission.refusedPart()).toBe(0)
  })

  test('in part when the event loop stays late, more so the later it is, and wholly when it is in time again', () => {
    const admission = createAdmission({ maxInFlight: 100, maxDelayMs: 100 }, () => 0.5)
    let nowMs = pass(admission, 0, { lateMs: 110, forMs: 400 })
    expect(admission.refusedPart()).toBeGreaterThan(0.1)
    expect(admission.refusedPart()).toBeLessThan(0.5)
    expect(admission.enter()).toBeNull()
    nowMs = pass(admission, nowMs, { lateMs: 400, forMs: 1_000 })
    expect(admission.refusedPart()).toBeGreaterThan(0.9)
    expect(admission.enter()).toBe('delay')
    pass(admission, nowMs, { lateMs: 1, forMs: 2_500 })
    expect([admission.refusedPart(), admission.enter()]).toEqual([0, null])
  })

  test('when there are so few of them that it is not they who make it late', () => {
    const admission = createAdmission({ maxInFlight: 100, maxDelayMs: 100 })
    pass(admission, 0, { lateMs: 500, forMs: 5_000, requests: 2 })
    expect(admission.refusedPart()).toBe(0)
  })

  test('always, where delays are not minded', () => {
    const admission = createAdmission({ maxInFlight: 100, maxDelayMs: 0 })
    pass(admission, 0, { lateMs: 5_000, forMs: 20_000 })
    expect(admission.refusedPart()).toBe(0)
  })
})

describe('under a real burst the program', () => {
  let database: TestDatabase
  let ticking: NodeJS.Timeout
  beforeAll(async () => {
    database = await testDatabase()
    ticking = setInterval(() => void tick(database.primary).catch(() => {}), 200)
  })
  afterAll(async () => {
    clearInterval(ticking)
    await database?.[Symbol.asyncDispose]()
  })

  const start = (env: Record<string, string>) => runProgram('catalog-query/main.ts', { DATABASE_REPLICA_URLS: database.replicaUrl, ...env })

  async function metric(query: RunningProgram, name: string): Promise<number> {
    const text = await (await fetch(`${query.opsUrl}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }

  test('refuses what is more than may be under way at once, with Retry-After, and finishes what it let in', async () => {
    await using query = await start({ QUERY_MAX_IN_FLIGHT: '20' })
    const agent = new Agent({ connections: 100 })
    const answers = Array.from({ length: 100 }, async () => {
      const begunMs = performance.now()
      const { statusCode, headers, body } = await request(`${query.url}/v1/products/${randomUUID()}`, { dispatcher: agent })
      const { type } = (await body.json()) as { type: string }
      return { statusCode, type, headers, tookMs: performance.now() - begunMs }
    })
    const all = await Promise.all(answers)
    const refused = all.filter(({ statusCode }) => statusCode === 503)
    const finished = all.filter(({ statusCode }) => statusCode === 404)
    expect(finished.length).toBeGreaterThanOrEqual(20)
    expect(refused.length + finished.length).toBe(100)
    for (const { type, headers } of refused) {
      expect(type).toMatch(/\/problems\/overloaded$/)
      expect([headers['retry-after'], headers['cache-control'], headers['content-type']]).toEqual([
        '1',
        'no-store',
        'application/problem+json; charset=utf-8',
      ])
    }
    expect(await metric(query, 'catalog_refused_requests_total')).toBe(refused.length)
    // Nothing of it stays.
    await expect.poll(async () => await metric(query, 'catalog_requests_in_flight')).toBe(0)
    expect((await fetch(`${query.url}/v1/products/${randomUUID()}`)).status).toBe(404)
    await agent.close()
  })

  test('refuses a part of what comes faster than it can answer, and none of it when the load ends', async () => {
    await using query = await start({ QUERY_MAX_DELAY_MS: '5' })
    await putProducts(database, [
      {
        key: 'large',
        status: 'active',
        i18n: { en: { title: 'Large', description: 'long '.repeat(4_000), slug: 'large' } },
        variants: Array.from({ length: 90 }, (_, n) => ({
          sku: `large-${n}`,
          prices: [{ channel: 'default', amount: n + 1, currency: 'USD' }],
        })),
      },
    ])
    await database.caughtUp()
    // Not the cheapest answer there is: cut by `fields`, and compressed anew each time.
    const load = autocannon({
      url: `${query.url}/v1/products/by-key/large?fields=title,description,variants`,
      headers: { 'accept-encoding': 'gzip' },
      connections: 60,
      pipelining: 4,
      duration: 6,
    })
    let opsMs = 0
    await sleep(2_000)
    for (let i = 0; i < 5; i++) {
      const begunMs = performance.now()
      expect((await fetch(`${query.opsUrl}/livez`)).status).toBe(200)
      opsMs = Math.max(opsMs, performance.now() - begunMs)
    }
    const result = await load
    expect(result['5xx']).toBeGreaterThan(0)
    expect(result['2xx']).toBeGreaterThan(50)
    expect(result.errors).toBe(0)
    expect(opsMs).toBeLessThan(5_000)
    await expect.poll(async () => await metric(query, 'catalog_refused_part'), { timeout: 15_000 }).toBe(0)
    for (let i = 0; i < 10; i++) expect((await fetch(`${query.url}/v1/products/by-key/large`)).status).toBe(200)
    expect(query.lines.filter((line) => line.includes('overloaded') || line.includes('"level":50'))).toEqual([])
  })

  test('forgets those whose clients went away', async () => {
    await using query = await start({ QUERY_MAX_IN_FLIGHT: '5' })
    for (let i = 0; i < 10; i++) {
      const abort = new AbortController()
      const asked = fetch(`${query.url}/v1/products/${randomUUID()}`, { signal: abort.signal }).catch(() => null)
      await sleep(1)
      abort.abort()
      await asked
    }
    await expect.poll(async () => await metric(query, 'catalog_requests_in_flight')).toBe(0)
    expect((await fetch(`${query.url}/v1/products/${randomUUID()}`)).status).toBe(404)
  })
})
