/** The worker: deletes what has served its time, in batches, and does what is due. Any number of processes may run it. */
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import { pause } from '../shared/lifecycle.ts'
import { deleteOldEvents } from '../shared/log-table.ts'
import { inTransaction } from '../shared/postgres.ts'
import { deleteOldChanges } from './old-changes.ts'
import { publishDue } from './product/publish-due.ts'
import { purgeBin } from './product/purge-bin.ts'
import { refreshTerms } from './product/refresh-terms.ts'

/** One thing that is done again and again. */
export interface Chore {
  /** In metrics, and the name of its lock. */
  readonly name: string
  readonly everyMs: number
  /** One batch, in one transaction. @returns how many rows it dealt with; 0 when nothing was left */
  readonly run: (client: PoolClient) => Promise<number>
}

/** Batches of one chore in a row at most: then it is the others' turn, and it goes on at its next time. */
const MAX_BATCHES = 50
const BATCH_ROWS = 1_000
const CLEAN_EVERY_MS = 60_000
const PUBLISH_EVERY_MS = 500
/** Fifty batches each: 25,000 changes in a row, so that an import does not have to wait for its words to be learnt, nor they for its end. */
const LEARN_EVERY_MS = 2_000
const CHANGES_PER_BATCH = 500
const PRODUCTS_PER_BATCH = 200
const BIN_DAYS = 30
const EVENT_DAYS = 7
const CHANGE_DAYS = 7

const DELETE_IDEMPOTENCY_KEYS = /* sql */ `
  delete from idempotency_key
  where ctid = any(array(
    select ctid from idempotency_key where created_at < now() - interval '24 hours' order by created_at limit $1))`

const DELETE_AUDIT = /* sql */ `
  delete from audit_log
  where id in (select id from audit_log where at < now() - interval '400 days' order by at limit $1)`

const ENDED_IMPORTS = /* sql */ `select id from import_job where finished_at < now() - interval '7 days' and state not in ('validating', 'running')`

const DELETE_IMPORT_ERRORS = /* sql */ `
  delete from import_error
  where ctid = any(array(select ctid from import_error where job_id in (${ENDED_IMPORTS}) limit $1))`

// A block is up to 1 MiB: fewer at a time.
const DELETE_IMPORT_CHUNKS = /* sql */ `
  delete from import_chunk
  where ctid = any(array(select ctid from import_chunk where job_id in (${ENDED_IMPORTS}) limit greatest($1 / 20, 1)))`

const CLEANING: Readonly<Record<string, string>> = {
  'idempotency keys': DELETE_IDEMPOTENCY_KEYS,
  audit: DELETE_AUDIT,
  'import errors': DELETE_IMPORT_ERRORS,
  'import chunks': DELETE_IMPORT_CHUNKS,
}

/** Deletes rows that are old enough, of everything that grows, and publishes what is due. */
export const chores: readonly Chore[] = [
  ...Object.entries(CLEANING).map(([name, sql]) => ({
    name,
    everyMs: CLEAN_EVERY_MS,
    run: async (client: PoolClient) => (await client.query(sql, [BATCH_ROWS])).rowCount ?? 0,
  })),
  { name: 'outbox', everyMs: CLEAN_EVERY_MS, run: (client) => deleteOldChanges(client, CHANGE_DAYS, BATCH_ROWS) },
  { name: 'event log', everyMs: CLEAN_EVERY_MS, run: (client) => deleteOldEvents(client, EVENT_DAYS, BATCH_ROWS) },
  { name: 'bin', everyMs: CLEAN_EVERY_MS, run: (client) => purgeBin(client, BIN_DAYS, PRODUCTS_PER_BATCH) },
  { name: 'vocabulary', everyMs: LEARN_EVERY_MS, run: (client) => refreshTerms(client, CHANGES_PER_BATCH) },
  { name: 'publish due', everyMs: PUBLISH_EVERY_MS, run: (client) => publishDue(client, PRODUCTS_PER_BATCH) },
]

// Ends with the transaction, so a process that dies holds nothing up. Whoever does not get it lets the other do the work.
const TRY_LOCK = /* sql */ `select pg_try_advisory_xact_lock(hashtextextended('worker:' || $1, 0)) as locked`

/** One batch, unless another process is at it. */
export async function runChore(pool: Pool, chore: Chore): Promise<number> {
  return await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ locked: boolean }>(TRY_LOCK, [chore.name])
    return rows[0]?.locked === true ? await chore.run(client) : 0
  })
}

export interface WorkerParts {
  readonly pool: Pool
  readonly chores: readonly Chore[]
  readonly metrics: Registry
  readonly log: Pick<Logger, 'warn' | 'info'>
}

/** Runs each chore at its own pace until the signal is aborted. A failure is logged once per outage. Never rejects. */
export async function runWorker(parts: WorkerParts, signal: AbortSignal): Promise<void> {
  const meters = createMeters(parts.metrics)
  await Promise.all(parts.chores.map((chore) => repeat(parts, meters, chore, signal)))
}

type Meters = ReturnType<typeof createMeters>

function createMeters(metrics: Registry) {
  const registers = [metrics]
  const labelNames = ['chore'] as const
  return {
    rows: new Counter({
      name: 'catalog_worker_rows_total',
      help: 'Rows that a chore of the worker deleted or brought up to date',
      labelNames,
      registers,
    }),
    failures: new Counter({ name: 'catalog_worker_failures_total', help: 'Batches of a chore that failed', labelNames, registers }),
    lastSuccess: new Gauge({
      name: 'catalog_worker_last_success_timestamp_seconds',
      help: 'When a chore last ended without a failure, in seconds since 1970',
      labelNames,
      registers,
    }),
  }
}

async function repeat({ pool, log }: WorkerParts, meters: Meters, chore: Chore, signal: AbortSignal): Promise<void> {
  const label = { chore: chore.name }
  meters.rows.inc(label, 0)
  let failing = false
  while (!signal.aborted) {
    try {
      for (let batch = 0; batch < MAX_BATCHES && !signal.aborted; batch++) {
        const rows = await runChore(pool, chore)
        meters.rows.inc(label, rows)
        if (rows === 0) break
      }
      meters.lastSuccess.setToCurrentTime(label)
      failing = false
    } catch (error) {
      meters.failures.inc(label)
      if (!failing) log.warn({ err: error, chore: chore.name }, 'a chore of the worker failed; it is tried again')
      failing = true
    }
    await pause(chore.everyMs, signal)
  }
}
