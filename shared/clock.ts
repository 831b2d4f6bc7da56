/** The catalog clock: one row on the primary, ticked by whoever finds it old, read after a commit to say when that was. */
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { pause } from './lifecycle.ts'
import { createOutage } from './outage.ts'
import { toStamp, type Stamp } from './stamp.ts'

const TICK_EVERY_MS = 250

/** What both a Pool and a Client offer here. */
export interface Queryable {
  query(text: string): Promise<unknown>
}

interface ClockRow {
  readonly timeline: number
  /** Microseconds since 1970, as PostgreSQL prints a bigint. */
  readonly at: string
  readonly lsn?: string
}

// The timeline comes from the server, never from a row: after a promotion the row still says the old one.
export const TIMELINE = /* sql */ `('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int`

// Times leave as integer microseconds: a Date would floor them to milliseconds, and a floored P lets a stale fill in.
const TICK = /* sql */ `
  update read.clock
  set timeline = ${TIMELINE},
    at = greatest(at + interval '1 microsecond', clock_timestamp())
  returning timeline, (extract(epoch from at) * 1000000)::bigint as at`

/** One autocommit statement; everything acknowledged before the answer's time is visible to whatever is read after it. */
export async function tick(client: Queryable): Promise<Stamp> {
  return stampOf(await onlyRow(client, TICK))
}

// A clock ahead of the host (which stepped back) is ticked too, microsecond by microsecond, or it would stand still.
const TICK_IF_OLD = /* sql */ `
  update read.clock
  set timeline = ${TIMELINE},
    at = greatest(at + interval '1 microsecond', clock_timestamp())
  where at < clock_timestamp() - interval '200 milliseconds' or at > clock_timestamp()`

/** Keeps the clock at most about 250 ms old until the signal is aborted. A failure is logged once per outage. Never rejects. */
export async function startTicker(pool: Queryable, signal: AbortSignal, log: Pick<Logger, 'warn' | 'info'>): Promise<void> {
  const outage = createOutage(log, { begins: 'the catalog clock could not be ticked', ends: 'the catalog clock is ticked again' })
  while (!signal.aborted) {
    try {
      await pool.query(TICK_IF_OLD)
      outage.succeeded()
    } catch (error) {
      outage.failed(error)
    }
    await pause(TICK_EVERY_MS, signal)
  }
}

// `for share` waits for a tick in flight: without it this time could lie before a tick that a replica already shows.
// The lock's own commit need not reach the disk, hence the one message of three statements.
const READ_CLOCK = /* sql */ `
  begin;
  set local synchronous_commit = off;
  select ${TIMELINE} as timeline,
    (extract(epoch from greatest(at, clock_timestamp())) * 1000000)::bigint as at,
    pg_current_wal_lsn()::text as lsn
  from read.clock
  for share;
  commit`

/** P of the protocol: the primary's time now, not before any tick that has begun. */
export async function readPosition(client: Queryable): Promise<Stamp> {
  return stampOf(await onlyRow(client, READ_CLOCK))
}

/** What a token says of a commit that has just been acknowledged: call it after the commit. */
export async function readAfterCommit(pool: Pool): Promise<{ readonly stamp: Stamp; readonly lsn: string }> {
  const row = await onlyRow(pool, READ_CLOCK)
  return { stamp: stampOf(row), lsn: row.lsn ?? '' }
}

function stampOf(row: ClockRow): Stamp {
  return toStamp(row.timeline, Number(row.at))
}

/** @throws when the clock row is missing: the database is not migrated */
async function onlyRow(client: Queryable, statement: string): Promise<ClockRow> {
  const answer = (await client.query(statement)) as { rows: ClockRow[] } | { rows: ClockRow[] }[]
  const rows = Array.isArray(answer) ? answer.flatMap((result) => result.rows) : answer.rows
  const row = rows[0]
  if (row === undefined) throw new Error('Expected read.clock to have one row, got none')
  return row
}
