/**
 * Finds changes that the relay never sent: reads what changed lately from the databases themselves, and holds it against the log.
 * It needs no clock. A heartbeat T says that every commit acknowledged before T stands in front of it in the log; so a change that was visible
 * on the primary before T was ticked, and has no event when the log has been read beyond T, will never have one.
 */
import { bucketOf } from '../../shared/bucket.ts'
import { pause } from '../../shared/lifecycle.ts'
import { stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import type { SnapshotSource } from '../cache/snapshot-source.ts'
import { SKEW_US } from '../cache/trust.ts'
import type { Change } from './judge-copy.ts'
import type { ReadPrimary } from './primary-check.ts'
import type { SeenEvents } from './seen-events.ts'

export interface SweepObserver {
  /** Changes read from a database whose events were held against the log. */
  swept(changes: number): void
  /** The change is on the primary, and the log has been read beyond where its event would stand. */
  neverSent(change: Change): void
  skipped(changes: number): void
}

export interface Sweep {
  /** Until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** How old the newest snapshot is that was swept, microseconds. */
  ageUs(): number
}

export interface SweepParts {
  /** Read in rotation: the replicas, or the primary where there are none. */
  readonly sources: readonly SnapshotSource[]
  readonly readPrimary: ReadPrimary
  readonly seen: SeenEvents
  readonly nowUs: () => number
  readonly observe: SweepObserver
}

const SWEEP_EVERY_MS = 1_000
/** Changes read again, and transactions that are open for so long are still found, seconds. */
const OVERLAP_S = 10
const ROWS_AT_MOST = 5_000
const OPEN_AT_MOST = 5_000
/** Of one turn: the primary is asked for no more. */
const QUESTIONS_AT_MOST = 50

// By the clock of the snapshot, not by ours: a replica that lags behind is swept for what it shows. `product` has an index by time that the
// admin's lists need anyway; one on read.product would cost every write its HOT update (a BRIN index leaves it, and was 76 ms a sweep of
// 100,000 products). What merely came due (publishAt) keeps its updated_at, and is not swept.
const READ_CHANGES = /* sql */ `
  select current.product_id::text as id, current.rev, (extract(epoch from changed.updated_at) * 1000000)::bigint as changed_us
  from product as changed
  join read.product as current on current.product_id = changed.id
  where changed.updated_at > least(to_timestamp($1::float8), (select at from read.clock)) - interval '${OVERLAP_S} seconds'
  order by changed.updated_at desc
  limit ${ROWS_AT_MOST}`

/** A change without an event so far. */
interface Open extends Change {
  /** It was seen on the primary: then only the heartbeat is waited for. */
  readonly onPrimary: boolean
}

export function createSweep(parts: SweepParts): Sweep {
  const { sources, seen, nowUs, observe } = parts
  const open = new Map<string, Open>()
  const sweptTo = new Map<SnapshotSource, number>()
  let newestUs = -Infinity
  let turn = 0

  async function readChanges(): Promise<void> {
    const source = sources[turn++ % sources.length]
    if (source === undefined || !source.breaker.allow()) return
    const fromUs = sweptTo.get(source) ?? nowUs()
    const snapshot = await source.read({ name: 'audit-changes', text: READ_CHANGES, values: [fromUs / 1e6] })
    if (snapshot === null) return
    const { rows, asOf, contained } = snapshot
    if (rows.length === ROWS_AT_MOST) observe.skipped(1)
    sweptTo.set(source, stampTimeUs(asOf))
    newestUs = Math.max(newestUs, stampTimeUs(asOf))
    // What was published before the log was followed is not known.
    const knownUs = seen.knownSinceUs() + 2 * SKEW_US
    const known = rows.filter((row) => Number(row['changed_us']) > knownUs)
    observe.swept(known.length)
    for (const row of known) note(String(row['id']), Number(row['rev']), contained)
  }

  function note(productId: string, rev: number, stamp: Stamp): void {
    if (seen.has(productId, rev) || (open.get(productId)?.rev ?? 0) >= rev) return
    if (open.size >= OPEN_AT_MOST) return observe.skipped(1)
    open.set(productId, { productId, rev, stamp, onPrimary: false })
  }

  /** Everything open whose place in the log has been passed: first the primary is asked, then it is waited for once more. */
  async function settle(): Promise<void> {
    let questions = 0
    for (const change of open.values()) {
      const { productId, rev, stamp, onPrimary } = change
      if (seen.has(productId, rev)) open.delete(productId)
      else if (seen.heartbeat(bucketOf(productId)) <= stamp) continue
      else if (onPrimary) report(change)
      else if (questions++ < QUESTIONS_AT_MOST) await confirm(change)
    }
  }

  /** A replica can show a commit before the primary's own readers see it: only what these see is acknowledged, or soon will be. */
  async function confirm({ productId, rev }: Open): Promise<void> {
    const row = await parts.readPrimary(productId)
    if (row === null) return
    // Less: it was lost in a failover. More: another change, and its event will do for both.
    if (row.rev < rev) open.delete(productId)
    else open.set(productId, { productId, rev: row.rev, stamp: row.contained, onPrimary: true })
  }

  function report({ productId, rev, stamp }: Open): void {
    open.delete(productId)
    seen.settle(productId, rev)
    observe.neverSent({ productId, rev, stamp })
  }

  return {
    ageUs: () => nowUs() - newestUs,
    async run(signal) {
      while (!signal.aborted) {
        // A statement's own fault, such as a missing table, is the next turn's again; the age tells of it.
        await readChanges().catch(() => {})
        await settle().catch(() => {})
        await pause(SWEEP_EVERY_MS, signal)
      }
    },
  }
}
