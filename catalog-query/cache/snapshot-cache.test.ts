import { describe, expect, test } from 'vitest'
import { unavailable } from '../../shared/problem.ts'
import { toStamp } from '../../shared/stamp.ts'
import { createSnapshotCache, type Load, type Vouched } from './snapshot-cache.ts'

const BASE_US = 1_790_000_000_000_000

/** A cache under a clock that stands still, and loads that say which they are. */
function openCache(options: { refreshAfter?: number; trustUs?: () => number; maxBytes?: number } = {}) {
  let nowUs = BASE_US
  let loads = 0
  const cache = createSnapshotCache<string>({ maxBytes: 100_000, sizeOf: (value) => value.length, ...options, nowUs: () => nowUs })
  /** @param asOfUs after the beginning of the test; default: now */
  const load =
    (asOfUs = nowUs - BASE_US): Load<string> =>
    () => {
      const vouched = toStamp(1, BASE_US + asOfUs)
      return Promise.resolve({ value: `load ${++loads}`, vouched, contained: vouched, tier: 'replica', marked: false })
    }
  return { cache, load, loads: () => loads, pass: (us: number) => void (nowUs += us) }
}

const token = (us: number) => ({ stamp: toStamp(1, BASE_US + us), lsn: null, product: null })
const away: Load<string> = () => Promise.reject(unavailable('No database can answer now'))

test('a value is trusted until its asOf is 2 s old, and says that memory answered', async () => {
  const { cache, load, pass } = openCache()
  expect(await cache.read('key', null, load(-500_000))).toMatchObject({ value: 'load 1', tier: 'replica' })
  pass(1_500_000)
  expect(cache.read('key', null, load())).toMatchObject({ value: 'load 1', tier: 'memory' })
  pass(1)
  expect(await cache.read('key', null, load())).toMatchObject({ value: 'load 2' })
})

test('ten callers of one key share one load; another key has its own', async () => {
  const { cache, load, loads } = openCache()
  const values = await Promise.all(Array.from({ length: 10 }, () => cache.read('key', null, load()) as Promise<Vouched<string>>))
  expect(new Set(values.map(({ value }) => value))).toEqual(new Set(['load 1']))
  await cache.read('other', null, load())
  expect(loads()).toBe(2)
})

test('a token is satisfied only by a value vouched for strictly after it, and never shares a load that began before', async () => {
  const { cache, load, loads } = openCache()
  await cache.read('key', null, load(100))
  expect(cache.read('key', token(99), load())).toMatchObject({ value: 'load 1' })
  expect(await cache.read('key', token(100), load(101))).toMatchObject({ value: 'load 2' })
  await Promise.all([cache.read('cold', null, load()), cache.read('cold', token(0), load())])
  expect(loads()).toBe(4)
})

test('of two loads that cross, the later snapshot stays', async () => {
  const { cache, load } = openCache()
  const late = Promise.withResolvers<Vouched<string>>()
  const first = cache.read('key', null, () => late.promise)
  await cache.read('key', token(0), load(200))
  late.resolve({ ...(await load(100)(null)), value: 'older' })
  expect(await first).toMatchObject({ value: 'older' })
  expect(cache.read('key', null, load())).toMatchObject({ value: 'load 1' })
})

test('a value past its refresh age is answered at once and read again behind', async () => {
  const { cache, load, pass } = openCache({ refreshAfter: 0.5 })
  await cache.read('key', null, load())
  pass(1_000_001)
  expect(cache.read('key', null, load())).toMatchObject({ value: 'load 1' })
  await Promise.resolve()
  await expect.poll(() => cache.read('key', null, away)).toMatchObject({ value: 'load 2' })
  pass(1_500_000)
  // A refresh that fails is nobody's failure.
  expect(cache.read('key', null, away)).toMatchObject({ value: 'load 2', marked: false })
})

test('with every database away the last known value is answered, marked, for 10 minutes; with a token never', async () => {
  const { cache, load, pass } = openCache()
  await cache.read('key', null, load())
  pass(600_000_000)
  expect(await cache.read('key', null, away)).toMatchObject({ value: 'load 1', marked: true })
  await expect(Promise.resolve(cache.read('key', token(0), away))).rejects.toThrow('No database')
  pass(1)
  await expect(Promise.resolve(cache.read('key', null, away))).rejects.toThrow('No database')
  await expect(Promise.resolve(cache.read('key', null, () => Promise.reject(new Error('syntax error'))))).rejects.toThrow('syntax error')
})

test('memory is bounded by bytes', async () => {
  const { cache, load } = openCache({ maxBytes: 2_000 })
  for (let n = 0; n < 20; n++) await cache.read(`key ${n}`, null, load())
  expect(cache.sizeBytes()).toBeLessThanOrEqual(2_000)
  expect(cache.read('key 19', null, load())).toMatchObject({ tier: 'memory' })
  expect(cache.read('key 0', null, load())).toBeInstanceOf(Promise)
})

test('what costs much is trusted longer, as long as it says', async () => {
  let trustUs = 60_000_000
  const { cache, load, pass } = openCache({ trustUs: () => trustUs })
  await cache.read('key', null, load())
  pass(60_000_000)
  expect(cache.read('key', null, load())).toMatchObject({ value: 'load 1', tier: 'memory' })
  trustUs = 10_000_000
  expect(await cache.read('key', null, load())).toMatchObject({ value: 'load 2' })
})

describe('a marked value, older than B when it came', () => {
  function openOutage(options: Parameters<typeof openCache>[0] = {}) {
    const opened = openCache(options)
    opened.pass(30_000_000)
    const marked =
      (asOfUs = 10_000_000): Load<string> =>
      async () => ({ ...(await opened.load(asOfUs)(null)), marked: true })
    return { ...opened, marked }
  }

  test.each([2_000_000, 60_000_000])(
    'is good for a second after it was loaded, marked, whether trusted for %i µs or not',
    async (trustUs) => {
      const { cache, load, marked, loads, pass } = openOutage({ trustUs: () => trustUs, refreshAfter: 0.1 })
      const loaded = await cache.read('key', null, marked())
      pass(1_000_000)
      expect(cache.read('key', null, load())).toMatchObject({ value: 'load 1', tier: 'memory', marked: true, vouched: loaded.vouched })
      expect(loads()).toBe(1)
      pass(1)
      expect(await cache.read('key', null, load())).toMatchObject({ value: 'load 2', marked: false })
      expect(cache.read('key', null, load())).toMatchObject({ value: 'load 2', tier: 'memory' })
    },
  )

  test('is no answer to a token that it does not satisfy', async () => {
    const { cache, load, marked } = openOutage()
    await cache.read('key', null, marked())
    expect(cache.read('key', token(9_999_999), load())).toMatchObject({ value: 'load 1' })
    expect(await cache.read('key', token(10_000_000), load())).toMatchObject({ value: 'load 2' })
  })

  test.each(['marked', 'fresh once'])(
    'is not replaced by an older one, and is good for another second; so is one that was %s',
    async (before) => {
      const { cache, load, marked, loads, pass } = openOutage()
      await cache.read('key', null, before === 'marked' ? marked() : load())
      pass(2_000_001)
      expect(await cache.read('key', null, marked(9_000_000))).toMatchObject({ value: 'load 2', marked: true })
      pass(1_000_000)
      expect(cache.read('key', null, marked())).toMatchObject({ value: 'load 1', tier: 'memory', marked: true })
      expect(loads()).toBe(2)
    },
  )
})
