/** Whether a stored copy may be served now, and until when (docs/consistency.md, point 6). Pure: the clock is passed in. */
import { NO_STAMP, stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import type { CopyHeader } from './copy.ts'
import type { Watermark } from './watermark.ts'

/** B: nothing vouched for earlier than this is served unchecked, microseconds. */
export const TRUST_US = 2_000_000
/** By how much the clocks of two hosts may differ, microseconds. */
export const SKEW_US = 250_000
/** Longest life of a memory entry, microseconds. Hot ones are answered at every age up to it, so half of it is in the typical Catalog-Staleness. */
export const MEMORY_LIFE_US = 700_000
/** A last known copy may be served, marked, when no database answers, up to this age, microseconds. */
export const LAST_KNOWN_US = 600_000_000

/** Whatever vouches best for the copy, trusted or not: its own asOf, or the watermark if the copy was seen on its timeline. */
export function vouchingStamp(copy: Pick<CopyHeader, 'seen' | 'asOf'>, watermark: Pick<Watermark, 'ts'>): Stamp {
  const claims = watermark.ts.slice(0, 4) === copy.seen && watermark.ts !== NO_STAMP
  return claims && timeDigits(watermark.ts) > timeDigits(copy.asOf) ? watermark.ts : copy.asOf
}

/** Times are compared as times: the timeline only decides, through `seen`, whether the watermark speaks of the copy. */
const timeDigits = (stamp: Stamp): string => stamp.slice(4)

/**
 * Not older than B, and not so far ahead of us that one of the two clocks must be wrong.
 * @param trustUs B, but for what says of itself that it may be older (docs/consistency.md, point 9)
 */
export function isFresh(vouched: Stamp, nowUs: number, trustUs = TRUST_US): boolean {
  const timeUs = stampTimeUs(vouched)
  return timeUs >= nowUs - trustUs && timeUs <= nowUs + SKEW_US
}

export type Trust = { readonly trusted: boolean; readonly vouched: Stamp }

/**
 * @returns null: the copy counts as a miss, since its generation is not the watermark's.
 * Otherwise `trusted: false` means suspect: its rev has to be checked in a database first.
 */
export function trustOf(copy: CopyHeader, watermark: Watermark | null, nowUs: number): Trust | null {
  if (watermark === null || copy.gen !== watermark.gen) return null
  const vouched = vouchingStamp(copy, watermark)
  return { trusted: isFresh(vouched, nowUs), vouched }
}

/** Until when memory may answer: 0.7 s, and never beyond the time that vouches plus B. Microseconds since 1970. */
export function memoryDeadlineUs(vouched: Stamp, nowUs: number): number {
  return Math.min(nowUs + MEMORY_LIFE_US, stampTimeUs(vouched) + TRUST_US)
}

/** Catalog-Staleness: an upper bound for how old the answer is, milliseconds. */
export function stalenessMs(vouched: Stamp, nowUs: number): number {
  return Math.max(0, Math.ceil((nowUs - stampTimeUs(vouched) + SKEW_US) / 1000))
}
