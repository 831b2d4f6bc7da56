import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { followHostClock, nowUs, toStamp } from '../shared/stamp.ts'
import { commitProduct, tinyDocument } from '../test/support/commit-product.ts'
import { redisMissing, testDatabase, testRedis, type TestDatabase, type TestRedis } from '../test/support/parts.ts'
import { runProgram, type RunningProgram } from '../test/support/run-program.ts'
import { createClockCheck, doubtOf, type ClockReading } from './clock-check.ts'

const reading = (aheadMs: number, patch: Partial<ClockReading> = {}): ClockReading => ({
  aheadUs: aheadMs * 1_000,
  errorUs: 1_000,
  ofPrimary: false,
  ...patch,
})

describe('our clock is in doubt', () => {
  test('never within 250 ms, nor where the way there and back took too long to tell', () => {
    expect(doubtOf([reading(249), reading(-249)], 240_000)).toBe(0)
    expect(doubtOf([reading(300, { errorUs: 60_000 })], -Infinity)).toBe(0)
    expect(doubtOf([], -Infinity)).toBe(0)
  })

  test('by as much as it is wrong beyond that, the error included', () => {
    expect(doubtOf([reading(400)], -Infinity)).toBe(151_000)
    expect(doubtOf([reading(-400)], -Infinity)).toBe(151_000)
  })

  test('when it differs from half of the others, and not when one of three is wrong', () => {
    expect(doubtOf([reading(2_000), reading(0)], -Infinity)).toBeGreaterThan(0)
    expect(doubtOf([reading(2_000), reading(0), reading(0)], -Infinity)).toBe(0)
  })

  test('by the primary alone where it is known: the stamps are its times', () => {
    expect(doubtOf([reading(0, { ofPrimary: true }), reading(2_000), reading(2_000)], -Infinity)).toBe(0)
    expect(doubtOf([reading(2_000, { ofPrimary: true }), reading(0), reading(0)], -Infinity)).toBe(1_751_000)
  })

  test('when a stamp arrives from the future, whatever the others say', () => {
    expect(doubtOf([reading(0)], 1_250_000)).toBe(1_000_000)
  })
})

test('a round asks everybody, logs once when it begins and once when it is over, and forgets who does not answer', async () => {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) })
  const clock = createClockCheck(log)
  let aheadUs = 2_000_000
  let answers = true
  const asks = new Map([['redis', { ask: () => Promise.resolve(answers ? nowUs() + aheadUs : null), ofPrimary: false }]])
  await clock.round(asks)
  await clock.round(asks)
  expect(clock.isSound()).toBe(false)
  expect(clock.doubtUs()).toBeGreaterThan(1_700_000)
  expect(clock.skews().get('redis')).toBeCloseTo(2, 1)
  expect(clock.health()).toMatchObject({ ok: false, required: false })
  aheadUs = 0
  await clock.round(asks)
  expect(clock.isSound()).toBe(true)
  answers = false
  await clock.round(asks)
  expect(clock.skews().size).toBe(0)
  expect(lines).toEqual(['this host’s clock differs by more than 250 ms', 'this host’s clock agrees with the others again'])
  clock.noteStamp(toStamp(1, nowUs() + 500_000))
  await clock.round(new Map())
  expect(clock.isSound()).toBe(false)
  await clock.round(new Map())
  expect(clock.isSound()).toBe(true)
})

test('a host’s clock that is set is followed, without a restart', () => {
  followHostClock()
  const trueNow = Date.now
  const before = nowUs()
  Date.now = () => trueNow() - 5_000
  try {
    expect(followHostClock()).toBeCloseTo(-5_000_000, -4)
    expect(nowUs() - before).toBeLessThan(-4_900_000)
    expect(followHostClock()).toBe(0)
  } finally {
    Date.now = trueNow
    followHostClock()
  }
  // Date.now() is a whole millisecond: what is read off it is half a one off, either way.
  expect(nowUs()).toBeGreaterThanOrEqual(before - 1_000)
})

describe.skipIf(await redisMissing())('programs on a host whose clock is wrong', () => {
  let database: TestDatabase
  let redis: TestRedis
  beforeAll(async () => {
    database = await testDatabase()
    redis = await testRedis()
  })
  afterAll(async () => {
    await database?.[Symbol.asyncDispose]()
    await redis?.[Symbol.asyncDispose]()
  })

  async function skewed(main: string, aheadMs: number, env: Record<string, string> = {}): Promise<RunningProgram> {
    return await runProgram(main, {
      DATABASE_URL: database.primaryUrl,
      DATABASE_REPLICA_URLS: database.replicaUrl,
      REDIS_URL: redis.url,
      NODE_OPTIONS: `--import ${join(import.meta.dirname, '../loadtests/cluster/skewed-clock.ts')}`,
      CLOCK_AHEAD_MS: String(aheadMs),
      ...env,
    })
  }

  async function clockOf(program: RunningProgram): Promise<{ ok: boolean; detail: string }> {
    const { parts } = (await (await fetch(`${program.opsUrl}/readyz`)).json()) as { parts: { clock: { ok: boolean; detail: string } } }
    return parts.clock
  }

  async function until(isTrue: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + 10_000
    while (!(await isTrue())) {
      if (performance.now() > endMs) throw new Error('It did not come true within 10 s')
      await sleep(50)
    }
  }

  test.each([2_000, -2_000])(
    '%i ms apart: answers are marked, their bound is true, and all is well again once it is set',
    async (aheadMs) => {
      await using query = await skewed('catalog-query/main.ts', aheadMs)
      await using relay = await runProgram('catalog-admin/relay/main.ts', { DATABASE_URL: database.primaryUrl })
      expect(relay.opsUrl).not.toBe('')
      await until(async () => !(await clockOf(query)).ok)
      const id = randomUUID()
      const { acknowledgedUs } = await commitProduct(database.primary, { id, doc: tinyDocument(id, 'One') })
      await database.caughtUp()
      const read = async () => await fetch(`${query.url}/v1/products/${id}`)
      for (let i = 0; i < 3; i++) {
        const answer = await read()
        await answer.text()
        expect([answer.status, answer.headers.get('cache-status')]).toEqual([200, 'catalog; fwd=stale; detail=unverified'])
        // What vouches for it is not later than now, and the bound covers the way from there.
        expect(Number(answer.headers.get('catalog-staleness'))).toBeGreaterThan(0)
      }
      expect(nowUs()).toBeGreaterThan(acknowledgedUs)
      expect((await clockOf(query)).detail).toMatch(/differs by about (1|2)\d{3} ms/)
      const metrics = await (await fetch(`${query.opsUrl}/metrics`)).text()
      expect(Number(/^catalog_clock_doubt_seconds\{.*\} (.+)$/m.exec(metrics)?.[1])).toBeGreaterThan(1.6)
      expect(query.lines.filter((line) => line.includes('differs by more than 250 ms'))).toHaveLength(1)
      query.child.kill('SIGUSR2')
      await until(async () => (await clockOf(query)).ok)
      await until(async () => {
        const answer = await read()
        await answer.text()
        return answer.headers.get('cache-status')?.includes('hit') ?? false
      })
    },
  )

  test('200 ms apart: nothing is said of it', async () => {
    await using query = await skewed('catalog-query/main.ts', 200)
    await sleep(2_200)
    expect((await clockOf(query)).ok).toBe(true)
  })

  test('the invalidator says so too', async () => {
    await using invalidator = await skewed('catalog-query/invalidator/main.ts', -2_000)
    await until(async () => !(await clockOf(invalidator)).ok)
    invalidator.child.kill('SIGUSR2')
    await until(async () => (await clockOf(invalidator)).ok)
    expect((await clockOf(invalidator)).ok).toBe(true)
  })
})
