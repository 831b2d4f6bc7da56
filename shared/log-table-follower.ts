/** Follows the log table on a replica, or on the primary: one statement for all partitions, every 25 ms. */
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { BUCKET_COUNT } from './bucket.ts'
import { MAX_EVENT_DOCUMENT_BYTES, type ApplyRun, type EventFollower, type LogPosition, type LogRun, type LogStart } from './event-log.ts'
import { pause } from './lifecycle.ts'
import { createOutage } from './outage.ts'
import type { ProductState } from './product-document.ts'

const POLL_MS = 25
const RETRY_MS = 200
/** Of one poll of one partition. */
const RUN_EVENTS = 64
const RUN_BYTES = 4 * MAX_EVENT_DOCUMENT_BYTES

export interface LogTableFollowerOptions {
  /** In order of preference; the next is asked when one fails. They stay the caller's. */
  readonly pools: readonly Pool[]
  readonly log: Pick<Logger, 'info' | 'warn'>
}

interface LogRow {
  readonly partition: number
  /** Of the partition's counter, in the rows' snapshot. */
  readonly end: string
  readonly heartbeat: string | null
  readonly timeline: number
  /** Events at or behind `next`, before the cut by bytes. null, as all below: there is none. */
  readonly candidates: string | null
  readonly offset: string | null
  readonly product_id: string
  readonly rev: string
  readonly stamp: string
  readonly state: ProductState
  readonly doc: string | null
  readonly omitted: boolean
  readonly changed_at_ms: string
}

export function createLogTableFollower({ pools, log }: LogTableFollowerOptions): EventFollower {
  const abort = new AbortController()
  const next = new Map<number, number>()
  const newestTimeline = new Map<number, number>()
  const applying = createOutage(log, { begins: 'events cannot be applied; trying again', ends: 'events are applied again' })
  let asked = 0
  let heardAtMs = performance.now()
  let following: Promise<void> = Promise.resolve()
  const pool = (): Pool => pools[asked % pools.length] as Pool

  async function follow(startAt: (partition: number) => Promise<LogStart>, apply: ApplyRun): Promise<void> {
    const outage = createOutage(log, {
      begins: 'the event log cannot be followed now; trying again',
      ends: 'the event log is followed again',
    })
    while (!abort.signal.aborted) {
      let waitMs = POLL_MS
      try {
        await begin(startAt)
        const runs = toRuns(await readRows(pool(), next), next, newestTimeline)
        heardAtMs = performance.now()
        outage.succeeded()
        waitMs = await applyAll(runs, apply)
      } catch (error) {
        outage.failed(error)
        asked++
        waitMs = RETRY_MS
      }
      await pause(waitMs, abort.signal)
    }
  }

  async function begin(startAt: (partition: number) => Promise<LogStart>): Promise<void> {
    const missing = Array.from({ length: BUCKET_COUNT }, (_, partition) => partition).filter((partition) => !next.has(partition))
    const starts = await Promise.all(missing.map((partition) => startAt(partition)))
    missing.forEach((partition, i) => {
      next.set(partition, starts[i]?.offset ?? 0)
      newestTimeline.set(partition, starts[i]?.newestTimeline ?? 0)
    })
  }

  /** @returns how long to wait before the next poll, milliseconds */
  async function applyAll(runs: readonly TableRun[], apply: ApplyRun): Promise<number> {
    const outcomes = await Promise.allSettled(runs.map(({ run }) => applyOne(run, apply)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) applying.failed(failed.reason)
    else applying.succeeded()
    if (failed) return RETRY_MS
    return runs.every(({ reachesEnd }) => reachesEnd) ? POLL_MS : 0
  }

  async function applyOne(run: LogRun, apply: ApplyRun): Promise<void> {
    newestTimeline.set(run.partition, run.newestTimeline)
    next.set(run.partition, (await apply(run)).next)
  }

  return {
    start: (startAt, apply) => {
      following = follow(startAt, apply)
      return Promise.resolve()
    },
    position: (partition) => readPosition(pool(), partition),
    silentMs: () => performance.now() - heardAtMs,
    close: async () => {
      abort.abort()
      await following
    },
  }
}

interface TableRun {
  readonly run: LogRun
  readonly reachesEnd: boolean
}

/** One run for each partition that has anything new. */
function toRuns(rows: readonly LogRow[], next: ReadonlyMap<number, number>, newestTimeline: ReadonlyMap<number, number>): TableRun[] {
  return [...Map.groupBy(rows, (row) => row.partition)].flatMap(([partition, partitionRows]) => {
    const run = toRun(partitionRows, next.get(partition) ?? 0)
    if (run.run.to > run.run.from) return [run]
    // Shorter than what was applied: this replica lags, or the log's end was lost in a failover and its offsets are used again.
    const wasCut = run.run.to < run.run.from && run.run.newestTimeline > (newestTimeline.get(partition) ?? 0)
    return wasCut ? [{ ...run, run: { ...run.run, from: run.run.to } }] : []
  })
}

/** Heartbeats are offsets without rows; the greatest counts once everything in front of the counter is in the run. */
function toRun(rows: readonly LogRow[], from: number): TableRun {
  const [first] = rows as [LogRow]
  const events = rows.filter((row) => row.offset !== null)
  const candidates = Number(first.candidates ?? 0)
  const reachesEnd = candidates < RUN_EVENTS && candidates === events.length
  return {
    reachesEnd,
    run: {
      partition: first.partition,
      from,
      to: reachesEnd ? Number(first.end) : Number(events.at(-1)?.offset) + 1,
      offsets: events.map((row) => Number(row.offset)),
      events: events.map((row) => ({
        productId: row.product_id,
        rev: Number(row.rev),
        stamp: row.stamp,
        state: row.state,
        doc: row.doc,
        omitted: row.omitted,
        changedAtMs: Number(row.changed_at_ms),
      })),
      heartbeat: reachesEnd ? first.heartbeat : null,
      newestTimeline: first.timeline,
    },
  }
}

// Counters and rows of one snapshot: a heartbeat that it shows was committed after every row in front of it.
const READ_LOG = /* sql */ `
  select counter.partition, counter.next as end, counter.heartbeat, counter.timeline, event.*
  from unnest($1::smallint[], $2::bigint[]) as wanted(partition, next)
  join event_log_end as counter on counter.partition = wanted.partition
  left join lateral (
    select candidates, "offset", product_id, rev, stamp, state, doc, omitted, changed_at_ms
    from (
      select *,
        count(*) over () as candidates,
        sum(coalesce(octet_length(doc), 0)) over (order by "offset") as total_bytes
      from (
        select *
        from event_log
        where event_log.partition = wanted.partition and event_log."offset" >= wanted.next
        order by "offset"
        limit ${RUN_EVENTS}
      ) as behind
    ) as sized
    where total_bytes <= ${RUN_BYTES}
    order by "offset"
  ) as event on true
  order by counter.partition, event."offset"`

async function readRows(pool: Pool, next: ReadonlyMap<number, number>): Promise<readonly LogRow[]> {
  const { rows } = await pool.query<LogRow>({ name: 'log-read', text: READ_LOG, values: [[...next.keys()], [...next.values()]] })
  return rows
}

const READ_POSITION = /* sql */ `
  select earliest, next as end
  from event_log_end
  where partition = $1`

async function readPosition(pool: Pool, partition: number): Promise<LogPosition> {
  const { rows } = await pool.query<{ earliest: string; end: string }>(READ_POSITION, [partition])
  if (rows[0] === undefined) throw new Error(`Expected the log table to have partition ${partition}, got none`)
  return { earliest: Number(rows[0].earliest), end: Number(rows[0].end) }
}
