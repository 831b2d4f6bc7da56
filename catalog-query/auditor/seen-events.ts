/** What the event log has shown lately: the greatest rev of each product, and each bucket's latest heartbeat. Bounded by count. */
import { BUCKET_COUNT } from '../../shared/bucket.ts'
import type { LogRun } from '../../shared/event-log.ts'
import { NO_STAMP, type Stamp } from '../../shared/stamp.ts'

export interface SeenEvents {
  note(run: LogRun): void
  /** An event of this rev, or of a later one of its product, is known. */
  has(productId: string, rev: number): boolean
  /** The log is followed from here: what was published before is not known. */
  beginAnew(): void
  /** As if the log had shown it: what has been reported is not reported again. */
  settle(productId: string, rev: number): void
  /** Of the bucket: every commit acknowledged before it stands in front of it in the log. NO_STAMP: none yet. */
  heartbeat(bucket: number): Stamp
  /** Every event published after this time and read so far is known, microseconds since 1970. */
  knownSinceUs(): number
}

interface Generation {
  readonly beganUs: number
  readonly revs: Map<string, number>
}

/** A generation ends after this long, microseconds, or when it is full; two are kept. */
const GENERATION_US = 60_000_000
const PRODUCTS_AT_MOST = 100_000

export function createSeenEvents(nowUs: () => number, productsAtMost: number = PRODUCTS_AT_MOST): SeenEvents {
  const begin = (): Generation => ({ beganUs: nowUs(), revs: new Map() })
  let current = begin()
  let previous = current
  const heartbeats = Array.from({ length: BUCKET_COUNT }, () => NO_STAMP)

  function noteRev(productId: string, rev: number): void {
    if (current.revs.size >= productsAtMost || nowUs() - current.beganUs > GENERATION_US) {
      previous = current
      current = begin()
    }
    current.revs.set(productId, Math.max(rev, current.revs.get(productId) ?? 0))
  }

  return {
    note({ partition, events, heartbeat }) {
      for (const { productId, rev } of events) noteRev(productId, rev)
      if (heartbeat !== null && heartbeat > (heartbeats[partition] ?? NO_STAMP)) heartbeats[partition] = heartbeat
    },
    beginAnew() {
      current = begin()
      previous = current
    },
    has: (productId, rev) => Math.max(current.revs.get(productId) ?? 0, previous.revs.get(productId) ?? 0) >= rev,
    settle: noteRev,
    heartbeat: (bucket) => heartbeats[bucket] ?? NO_STAMP,
    knownSinceUs: () => previous.beganUs,
  }
}
