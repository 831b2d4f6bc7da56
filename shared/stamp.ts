/** Positions in the catalog's time and order, in the fixed-width form that Lua and TypeScript compare alike. */

/**
 * A position of the catalog clock: timeline (4 digits) and microseconds since 1970 (16 digits), so that comparing
 * strings compares positions. Lua numbers lose digits and its `<` on binary strings follows the locale; decimals do neither.
 */
export type Stamp = string

/** Before every position: what a slot, a watermark or a copy holds that nothing ever vouched for. */
export const NO_STAMP: Stamp = '0'.repeat(20)

const TIMELINE_DIGITS = 4
const TIME_DIGITS = 16

/** @param timeUs microseconds since 1970, an integer */
export function toStamp(timeline: number, timeUs: number): Stamp {
  return String(timeline).padStart(TIMELINE_DIGITS, '0') + String(timeUs).padStart(TIME_DIGITS, '0')
}

export function stampTimeline(stamp: Stamp): number {
  return Number(stamp.slice(0, TIMELINE_DIGITS))
}

/** Microseconds since 1970. */
export function stampTimeUs(stamp: Stamp): number {
  return Number(stamp.slice(TIMELINE_DIGITS))
}

export function isStamp(text: string): boolean {
  return /^\d{20}$/.test(text)
}

/** A rev as 16 digits: comparable as a string in Redis. */
export function toRevDigits(rev: number): string {
  return String(rev).padStart(16, '0')
}

const REVS_PER_TIMELINE = 2 ** 40

/** The timeline that issued this rev: its high bits (consistency.md, point 1). */
export function revTimeline(rev: number): number {
  return Math.floor(rev / REVS_PER_TIMELINE)
}

/** This host's clock in microseconds since 1970, an integer. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}
