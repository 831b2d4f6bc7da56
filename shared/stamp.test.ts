import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_STAMP, nowUs, revTimeline, stampTimeline, stampTimeUs, toRevDigits, toStamp } from './stamp.ts'

const timeline = fc.integer({ min: 1, max: 8191 })
const timeUs = fc.integer({ min: 0, max: 9_007_199_254_740_991 })

test('stamps compare as strings exactly as their positions compare', () => {
  fc.assert(
    fc.property(timeline, timeUs, timeline, timeUs, (timelineA, timeA, timelineB, timeB) => {
      const before = timelineA < timelineB || (timelineA === timelineB && timeA < timeB)
      expect(toStamp(timelineA, timeA) < toStamp(timelineB, timeB)).toBe(before)
    }),
  )
})

test('a stamp gives back its timeline and its microseconds', () => {
  fc.assert(
    fc.property(timeline, timeUs, (line, time) => {
      const stamp = toStamp(line, time)
      expect(stamp).toHaveLength(20)
      expect([stampTimeline(stamp), stampTimeUs(stamp)]).toEqual([line, time])
      expect(NO_STAMP < stamp).toBe(true)
    }),
  )
})

test('a rev keeps every digit and names the timeline that issued it', () => {
  const rev = 8191 * 2 ** 40 + (2 ** 40 - 1)
  expect(Number(toRevDigits(rev))).toBe(rev)
  expect(toRevDigits(rev)).toHaveLength(16)
  expect(revTimeline(rev)).toBe(8191)
})

test('the clock is in whole microseconds of this era', () => {
  const now = nowUs()
  expect(Number.isSafeInteger(now)).toBe(true)
  expect(Math.abs(now / 1000 - Date.now())).toBeLessThan(1000)
})
