/** How long what costs much to read is trusted: as everything else while little of it is read, up to a minute while much is. */
import { TRUST_US } from './trust.ts'

export interface SpareTime {
  /** B, or a minute while there is no time to spare; microseconds. */
  trustUs(): number
  /** Takes as long as the work does off the time that there is. */
  spend<T>(work: () => Promise<T>): Promise<T>
}

/** docs/consistency.md, point 9. */
export const MOST_TRUST_US = 60_000_000
/** The part of one connection that reading again may take: after 10 ms of work nothing that is younger than a minute is read again for 200 ms. */
export const READING_SHARE = 0.05
const REST_AT_MOST_MS = 60_000

/** @param nowMs any clock that never goes back */
export function createSpareTime(nowMs: () => number = () => performance.now()): SpareTime {
  let atWork = 0
  let restsUntilMs = -Infinity
  return {
    trustUs: () => (atWork > 0 || nowMs() < restsUntilMs ? MOST_TRUST_US : TRUST_US),
    async spend(work) {
      const begunMs = nowMs()
      atWork++
      try {
        return await work()
      } finally {
        const endMs = nowMs()
        atWork--
        restsUntilMs = Math.min(endMs + REST_AT_MOST_MS, Math.max(endMs, restsUntilMs) + (endMs - begunMs) / READING_SHARE)
      }
    },
  }
}
