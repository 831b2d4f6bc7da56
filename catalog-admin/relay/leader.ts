/** One relay leads: whoever holds an advisory lock, in a session of its own that also runs every statement of its rounds. */
import { Client } from 'pg'
import { pause } from '../../shared/lifecycle.ts'
import { endStalledLeader } from './stalled-leader.ts'

/** Any number, as long as every relay means the same. */
const RELAY_LOCK = 7_031_984_115
const TRY_EVERY_MS = 200
/** After so many tries, each time, it also looks whether the leader has stood still. */
const LOOK_EVERY_TRIES = 5
const CONNECT_MS = 3_000
const STATEMENT_MS = 5_000
const END_MS = 1_000

export interface LeaderSession extends AsyncDisposable {
  readonly client: Client
  /** True as soon as the connection is known to be gone, and the lock with it. */
  isLost(): boolean
}

export interface StandBy {
  /** Told once when another has led for `steadyMs` while this one waits. */
  readonly onSteady: () => void
  /** The leader had stood still, and its session was ended. */
  readonly onStalled: () => void
  readonly steadyMs: number
}

/**
 * Waits until this process leads. The lock ends with the session, however that ends; that of a leader that is frozen, or whose
 * host vanished, is ended by the one that waits (stalled-leader.ts). Needs a connection of its own, not one from a transaction pooler.
 * @returns null when the signal was aborted first
 * @throws when PostgreSQL cannot be reached
 */
export async function standForLeader(url: string, signal: AbortSignal, standBy: StandBy | null = null): Promise<LeaderSession | null> {
  const session = await openSession(url)
  const begunMs = performance.now()
  let told = false
  try {
    for (let tries = 1; !signal.aborted; tries++) {
      if (await tryLock(session.client)) return session
      if (tries % LOOK_EVERY_TRIES === 0 && (await endStalledLeader(session.client, RELAY_LOCK))) standBy?.onStalled()
      if (!told && standBy !== null && performance.now() - begunMs > standBy.steadyMs) {
        told = true
        standBy.onSteady()
      }
      await pause(TRY_EVERY_MS, signal)
    }
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
  await session[Symbol.asyncDispose]()
  return null
}

async function openSession(url: string): Promise<LeaderSession> {
  const client = new Client({
    connectionString: url,
    application_name: 'catalog-relay-leader',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 500,
    keepAlive: true,
    // Without fresh statistics a planner prefers to scan a table that an import is just filling.
    options: '-c enable_seqscan=off -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3',
  })
  let lost = false
  client.on('error', () => (lost = true))
  client.on('end', () => (lost = true))
  await client.connect()
  return { client, isLost: () => lost, [Symbol.asyncDispose]: () => endSession(client) }
}

/** A frozen server does not answer a goodbye. */
async function endSession(client: Client): Promise<void> {
  const abort = new AbortController()
  const ended = client.end().catch(() => {})
  await Promise.race([ended.then(() => abort.abort()), pause(END_MS, abort.signal)])
  client.connection.stream.destroy()
}

// Tried again and again, not waited for: a waiting statement would hold a snapshot, and so keep dead rows from being cleaned.
const TRY_LOCK = /* sql */ `
  select pg_try_advisory_lock(${RELAY_LOCK}) as locked`

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(TRY_LOCK)
  return rows[0]?.locked === true
}
