/** A read is judged by what was acknowledged before it was sent; a stated bound below its staleness is found. */
import { expect, test } from 'vitest'
import { createFreshnessLog, type FreshnessLog } from './freshness-log.ts'
import { createTally, type ProductAnswer, readCacheStatus, watchAnswer } from './read-watch.ts'

const id = '0197a000-0000-7000-8000-000000000001'

function answer(
  rev: number,
  sentMs: number,
  more: { staleness?: number; status?: number; body?: string; cache?: string } = {},
): ProductAnswer {
  const headers = {
    'catalog-rev': String(rev),
    'catalog-staleness': String(more.staleness ?? 10_000),
    'cache-status': more.cache ?? 'catalog; hit; detail=redis',
  }
  const body = more.body ?? JSON.stringify({ id, key: 'k', rev })
  return { id, status: more.status ?? 200, headers, body, sentMs, receivedMs: sentMs + 1 }
}

function logOf(...commits: readonly (readonly [rev: number, atMs: number])[]): FreshnessLog {
  const log = createFreshnessLog()
  for (const [rev, atMs] of commits) log.acknowledged(id, rev, atMs)
  return log
}

test('staleness counts from the oldest acknowledged commit that is missed', () => {
  const log = logOf([10, 100], [11, 300], [12, 900])
  expect(log.stalenessMs(id, 9, 1_000)).toBe(900)
  expect(log.stalenessMs(id, 10, 1_000)).toBe(700)
  expect(log.stalenessMs(id, 12, 1_000)).toBe(0)
  expect(log.stalenessMs(id, 13, 1_000)).toBe(0)
})

test('a commit acknowledged after the read was sent is not missed', () => {
  expect(logOf([10, 100]).stalenessMs(id, 9, 100)).toBe(0)
  expect(logOf([10, 100]).stalenessMs(id, 9, 50)).toBe(0)
})

test('acknowledgements out of order count from the first one that arrived', () => {
  expect(logOf([12, 100], [11, 150]).stalenessMs(id, 10, 200)).toBe(100)
})

test('a product nobody wrote is never stale', () => {
  expect(createFreshnessLog().stalenessMs('other', 1, 1_000)).toBe(0)
})

test('answers older than 2.5 s and bounds that are too small are counted', () => {
  const log = logOf([10, 100])
  const tally = createTally()
  watchAnswer(tally, answer(9, 2_600, { staleness: 2_500 }), log)
  expect([tally.stale, tally.tooOld, tally.understated]).toEqual([1, 0, 0])
  watchAnswer(tally, answer(9, 2_601, { staleness: 2_500 }), log)
  expect([tally.stale, tally.tooOld, tally.understated]).toEqual([2, 1, 1])
  watchAnswer(tally, answer(10, 9_000, { staleness: 0 }), log)
  expect([tally.stale, tally.tooOld, tally.understated, tally.maxStalenessMs]).toEqual([2, 1, 1, 2_501])
})

test('another status, another product, another rev in the body, and a missing bound are wrong answers', () => {
  const tally = createTally()
  const log = createFreshnessLog()
  for (const wrong of [
    answer(1, 0, { status: 503 }),
    answer(1, 0, { body: '{"id":"other","rev":1}' }),
    answer(1, 0, { body: JSON.stringify({ id, rev: 2 }) }),
    { ...answer(1, 0), headers: { 'catalog-rev': '1' } },
  ]) {
    expect(watchAnswer(tally, wrong, log)).toBeNull()
  }
  expect(tally.wrong).toBe(4)
  expect(watchAnswer(tally, answer(7, 0), log)).toBe(7)
  expect([tally.reads, tally.wrong]).toEqual([5, 4])
})

test('Cache-Status tells hits of memory and Redis from what was forwarded', () => {
  expect(readCacheStatus('catalog; hit; detail=memory')).toEqual({ hit: true, from: 'memory' })
  expect(readCacheStatus('catalog; hit')).toEqual({ hit: true, from: 'hit' })
  expect(readCacheStatus('catalog; fwd=miss')).toEqual({ hit: false, from: 'miss' })
  expect(readCacheStatus('catalog; fwd=stale; fwd-status=200')).toEqual({ hit: false, from: 'stale' })
  expect(readCacheStatus('undefined')).toEqual({ hit: false, from: 'unknown' })
})
