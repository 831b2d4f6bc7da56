/** One database to read snapshots from: every statement selects the catalog clock with its rows, so that the answer knows its asOf. */
import type { Pool } from 'pg'
import { isUnavailable, sqlState } from '../../shared/postgres.ts'
import { overloaded } from '../../shared/problem.ts'
import { nowUs, stampTimeUs, toStamp, type Stamp } from '../../shared/stamp.ts'
import type { Breaker } from './breaker.ts'
import type { SnapshotStatement } from './product-read.ts'

/** A snapshot's rows as PostgreSQL's text values by column; documents are not parsed. */
export type TextRow = Readonly<Record<string, string | null>>

export interface RawSnapshot {
  readonly rows: readonly TextRow[]
  readonly asOf: Stamp
  /** Any position strictly later contains what this snapshot shows: the asOf on a standby, a later time on a primary. */
  readonly contained: Stamp
  /** The server follows another one: whatever `tier` says, it may lack what was acknowledged. */
  readonly isStandby: boolean
}

export interface SnapshotSource {
  readonly name: string
  readonly tier: 'replica' | 'primary'
  readonly breaker: Breaker
  /** How old its last snapshot was when it arrived, microseconds; Infinity before the first. Negative: its clock is ahead of ours. */
  ageUs(): number
  inFlight(): number
  /** It has just been too slow for a costly statement; look-ups by key may find it well. */
  isStruggling(): boolean
  /**
   * @returns null when the database is not available (counted by the breaker)
   * @throws whatever is the statement's own fault; CatalogError overloaded when it is costly and took too long
   */
  read(statement: SnapshotStatement): Promise<RawSnapshot | null>
  /** Whether it has replayed this write position; a server that is no standby has. Asked in a statement before the one that reads (R14). */
  hasReplayed(lsn: string): Promise<boolean>
}

// On a standby a snapshot is a prefix of the WAL. On a primary a commit can be visible while a tick that is before it in the WAL is not yet:
// there only a time read after the snapshot was taken is later than every such tick.
const CLOCK = /* sql */ `
  clock.timeline as clock_timeline,
  pg_is_in_recovery() as is_standby,
  (extract(epoch from clock.at) * 1000000)::bigint as clock_us,
  (extract(epoch from case when pg_is_in_recovery() then clock.at else greatest(clock.at, clock_timestamp()) end) * 1000000)::bigint as contained_us`

const withClock = (text: string): string => /* sql */ `
  select ${CLOCK}, data.*
  from read.clock as clock
  left join (select true as is_row, t.* from (${text}) as t) as data on true`

const HAS_REPLAYED = /* sql */ `
  select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() >= $1::pg_lsn else true end as replayed`

/** A table changed under a prepared plan. */
const PLAN_IS_STALE = '0A000'
/** A standby that had to replay something the statement still looked at cancels it, at once when it lags (`read.clock` changes all the time). */
const CANCELLED_BY_REPLAY = '40001'
/**
 * The server ended the statement: it took longer than `statement_timeout`, or an operator ended it (the code is the same). Of a look-up by key that
 * says that the server is slow as a whole, and another may not be. Of a costly statement it says that this statement was too much: the server is well
 * enough to keep the time, another would be kept as busy and answer no sooner, and were the server blamed, one client's question could close
 * all of them to the readers of products. A server that is slow as a whole is found by the look-ups, at least by the watch's, one a second;
 * one that is frozen or half open ends nothing: there our own limit is over first, and counts whatever the statement.
 */
const CANCELLED = '57014'
/** For so long another is asked first with costly statements, microseconds. */
const STRUGGLES_US = 5_000_000
/** Cancelled by replay; or no such schema, no such table: a database that was only just made, a replica that has not come so far. */
const NOT_NOW = [CANCELLED_BY_REPLAY, '3F000', '42P01']

export function createSnapshotSource(options: { name: string; tier: 'replica' | 'primary'; pool: Pool; breaker: Breaker }): SnapshotSource {
  const { name, tier, pool, breaker } = options
  let ageUs = Infinity
  let inFlight = 0
  let struggledAtUs = -Infinity

  async function guarded<T>(work: () => Promise<T>, costly = false): Promise<T | null> {
    inFlight++
    try {
      const result = await work()
      breaker.succeeded()
      return result
    } catch (error) {
      const state = sqlState(error)
      if (costly && state === CANCELLED) {
        struggledAtUs = nowUs()
        throw overloaded('This takes longer than a read may: ask for less, or later', error)
      }
      if (!isUnavailable(error) && !NOT_NOW.includes(state ?? '')) throw error
      // The longer a statement runs, the likelier replay wants it out of the way: no fault of the standby, but another may have no such conflict.
      if (!costly || state !== CANCELLED_BY_REPLAY) breaker.failed()
      return null
    } finally {
      inFlight--
    }
  }

  return {
    name,
    tier,
    breaker,
    ageUs: () => ageUs,
    inFlight: () => inFlight,
    isStruggling: () => nowUs() - struggledAtUs < STRUGGLES_US,
    async read(statement) {
      const snapshot = await guarded(() => readOnce(pool, statement), statement.costly)
      if (snapshot !== null) ageUs = nowUs() - stampTimeUs(snapshot.asOf)
      return snapshot
    },
    async hasReplayed(lsn) {
      const result = await guarded(() => pool.query<{ replayed: boolean }>({ name: 'has-replayed', text: HAS_REPLAYED, values: [lsn] }))
      return result?.rows[0]?.replayed === true
    },
  }
}

async function readOnce(pool: Pool, statement: SnapshotStatement): Promise<RawSnapshot> {
  const { name, text, values, plannedOnce = false } = statement
  const query = { name, text: wrapped(text), values: [...values], types: AS_TEXT, plannedOnce }
  for (let attempt = 1; ; attempt++) {
    try {
      return toSnapshot((await pool.query<TextRow>(query)).rows)
    } catch (error) {
      if (attempt >= attemptsAtMost(sqlState(error), pool)) throw error
    }
  }
}

/** The pool drops a connection whose statement failed, so after a change of a table each of its connections may fail once. */
function attemptsAtMost(state: string | undefined, pool: Pool): number {
  if (state === PLAN_IS_STALE) return pool.options.max + 1
  return state === CANCELLED_BY_REPLAY ? 2 : 1
}

const wrappedTexts = new Map<string, string>()
const WRAPPED_AT_MOST = 1_000

/** Statements are constants of the source, so their wrapped form is kept. */
function wrapped(text: string): string {
  const known = wrappedTexts.get(text)
  if (known !== undefined) return known
  if (wrappedTexts.size >= WRAPPED_AT_MOST) wrappedTexts.clear()
  wrappedTexts.set(text, withClock(text))
  return withClock(text)
}

/** Every value as the text that PostgreSQL sent. */
const AS_TEXT = { getTypeParser: () => (value: string) => value }

function toSnapshot(rows: readonly TextRow[]): RawSnapshot {
  const [first] = rows
  if (first === undefined) throw new Error('read.clock has no row: run the migrations')
  const timeline = Number(first['clock_timeline'])
  return {
    rows: first['is_row'] === null ? [] : rows,
    asOf: toStamp(timeline, Number(first['clock_us'])),
    contained: toStamp(timeline, Number(first['contained_us'])),
    isStandby: first['is_standby'] === 't',
  }
}
