/** The stored copy of one product as one reader sees it: a fixed-width header that the scripts compare, then ready bytes. */
import type { ProductState } from '../../shared/product-document.ts'
import { NO_STAMP, toRevDigits, type Stamp } from '../../shared/stamp.ts'

/**
 * The header, all ASCII digits or letters: gen (16), seen (4), rev (16), asOf (20).
 * Lua cuts it with GETRANGE; nothing before the payload ever changes its width.
 */
export const GEN_END = 16
export const SEEN_END = 20
export const REV_END = 36
export const HEADER_BYTES = 56

export interface CopyHeader {
  /** The generation of the watermark under which it was stored: a copy of another generation is a miss. */
  readonly gen: string
  /** Timeline (4 digits) of the snapshot, check or event that last vouched for it. */
  readonly seen: string
  readonly rev: number
  /** NO_STAMP on a pushed copy: only the watermark vouches for it. */
  readonly asOf: Stamp
}

export interface CopyContent {
  readonly state: ProductState
  /** Milliseconds since 1970 of the last visible change. */
  readonly changedAtMs: number
  /** Milliseconds since 1970 when the bytes were rendered. */
  readonly renderedAtMs: number
  /** Anything vouched for by a strictly later position contains this content: the asOf of its load, or the P of its event. */
  readonly contained: Stamp
  /** Content-Language. */
  readonly locale: string
  /** What leads to the product (product-names.ts); empty unless visible. */
  readonly names: Buffer
  readonly body: Buffer
  readonly card: Buffer
}

export type Copy = CopyHeader & CopyContent

/** As it is rendered, before it is bytes. */
export interface RenderedContent extends Omit<CopyContent, 'names' | 'body' | 'card'> {
  readonly names: string
  readonly body: string
  readonly card: string
}

/** Raised when the layout of a copy, or anything that the scripts keep, changes: each format has keys of its own, so that two releases side by side do not take each other's copies away. */
export const FORMAT = 3
const STATES: readonly ProductState[] = ['absent', 'visible', 'hidden', 'deleted']

// format 1, state 1, changedAtMs 8, renderedAtMs 8, contained 20, then four lengths of 4: locale, names, body, card.
const CONTAINED_AT = 18
const LENGTHS_AT = 38
const PAYLOAD_HEADER_BYTES = 54

export function encodeHeader(header: CopyHeader): string {
  return header.gen + header.seen + toRevDigits(header.rev) + header.asOf
}

/** The part of a copy that is the same whoever stores it. Memory of its own, and no more than it needs: it may be kept as it is. */
export function encodePayload(content: RenderedContent): Buffer {
  const parts = [content.locale, content.names, content.body, content.card]
  const lengths = parts.map((part) => Buffer.byteLength(part))
  const payload = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + length, PAYLOAD_HEADER_BYTES))
  payload.writeUInt8(FORMAT, 0)
  payload.writeUInt8(STATES.indexOf(content.state), 1)
  payload.writeDoubleBE(content.changedAtMs, 2)
  payload.writeDoubleBE(content.renderedAtMs, 10)
  payload.write(content.contained, CONTAINED_AT, 'latin1')
  lengths.forEach((length, i) => payload.writeUInt32BE(length, LENGTHS_AT + 4 * i))
  let end = PAYLOAD_HEADER_BYTES
  for (const part of parts) end += payload.write(part, end)
  return payload
}

/**
 * Cuts a stored copy into views of the same memory; nothing is copied.
 * @returns null when the bytes are not a copy of this release's format: a miss
 */
export function decodeCopy(bytes: Buffer): Copy | null {
  if (bytes.length < HEADER_BYTES + PAYLOAD_HEADER_BYTES || bytes[HEADER_BYTES] !== FORMAT) return null
  const content = decodePayload(bytes.subarray(HEADER_BYTES))
  return content === null ? null : { ...decodeHeader(bytes), ...content }
}

export function decodeHeader(bytes: Buffer): CopyHeader {
  const text = bytes.toString('latin1', 0, HEADER_BYTES)
  return {
    gen: text.slice(0, GEN_END),
    seen: text.slice(GEN_END, SEEN_END),
    rev: Number(text.slice(SEEN_END, REV_END)),
    asOf: text.slice(REV_END),
  }
}

/** Views of the same memory. @returns null when the bytes are not of this release's format */
function decodePayload(payload: Buffer): CopyContent | null {
  if (payload.length < PAYLOAD_HEADER_BYTES || payload[0] !== FORMAT) return null
  const state = STATES[payload.readUInt8(1)]
  let end = PAYLOAD_HEADER_BYTES
  const take = (i: number): Buffer => {
    const start = end
    end += payload.readUInt32BE(LENGTHS_AT + 4 * i)
    return payload.subarray(start, end)
  }
  const [locale, names, body, card] = [take(0), take(1), take(2), take(3)]
  if (end !== payload.length || state === undefined) return null
  return {
    state,
    changedAtMs: payload.readDoubleBE(2),
    renderedAtMs: payload.readDoubleBE(10),
    contained: payload.toString('latin1', CONTAINED_AT, LENGTHS_AT),
    locale: locale.toString('latin1'),
    names,
    body,
    card,
  }
}

/** Of a payload that this release made. @throws Error when it is none */
export function contentOf(payload: Buffer): CopyContent {
  const content = decodePayload(payload)
  if (content === null) throw new Error(`Expected a payload of format ${FORMAT}, got ${payload.length} bytes that begin with ${payload[0]}`)
  return content
}

/** `(seen, rev)` as one comparable string: the greater is the newer content. */
export function orderOf(seen: string, rev: number): string {
  return seen + toRevDigits(rev)
}

/** The asOf of a copy that only the watermark vouches for. */
export const PUSHED: Stamp = NO_STAMP
