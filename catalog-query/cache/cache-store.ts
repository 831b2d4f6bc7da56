/** The port to the shared cache: what readers and invalidators need of Redis, or of what stands in for it in a test. */
import { randomBytes } from 'node:crypto'
import type { Stamp } from '../../shared/stamp.ts'
import type { Watermark } from './watermark.ts'

/** One product as one representation. */
export interface CopyKey {
  readonly productId: string
  /** representationCode() */
  readonly code: string
}

export interface BucketKeys {
  readonly bucket: number
  readonly keys: readonly CopyKey[]
}

/** Copies and the watermark that vouches for them, read at one moment. */
export interface BucketRead {
  readonly watermark: Watermark | null
  /** In the order of the keys; undecoded, null where there is none. */
  readonly copies: readonly (Buffer | null)[]
}

export interface AppliedEvent {
  readonly productId: string
  readonly rev: number
  /** P: raises the product's slot; its timeline is the event's. */
  readonly stamp: Stamp
  /** Payloads (renderCopy) by representation code; a resident copy whose code is not here is deleted. */
  readonly payloads: ReadonlyMap<string, Buffer>
}

/** How to make a watermark that is missing, or whose `next` lies outside the topic. */
export interface WatermarkInit {
  /** 16 random letters or digits (newGeneration). */
  readonly gen: string
  /** Where applying goes on: every record in front of it was written before `p` was read. */
  readonly next: number
  /** (newest timeline in the log, own clock + 500 ms): later than every P before `next`. */
  readonly p: Stamp
  /** Also replace an existing watermark, if its `next` is exactly this (it was found outside the topic's range). */
  readonly replaces: number | null
}

/** One contiguous run of a partition, cut to at most 16 events or 256 KiB a call. */
export interface ApplyInput {
  readonly bucket: number
  readonly from: number
  readonly to: number
  readonly heartbeat: Stamp | null
  readonly events: readonly AppliedEvent[]
  readonly init: WatermarkInit | null
  /** Lifetime of the copies it stores, milliseconds. */
  readonly ttlMs: number
}

export interface ApplyResult {
  /** Where to go on. null: the watermark is missing and no `init` was given; nothing was done. */
  readonly next: number | null
  /** False: nothing was changed (a gap, a twin was here first, or the watermark was only just made). */
  readonly applied: boolean
  readonly replaced: number
  readonly deleted: number
}

export interface FillInput extends CopyKey {
  readonly bucket: number
  readonly rev: number
  /** Of the snapshot that the content was read in. `seen` is its timeline. */
  readonly asOf: Stamp
  readonly payload: Buffer
  readonly ttlMs: number
}

/** `stored`, or why a fill was refused. */
export const FILL_RESULTS = ['stored', 'no-watermark', 'no-table', 'slot-changed', 'newer-resident', 'too-many-codes'] as const
export type FillResult = (typeof FILL_RESULTS)[number]

export interface TouchInput extends CopyKey {
  readonly bucket: number
  /** The generation and rev that the checked copy had: if either differs by now, nothing happens. */
  readonly gen: string
  readonly rev: number
  /** Of the snapshot that showed the same rev. */
  readonly asOf: Stamp
}

export interface Residents {
  /** Every code that has to be visited; empty when there is no watermark. */
  readonly codes: readonly string[]
  /** By product, in the order asked: the codes that are (probably) stored. A hint: it may be wrong by the time of APPLY. */
  readonly resident: readonly (readonly string[])[]
}

/** Every function is atomic within a bucket. All but readMany throw when the bucket cannot be reached in time, or its breaker is open. */
export interface CacheStore {
  /** In the order of the requests; null: that bucket cannot be reached, whatever the others say. */
  readMany(requests: readonly BucketKeys[]): Promise<readonly (BucketRead | null)[]>
  apply(input: ApplyInput): Promise<ApplyResult>
  fill(input: FillInput): Promise<FillResult>
  /** @returns true when a copy was touched */
  touch(input: TouchInput): Promise<boolean>
  residents(bucket: number, productIds: readonly string[]): Promise<Residents>
  /** The herd lock: true when it was taken. It may be lost at any time; that costs a query, never a wrong answer. */
  lock(bucket: number, key: CopyKey, holdMs: number): Promise<boolean>
  unlock(bucket: number, key: CopyKey): Promise<void>
}

/** Lifetime of copies: 900 s ± 10 %, so that what was filled together does not expire together. */
export function copyTtlMs(random: () => number = Math.random): number {
  return Math.round(900_000 * (0.9 + 0.2 * random()))
}

/** 16 random hexadecimal digits. */
export function newGeneration(): string {
  return randomBytes(8).toString('hex')
}
