/** PostgreSQL connections with a limit on every wait, and the errors that mean "try again" or "not there". */
import { DatabaseError, Pool, type PoolClient } from 'pg'
import type { Logger } from 'pino'

export interface PostgresOptions {
  readonly url: string
  /** Connections at most. */
  readonly size: number
  /** Longest wait for a connection, and for one to open. */
  readonly connectMs: number
  /** Longest a statement may run; enforced by the server and, for a frozen server, by the client a little later. */
  readonly statementMs: number
  /** How much later. Default 500. */
  readonly graceMs?: number
  readonly applicationName: string
  /** Statements of a connection are sent one behind the other, without waiting for each other's answers: see allSent(). Default false. */
  readonly pipeline?: boolean
  /** Whatever is large has an index: a statement that is thought to match much must not read the table for it (a list reads no further than a page). Default false. */
  readonly byIndexOnly?: boolean
}

/** A pool whose idle errors are logged and never crash the process. Values: bigint as string, json parsed. */
export function createPool(options: PostgresOptions, log: Pick<Logger, 'warn'>): Pool {
  const pool = new Pool({
    connectionString: options.url,
    max: options.size,
    connectionTimeoutMillis: options.connectMs,
    idleTimeoutMillis: 60_000,
    statement_timeout: options.statementMs,
    query_timeout: options.statementMs + (options.graceMs ?? 500),
    idle_in_transaction_session_timeout: 30_000,
    application_name: options.applicationName,
    keepAlive: true,
    allowExitOnIdle: true,
    pipeline: options.pipeline ?? false,
    ...(options.byIndexOnly === true ? { verify: useIndexesOnly } : {}),
  })
  pool.on('error', (error) => log.warn({ err: error.message }, 'an idle PostgreSQL connection failed'))
  pool.on('connect', planOnceIfAsked)
  return pool
}

/** Of a statement with a name: it is planned once for each connection, for whatever values. One whose best plan hangs on its values has no name. */
export interface PlannedOnce {
  readonly plannedOnce?: boolean
}

/**
 * PostgreSQL plans a prepared statement for its values each time where it estimates that a plan for any values would cost more. Of a search the two are
 * the same and the planning takes as long as the rest, so such a statement asks for the other. What follows it is planned as always.
 * Not for transactions: one that is rolled back would take the setting with it.
 */
function planOnceIfAsked(client: PoolClient): void {
  const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown
  let isOnce = false
  const queryAsPlanned = (...args: readonly unknown[]): unknown => {
    const wanted = (args[0] as PlannedOnce | undefined)?.plannedOnce === true
    if (wanted === isOnce) return query(...args)
    const set = query(`set plan_cache_mode = ${wanted ? 'force_generic_plan' : 'auto'}`) as Promise<unknown>
    // Where this fails the statement is not sent: of a frozen server, one wait is over.
    const answer = set.then(() => ((isOnce = wanted), query(...args)))
    const tell = args.at(-1)
    if (typeof tell === 'function') answer.catch((error: unknown) => void tell(error))
    return answer
  }
  client.query = queryAsPlanned as PoolClient['query']
}

// Up to PostgreSQL 17 a scan that there is no other way for, of a small table, looks so dear with this that its statement would be compiled each time.
function useIndexesOnly(client: PoolClient, done: (error?: Error) => void): void {
  client.query('set enable_seqscan = off; set jit = off', (error: Error | null) => done(error ?? undefined))
}

const SERIALIZATION_FAILURE = '40001'
const DEADLOCK = '40P01'
export const UNIQUE_VIOLATION = '23505'
const TRANSACTION_TRIES = 4

/**
 * Runs `work` in one transaction. A deadlock or serialization failure rolls back and runs it again, at most 4 times in all;
 * anything else rolls back and is thrown as it is.
 */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const client = await pool.connect()
    let broken: Error | undefined
    // A connection that ends between two statements says so here, and with nobody to hear it the process would end; the next statement fails.
    const onError = (error: Error) => void (broken = error)
    client.on('error', onError)
    try {
      await client.query('begin')
      const result = await work(client)
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => (broken = failure))
      if (!isRetryable(error) || attempt === TRANSACTION_TRIES) throw error
    } finally {
      if (broken === undefined) client.off('error', onError)
      client.release(broken)
    }
  }
}

const FAILED_TRANSACTION = '25P02'

/**
 * Waits for statements that were sent to one connection without waiting for each other; until then the caller can work out the next one's
 * values, while the server is at the first. Those behind one that fails fail, too. A list of several begins with calls of async functions, or
 * has its values ready: what is thrown while the list is made would leave the ones before it under way with nobody to wait for them.
 * @throws the error of the one that failed by itself
 */
export async function allSent(statements: readonly Promise<unknown>[]): Promise<void> {
  const failures = (await Promise.allSettled(statements)).flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  )
  if (failures.length > 0) throw failures.find((error) => sqlState(error) !== FAILED_TRANSACTION) ?? failures[0]
}

export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}

/** Thrown by work that found, too late, that another transaction was here first: everything is read again. */
export class RetryTransaction extends Error {}

/** Two transactions were in each other's way: nobody's fault, and worth another try. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof RetryTransaction) return true
  const state = sqlState(error)
  return state === SERIALIZATION_FAILURE || state === DEADLOCK
}

/** The server is not there, does not know us, is starting, stopping, read-only, or did not answer in time: not the statement's fault. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return /^(08|28|3D|57P|53|25006|57014)/.test(state)
  const { code, message = '' } = error as { code?: string; message?: string }
  return (
    /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code ?? '') ||
    /timeout|terminated|not queryable|Connection/i.test(message)
  )
}
