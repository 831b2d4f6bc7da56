/** Reads snapshots from the first database that counts: the least-old healthy replica, the next, the primary behind a limiter. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { CatalogError, unavailable } from '../../shared/problem.ts'
import { nowUs } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import { createBreaker } from './breaker.ts'
import { limitSource } from './limited-source.ts'
import { createLimiter, type Limiter } from './limiter.ts'
import type { ReadSnapshot, Snapshot, SnapshotStatement } from './product-read.ts'
import { createSnapshotSource, type RawSnapshot, type SnapshotSource } from './snapshot-source.ts'
import { isOnItsWay, positionSatisfies, replayedSatisfies } from './token-rule.ts'
import { isFresh } from './trust.ts'

/** `token`: whoever asks carries a Consistency-Token, which a replica that is good enough for anybody else may not satisfy. */
export type SnapshotReader = 'plain' | 'token'

export interface ReplicasOptions {
  /** In the order of the setting; each has a breaker of its own. */
  readonly replicas: readonly { readonly name: string; readonly pool: Pool }[]
  /** The last resort; null: there is none. */
  readonly primary: Pool | null
  /** Reads on the primary at the same time. */
  readonly primaryLimit: number
  /** Told of every statement that a database answered, for the metrics. */
  readonly onSnapshot?: (tier: 'replica' | 'primary', reader: SnapshotReader) => void
}

/** A snapshot whose rows are text values by column. */
export interface ReadResult extends Omit<RawSnapshot, 'isStandby'> {
  readonly tier: 'replica' | 'primary'
  /** No database could show that it is fresh: the newest of what there was. */
  readonly marked: boolean
}

export type ReadRows = (statement: SnapshotStatement, token: ConsistencyToken | null) => Promise<ReadResult>

/** As ReadRows without the primary: null where that would be asked next. */
export type ReadReplicaRows = (statement: SnapshotStatement, token: ConsistencyToken | null) => Promise<ReadResult | null>

export interface Replicas {
  readonly readRows: ReadRows
  /** null: there are no replicas, so the primary is not to be spared. */
  readonly readReplicaRows: ReadReplicaRows | null
  readonly readSnapshot: ReadSnapshot
  readonly sources: readonly SnapshotSource[]
}

const FAILURES_TO_OPEN = 3
const OPEN_MS = 1_000
/** Statements, not readers: all that a turn asks for is one. */
const REPLICA_QUEUE = 256
const REPLICA_WAIT_MS = 500
const PRIMARY_QUEUE = 64
const PRIMARY_WAIT_MS = 500
/** Of lists, counts, facets and searches at the same time: this part of the replicas' connections, so that slow ones leave the rest to products. */
const COSTLY_PART = 0.5
const COSTLY_QUEUE = 64
const COSTLY_WAIT_MS = 500
/**
 * A write is on its way to a replica for some milliseconds, and then there until the next tick for those who have no LSN: before each further
 * look a read with a token waits so long, then the primary is next. Never for a replica that lags.
 */
const TOKEN_WAITS_MS = [5, 10, 20]

export function createReplicas(options: ReplicasOptions): Replicas {
  const breaker = () => createBreaker({ failures: FAILURES_TO_OPEN, openMs: OPEN_MS, nowMs: () => performance.now() })
  const replicas = options.replicas.map(({ name, pool }) => {
    const source = createSnapshotSource({ name, tier: 'replica', pool, breaker: breaker() })
    return limitSource(source, { concurrency: pool.options.max, queue: REPLICA_QUEUE, waitMs: REPLICA_WAIT_MS })
  })
  const primary =
    options.primary === null ? null : createSnapshotSource({ name: 'primary', tier: 'primary', pool: options.primary, breaker: breaker() })
  const limiter = createLimiter({ concurrency: options.primaryLimit, queue: PRIMARY_QUEUE, waitMs: PRIMARY_WAIT_MS })
  const parts = { replicas, primary, limiter, nowUs, pause: sleep }
  const costly = createLimiter({
    what: 'lists and searches',
    concurrency: Math.max(1, Math.floor(COSTLY_PART * connectionsOf(options))),
    queue: COSTLY_QUEUE,
    waitMs: COSTLY_WAIT_MS,
  })
  const watched =
    <Result extends ReadResult | null>(readAny: (...question: Parameters<ReadRows>) => Promise<Result>) =>
    async (...[statement, token]: Parameters<ReadRows>): Promise<Result> => {
      const read = () => readAny(statement, token)
      const result = await (statement.costly === true ? costly.run(read) : read())
      if (result !== null) options.onSnapshot?.(result.tier, token === null ? 'plain' : 'token')
      return result
    }
  const readRows = watched(createReadRows(parts))
  return {
    readRows,
    readReplicaRows: replicas.length === 0 ? null : watched(createReadReplicaRows(parts)),
    readSnapshot: createReadSnapshot(readRows),
    sources: primary === null ? replicas : [...replicas, primary],
  }
}

function connectionsOf({ replicas, primaryLimit }: ReplicasOptions): number {
  return replicas.length === 0 ? primaryLimit : replicas.reduce((sum, { pool }) => sum + pool.options.max, 0)
}

export interface ReadRowsParts {
  readonly replicas: readonly SnapshotSource[]
  readonly primary: SnapshotSource | null
  readonly limiter: Limiter
  readonly nowUs: () => number
  /** Before a further look at replicas that are about to satisfy a token. */
  readonly pause: (waitMs: number) => Promise<unknown>
}

/**
 * @throws CatalogError unavailable when no database answers (or none satisfies the token); overloaded when the primary's queue is full, or a
 * costly statement took too long
 */
export function createReadRows(parts: ReadRowsParts): ReadRows {
  const { primary, limiter, nowUs: clock } = parts
  return async (statement, token) => {
    const { answer, old } = await lookAtReplicas(parts, statement, token)
    if (answer !== null) return answer
    const snapshot = primary?.breaker.allow() ? await readPrimary(primary, statement, { limiter, old }) : null
    // A token is answered by none that does not have it: what is called the primary may be one no more.
    const counts = snapshot !== null && (token === null || primarySatisfies(snapshot, token))
    // The primary too may be too late: nobody ticks its clock, or it was frozen while it answered.
    const last = counts ? { ...snapshot, tier: 'primary' as const, marked: !isFresh(snapshot.asOf, clock()) } : null
    if (last !== null && (!last.marked || old === null || old.asOf <= last.asOf)) return last
    if (old !== null) return old
    throw unavailable(counts || token === null ? 'No database can answer now' : 'No database can answer this token now')
  }
}

/** @throws CatalogError overloaded */
export function createReadReplicaRows(parts: ReadRowsParts): ReadReplicaRows {
  return async (statement, token) => (await lookAtReplicas(parts, statement, token)).answer
}

async function lookAtReplicas({ replicas, nowUs: clock, pause }: ReadRowsParts, ...question: Parameters<ReadRows>): Promise<ReplicaLook> {
  const [statement, token] = question
  let look = await readReplicas(inOrder(replicas, statement), { statement, token, clock })
  for (const waitMs of TOKEN_WAITS_MS) {
    if (look.answer !== null || look.soon.length === 0) break
    await pause(waitMs)
    const again = await readReplicas(look.soon, { statement, token, clock })
    look = { ...again, old: newer(look.old, again.old) }
  }
  return look
}

/**
 * A primary has whatever was acknowledged; but DATABASE_URL may lead to one that was demoted, and is a standby that lags, or to one that was
 * fenced off and is of an older timeline.
 */
function primarySatisfies({ asOf, isStandby }: RawSnapshot, token: ConsistencyToken): boolean {
  return positionSatisfies(asOf, token) || (!isStandby && replayedSatisfies(asOf, token))
}

interface ReplicaLook {
  /** From the first that counts; or, where the next one would be asked too much, the newest that there was. */
  readonly answer: ReadResult | null
  /** The newest of what does not count. */
  readonly old: ReadResult | null
  /** They keep up, but do not have what the token stands for yet. */
  readonly soon: readonly SnapshotSource[]
}

interface ReplicaQuestion {
  readonly statement: SnapshotStatement
  readonly token: ConsistencyToken | null
  readonly clock: () => number
}

async function readReplicas(sources: readonly SnapshotSource[], question: ReplicaQuestion): Promise<ReplicaLook> {
  const { token, clock } = question
  let old: ReadResult | null = null
  const soon: SnapshotSource[] = []
  for (const source of sources) {
    if (!source.breaker.allow()) continue
    let read: ReplicaRead | null
    try {
      read = await readReplica(source, question)
    } catch (error) {
      if (old === null || !(error instanceof CatalogError)) throw error
      return { answer: old, old, soon }
    }
    if (read === null) continue
    const { snapshot, satisfies } = read
    if (!satisfies) {
      if (token !== null && isOnItsWay(snapshot.asOf, token, clock())) soon.push(source)
      continue
    }
    if (isFresh(snapshot.asOf, clock())) return { answer: { ...snapshot, tier: 'replica', marked: false }, old, soon }
    old = newer(old, { ...snapshot, tier: 'replica', marked: true })
  }
  return { answer: null, old, soon }
}

function newer(known: ReadResult | null, read: ReadResult | null): ReadResult | null {
  return known === null || (read !== null && known.asOf < read.asOf) ? read : known
}

/** @returns null when it is not available, or is too busy and there is something older to answer with @throws CatalogError overloaded */
async function readPrimary(
  primary: SnapshotSource,
  statement: SnapshotStatement,
  { limiter, old }: { limiter: Limiter; old: ReadResult | null },
): Promise<RawSnapshot | null> {
  try {
    return await limiter.run(() => primary.read(statement))
  } catch (error) {
    if (old === null || !(error instanceof CatalogError)) throw error
    return null
  }
}

interface ReplicaRead {
  readonly snapshot: RawSnapshot
  readonly satisfies: boolean
}

/** Cheap, and shows how far a replica has come: what it reads afterwards is not older. */
const LOOK_AT_CLOCK: SnapshotStatement = { name: 'look-at-clock', text: 'select', values: [] }

/** @returns null when the replica is not available */
async function readReplica(source: SnapshotSource, { statement, token }: ReplicaQuestion): Promise<ReplicaRead | null> {
  const replayed = token?.lsn ? await source.hasReplayed(token.lsn) : false
  const judge = (snapshot: RawSnapshot): ReplicaRead => ({
    snapshot,
    satisfies: token === null || positionSatisfies(snapshot.asOf, token) || (replayed && replayedSatisfies(snapshot.asOf, token)),
  })
  if (token !== null && statement.costly === true) {
    // What a replica cannot answer it is not asked for, again and again until it could.
    const clock = await source.read(LOOK_AT_CLOCK)
    if (clock === null) return null
    if (!judge(clock).satisfies) return judge(clock)
  }
  const snapshot = await source.read(statement)
  return snapshot === null ? null : judge(snapshot)
}

/** Replicas whose ages differ by less than this share the load, microseconds. */
const AGE_STEP_US = 500_000

/**
 * Least old first; among those about as old, the one with the fewest reads in flight. One not read yet is tried early, to learn its age; one that has just
 * been too slow for a costly statement is the last for the next.
 */
function inOrder(replicas: readonly SnapshotSource[], { costly }: SnapshotStatement): readonly SnapshotSource[] {
  if (replicas.length < 2) return replicas
  const step = (source: SnapshotSource) => (source.ageUs() === Infinity ? 0 : Math.floor(Math.max(0, source.ageUs()) / AGE_STEP_US))
  const struggles = (source: SnapshotSource) => Number(costly === true && source.isStruggling())
  return replicas.toSorted((a, b) => struggles(a) - struggles(b) || step(a) - step(b) || a.inFlight() - b.inFlight())
}

const asJson = (text: string): string => /* sql */ `
  select coalesce(json_agg(json_row), '[]') as json_rows
  from (${text}) as json_row`

/** The port for everything but documents: rows as JSON, so that numbers are numbers. */
function createReadSnapshot(readRows: ReadRows): ReadSnapshot {
  return async <Row>(statement: SnapshotStatement, token: ConsistencyToken | null): Promise<Snapshot<Row>> => {
    const { rows, ...snapshot } = await readRows({ ...statement, text: asJson(statement.text) }, token)
    return { ...snapshot, rows: JSON.parse(rows[0]?.['json_rows'] ?? '[]') as Row[] }
  }
}
