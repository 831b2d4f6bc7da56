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

/** When performance.now() was 0, by the host's clock as it was last looked at, milliseconds since 1970. */
let originMs = performance.timeOrigin

/** This host's clock in microseconds since 1970, an integer. It does not step, unless followHostClock() finds that the host's did. */
export function nowUs(): number {
  return Math.round((originMs + performance.now()) * 1000)
}

/** Date.now() is a whole millisecond, so that less is no step. */
const STEP_MS = 2

/**
 * A process's own clock runs on from its start: where the host's clock is set meanwhile (or stood still while a virtual machine slept), it
 * would be wrong until a restart.
 * @returns by how much the host's clock was set since the last call, microseconds; mostly 0
 */
export function followHostClock(): number {
  const stepMs = Date.now() + 0.5 - (originMs + performance.now())
  if (Math.abs(stepMs) < STEP_MS) return 0
  originMs += stepMs
  return stepMs * 1000
}
