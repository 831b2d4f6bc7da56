/** What Redis knows of one bucket: how far the log was applied, and up to when everything acknowledged is in it. */
import type { Stamp } from '../../shared/stamp.ts'

export interface Watermark {
  /** 16 random letters and digits, new whenever the watermark had to be made anew. */
  readonly gen: string
  /** The log offset to apply next. */
  readonly next: number
  /** The claim: every commit acknowledged before it has been applied. NO_STAMP: none yet. */
  readonly ts: Stamp
  /** The greatest P of any event applied: what a lost table starts from. */
  readonly p: Stamp
  /** Every representation code that FILL ever stored here under this gen. */
  readonly codes: readonly string[]
}

export const GEN_DIGITS = 16
export const NEXT_DIGITS = 16
const NEXT_END = GEN_DIGITS + NEXT_DIGITS
const TS_END = NEXT_END + 20
/** gen (16), next (16), ts (20), p (20); then each code after a space. */
export const WATERMARK_HEADER = TS_END + 20

/** More representations than this in one bucket are not cached. */
export const MAX_CODES = 512

export function toNextDigits(next: number): string {
  return String(next).padStart(NEXT_DIGITS, '0')
}

export function encodeWatermark(watermark: Watermark): string {
  const { gen, next, ts, p, codes } = watermark
  return gen + toNextDigits(next) + ts + p + codes.map((code) => ` ${code}`).join('')
}

/** @returns null when the text is no watermark: it counts as missing */
export function decodeWatermark(text: string): Watermark | null {
  if (text.length < WATERMARK_HEADER) return null
  return {
    gen: text.slice(0, GEN_DIGITS),
    next: Number(text.slice(GEN_DIGITS, NEXT_END)),
    ts: text.slice(NEXT_END, TS_END),
    p: text.slice(TS_END, WATERMARK_HEADER),
    codes: text.length === WATERMARK_HEADER ? [] : text.slice(WATERMARK_HEADER + 1).split(' '),
  }
}
