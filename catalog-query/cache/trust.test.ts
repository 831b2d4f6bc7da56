import { expect, test } from 'vitest'
import { NO_STAMP, toStamp } from '../../shared/stamp.ts'
import { PUSHED } from './copy.ts'
import { isFresh, memoryDeadlineUs, stalenessMs, TRUST_US, trustOf, vouchingStamp } from './trust.ts'

const NOW = 1_790_000_000_000_000
const at = (agoUs: number, timeline = 1) => toStamp(timeline, NOW - agoUs)
const copy = (asOf: string, seen = '0001') => ({ gen: 'a'.repeat(16), seen, rev: 7, asOf })
const watermark = (ts: string, gen = 'a'.repeat(16)) => ({ gen, next: 0, ts, p: NO_STAMP, codes: [] })

test('a copy is trusted by its own asOf until it is exactly B old', () => {
  expect(trustOf(copy(at(TRUST_US)), watermark(NO_STAMP), NOW)?.trusted).toBe(true)
  expect(trustOf(copy(at(TRUST_US + 1)), watermark(NO_STAMP), NOW)?.trusted).toBe(false)
})

test('the watermark vouches for every copy seen on its timeline, a pushed one too', () => {
  expect(trustOf(copy(PUSHED), watermark(at(5)), NOW)).toEqual({ trusted: true, vouched: at(5) })
  expect(trustOf(copy(PUSHED), watermark(at(TRUST_US + 1)), NOW)?.trusted).toBe(false)
})

test('a copy seen on another timeline than the watermark’s is suspect, in either direction', () => {
  expect(trustOf(copy(PUSHED, '0001'), watermark(at(5, 2)), NOW)?.trusted).toBe(false)
  expect(trustOf(copy(PUSHED, '0002'), watermark(at(5, 1)), NOW)?.trusted).toBe(false)
  // Its own asOf may still vouch for it.
  expect(trustOf(copy(at(100), '0001'), watermark(at(5, 2)), NOW)).toEqual({ trusted: true, vouched: at(100) })
})

test('a copy of another generation, or without a watermark, is a miss', () => {
  expect(trustOf(copy(at(1)), watermark(at(1), 'b'.repeat(16)), NOW)).toBeNull()
  expect(trustOf(copy(at(1)), null, NOW)).toBeNull()
})

test('a watermark that never claimed anything vouches for nothing', () => {
  expect(vouchingStamp({ seen: '0000', asOf: PUSHED }, { ts: NO_STAMP })).toBe(PUSHED)
  expect(trustOf(copy(PUSHED, '0000'), watermark(NO_STAMP), NOW)?.trusted).toBe(false)
})

test('a time more than 250 ms ahead of us is suspect', () => {
  expect(isFresh(at(-250_000), NOW)).toBe(true)
  expect(isFresh(at(-250_001), NOW)).toBe(false)
})

test('times are compared as times: the later one vouches, whatever its timeline', () => {
  expect(vouchingStamp({ seen: '0002', asOf: at(10, 1) }, { ts: at(20, 2) })).toBe(at(10, 1))
})

test('memory may answer for 0.7 s, and never beyond the vouching time plus B', () => {
  expect(memoryDeadlineUs(at(0), NOW)).toBe(NOW + 700_000)
  expect(memoryDeadlineUs(at(1_500_000), NOW)).toBe(NOW + 500_000)
})

test('staleness is stated in whole milliseconds, rounded up, with the skew of clocks added', () => {
  expect(stalenessMs(at(0), NOW)).toBe(250)
  expect(stalenessMs(at(1), NOW)).toBe(251)
  expect(stalenessMs(at(-300_000), NOW)).toBe(0)
})
