/**
 * APPLY, FILL and TOUCH as pure functions over the keys of one bucket (docs/consistency.md, point 5).
 * scripts/*.lua are the same three for Redis; a property test holds them equal, and the model runs these.
 */
import { slotOf, SLOTS_PER_BUCKET } from '../../shared/bucket.ts'
import { NO_STAMP, type Stamp } from '../../shared/stamp.ts'
import type { AppliedEvent, ApplyInput, ApplyResult, FillInput, FillResult, TouchInput, WatermarkInit } from './cache-store.ts'
import { decodeHeader, encodeHeader, HEADER_BYTES, orderOf, PUSHED } from './copy.ts'
import { decodeWatermark, encodeWatermark, MAX_CODES, toNextDigits, type Watermark } from './watermark.ts'

/** The keys of one bucket without their prefix: `wm`, `table`, `p:ID:CODE`. */
export interface BucketState {
  get(key: string): Buffer | null
  set(key: string, value: Buffer, ttlMs: number | null): void
  delete(key: string): void
}

export function copyKey(productId: string, code: string): string {
  return `p:${productId}:${code}`
}

const STAMP_DIGITS = 20

const UNCHANGED = { applied: false, replaced: 0, deleted: 0 }

/** The invalidator, for one contiguous run of the bucket's partition. */
export function applyRun(state: BucketState, input: ApplyInput): ApplyResult {
  const wm = readWatermark(state)
  if (wm === null || isReplaced(wm, input.init)) return makeWatermark(state, input.init)
  if (wm.next < input.from) return { ...UNCHANGED, next: wm.next } // a gap: go back there, never jump over it
  if (input.to <= wm.next) return { ...UNCHANGED, next: wm.next } // a twin or a retry was here first
  const table = readTable(state) ?? Buffer.from(wm.p.repeat(SLOTS_PER_BUCKET), 'latin1')
  let replaced = 0
  let deleted = 0
  for (const event of input.events) {
    raiseSlot(table, event)
    for (const code of wm.codes) {
      const outcome = applyToCopy(state, { event, code, gen: wm.gen, ttlMs: input.ttlMs })
      if (outcome === 'replaced') replaced++
      if (outcome === 'deleted') deleted++
    }
  }
  state.set('table', table, null)
  const p = input.events.reduce((greatest, event) => later(greatest, event.stamp), wm.p)
  writeWatermark(state, { ...wm, next: input.to, ts: later(wm.ts, input.heartbeat ?? NO_STAMP), p })
  return { next: input.to, applied: true, replaced, deleted }
}

function isReplaced(wm: Watermark, init: WatermarkInit | null): boolean {
  return init !== null && init.replaces !== null && toNextDigits(init.replaces) === toNextDigits(wm.next)
}

function makeWatermark(state: BucketState, init: WatermarkInit | null): ApplyResult {
  if (init === null) return { ...UNCHANGED, next: null }
  writeWatermark(state, { gen: init.gen, next: init.next, ts: NO_STAMP, p: init.p, codes: [] })
  state.delete('table')
  return { ...UNCHANGED, next: init.next }
}

function raiseSlot(table: Buffer, event: AppliedEvent): void {
  const at = slotOf(event.productId) * STAMP_DIGITS
  if (table.toString('latin1', at, at + STAMP_DIGITS) < event.stamp) table.write(event.stamp, at, 'latin1')
}

function applyToCopy(
  state: BucketState,
  { event, code, gen, ttlMs }: { event: AppliedEvent; code: string; gen: string; ttlMs: number },
): 'kept' | 'replaced' | 'deleted' {
  const key = copyKey(event.productId, code)
  const resident = readHeader(state, key)
  if (resident === null) return 'kept'
  const seen = event.stamp.slice(0, 4)
  const sameGen = resident.gen === gen
  if (sameGen && orderOf(resident.seen, resident.rev) >= orderOf(seen, event.rev)) return 'kept'
  const payload = sameGen ? event.payloads.get(code) : undefined
  if (payload === undefined) {
    state.delete(key)
    return 'deleted'
  }
  const header = encodeHeader({ gen, seen, rev: event.rev, asOf: PUSHED })
  state.set(key, Buffer.concat([Buffer.from(header, 'latin1'), payload]), ttlMs)
  return 'replaced'
}

/** A reader after a miss. */
export function fill(state: BucketState, input: FillInput): FillResult {
  const wm = readWatermark(state)
  if (wm === null) return 'no-watermark'
  const table = readTable(state)
  if (table === null) return 'no-table'
  const at = slotOf(input.productId) * STAMP_DIGITS
  // Something changed in this slot that the snapshot may not contain.
  if (input.asOf <= table.toString('latin1', at, at + STAMP_DIGITS)) return 'slot-changed'
  const key = copyKey(input.productId, input.code)
  const resident = readHeader(state, key)
  const seen = input.asOf.slice(0, 4)
  if (resident?.gen === wm.gen && orderOf(resident.seen, resident.rev) > orderOf(seen, input.rev)) return 'newer-resident'
  if (!wm.codes.includes(input.code)) {
    if (wm.codes.length >= MAX_CODES) return 'too-many-codes'
    writeWatermark(state, { ...wm, codes: [...wm.codes, input.code] })
  }
  const header = encodeHeader({ gen: wm.gen, seen, rev: input.rev, asOf: input.asOf })
  state.set(key, Buffer.concat([Buffer.from(header, 'latin1'), input.payload]), input.ttlMs)
  return 'stored'
}

/** A reader after a check that found the same rev. The lifetime stays as it was. */
export function touch(state: BucketState, input: TouchInput): boolean {
  const key = copyKey(input.productId, input.code)
  const bytes = state.get(key)
  if (bytes === null || bytes.length < HEADER_BYTES) return false
  const header = decodeHeader(bytes)
  if (header.gen !== input.gen || header.rev !== input.rev) return false
  const raised = { ...header, seen: later(header.seen, input.asOf.slice(0, 4)), asOf: later(header.asOf, input.asOf) }
  const touched = Buffer.from(bytes)
  touched.write(encodeHeader(raised), 0, 'latin1')
  state.set(key, touched, null)
  return true
}

function later(a: Stamp, b: Stamp): Stamp {
  return a < b ? b : a
}

function readWatermark(state: BucketState): Watermark | null {
  const bytes = state.get('wm')
  return bytes === null ? null : decodeWatermark(bytes.toString('latin1'))
}

function writeWatermark(state: BucketState, watermark: Watermark): void {
  state.set('wm', Buffer.from(encodeWatermark(watermark), 'latin1'), null)
}

/** A copy of its own, so that a change reaches the state only by set. */
function readTable(state: BucketState): Buffer | null {
  const bytes = state.get('table')
  return bytes?.length === SLOTS_PER_BUCKET * STAMP_DIGITS ? Buffer.from(bytes) : null
}

function readHeader(state: BucketState, key: string): ReturnType<typeof decodeHeader> | null {
  const bytes = state.get(key)
  return bytes === null ? null : decodeHeader(bytes)
}
