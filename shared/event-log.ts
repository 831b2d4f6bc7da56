/**
 * The log of product events behind two ports, so that Kafka and its stand-in (a table in PostgreSQL) serve alike.
 * One partition per bucket, ordered, offsets without holes, kept for days.
 */
import type { ProductState } from './product-document.ts'
import type { Stamp } from './stamp.ts'

export interface ProductEvent {
  readonly productId: string
  readonly rev: number
  /** P of consistency.md: read after the page that holds this change was selected. Its timeline is the event's. */
  readonly stamp: Stamp
  readonly state: ProductState
  /** The ProductDocument's JSON text; null when not visible, or too large to travel (then `omitted`). */
  readonly doc: string | null
  /** The product is visible but its document is over MAX_EVENT_DOCUMENT_BYTES: resident copies are deleted instead. */
  readonly omitted: boolean
  /** Of the last visible change, milliseconds since 1970: Last-Modified. */
  readonly changedAtMs: number
}

export const MAX_EVENT_DOCUMENT_BYTES = 256 * 1024

/** One contiguous piece of one partition: offsets `from` (included) to `to` (excluded). */
export interface LogRun {
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly events: readonly ProductEvent[]
  /** Where each event stands, as many as there are events: other records may stand between them. */
  readonly offsets: readonly number[]
  /** The greatest heartbeat T in the run: everything acknowledged before it has been published. */
  readonly heartbeat: Stamp | null
  /** The newest timeline that the partition has shown before `to`. */
  readonly newestTimeline: number
}

export interface EventPublisher {
  /** Appends in the order given, acknowledged by all in-sync replicas. @throws when anything was not acknowledged */
  publish(events: readonly ProductEvent[]): Promise<void>
  /** One heartbeat T to every partition. */
  heartbeat(stamp: Stamp): Promise<void>
  close(): Promise<void>
}

/** What to do next with a partition: go on at `next` (which may lie behind or ahead of the run's end). */
export type ApplyRun = (run: LogRun) => Promise<{ next: number }>

export interface LogPosition {
  /** Of the earliest record kept. */
  readonly earliest: number
  /** Of the next record to be written. */
  readonly end: number
}

/** Where to begin with a partition. */
export interface LogStart {
  readonly offset: number
  /** Of what was applied before `offset`; 0 when that is not known. */
  readonly newestTimeline: number
}

export interface EventFollower {
  /**
   * Begins where `startAt` says (asked for all partitions at once, again after a failure) and calls `apply` run by run,
   * never two at a time for one partition. A run that could not be applied is handed in again. Resolves at once.
   */
  start(startAt: (partition: number) => Promise<LogStart>, apply: ApplyRun): Promise<void>
  position(partition: number): Promise<LogPosition>
  /** Milliseconds since anything was heard from the log (a fetch that answered counts). */
  silentMs(): number
  close(): Promise<void>
}
