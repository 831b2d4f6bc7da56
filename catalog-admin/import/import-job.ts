/** The row of an import job: what it says, and each statement that moves it from one state to the next. */
import type { Pool, PoolClient } from 'pg'
import { inTransaction, sqlState, UNIQUE_VIOLATION } from '../../shared/postgres.ts'
import { overloaded, unavailable } from '../../shared/problem.ts'
import { requestInProgress } from '../http/idempotency.ts'
import { problemOf } from './import-error.ts'
import type { ImportMode, ImportState } from './import-state.ts'

/** Imports that are being uploaded, wait or run; each holds its whole file in the database. */
export const MAX_OPEN_IMPORTS = 100
/** A job whose runner or upload was not heard of for this long belongs to nobody. */
export const OWNER_LOST_MS = 10_000

export interface ImportJob {
  readonly id: string
  readonly state: ImportState
  readonly mode: ImportMode
  readonly dryRun: boolean
  readonly createdBy: string
  /** Lines that are not blank; null while the upload goes on. */
  readonly linesTotal: number | null
  readonly linesDone: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly failed: number
  /** Of linesDone, those that an earlier run did: a retry goes on counting. */
  readonly linesBefore: number
  /** Number of the first line that has not been applied. */
  readonly nextLine: number
  readonly throttleReason: string | null
  /** Time it has run for, by the database's clock; null before it starts. */
  readonly elapsedMs: number | null
  readonly createdAt: string
  readonly finishedAt: string | null
  readonly problem: Readonly<Record<string, unknown>> | null
}

type Client = Pool | PoolClient

const COLUMNS = /* sql */ `
  id, state, mode, dry_run as "dryRun", created_by as "createdBy", lines_total as "linesTotal", lines_done as "linesDone",
  lines_before as "linesBefore", created, updated, unchanged, failed, next_line as "nextLine", throttle_reason as "throttleReason",
  (extract(epoch from coalesce(finished_at, clock_timestamp()) - started_at) * 1000)::float8 as "elapsedMs",
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
  to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "finishedAt",
  problem`

const FIND_JOB = /* sql */ `select ${COLUMNS} from import_job where id = $1`

export async function findImportJob(client: Client, id: string): Promise<ImportJob | null> {
  const { rows } = await client.query<ImportJob>(FIND_JOB, [id])
  return rows[0] ?? null
}

const LIST_JOBS = /* sql */ `
  select ${COLUMNS} from import_job
  where $1::uuid is null or id < $1
  order by id desc
  limit $2`

/** Newest first; `before` is the id that the previous page ended with. */
export async function listImportJobs(client: Client, before: string | null, limit: number): Promise<readonly ImportJob[]> {
  const { rows } = await client.query<ImportJob>(LIST_JOBS, [before, limit])
  return rows
}

const CREATE_JOB = /* sql */ `
  insert into import_job (id, state, format, mode, dry_run, created_by, owner, idempotency_key, heartbeat_at)
  select $1, 'uploading', 'ndjson', $2, $3, $4, $5, $6, clock_timestamp()
  where (select count(*) from import_job where state in ('uploading', 'validating', 'running')) < $7`

export interface NewImport {
  readonly id: string
  readonly mode: ImportMode
  readonly dryRun: boolean
  readonly createdBy: string
  /** The process that receives the upload. */
  readonly owner: string
  readonly idempotencyKey: string | null
}

/**
 * @throws CatalogError `overloaded` when MAX_OPEN_IMPORTS are open (one or two more where requests cross),
 * or `request-in-progress` while another upload of this client has the key
 */
export async function createImportJob(pool: Pool, job: NewImport): Promise<void> {
  const values = [job.id, job.mode, job.dryRun, job.createdBy, job.owner, job.idempotencyKey, MAX_OPEN_IMPORTS]
  const { rowCount } = await pool.query(CREATE_JOB, values).catch((error: unknown) => {
    throw sqlState(error) === UNIQUE_VIOLATION ? requestInProgress() : error
  })
  if (rowCount !== 1) throw overloaded('Too many imports are open: wait for one to end, or cancel one')
}

const DELETE_JOB = /* sql */ `delete from import_job where id = $1`

/** With all that was stored of it. */
export async function deleteImportJob(client: Client, id: string): Promise<void> {
  await client.query(DELETE_JOB, [id])
}

const UPLOADED = /* sql */ `
  update import_job
  set state = case when dry_run then 'validating' else 'running' end, lines_total = $2, owner = null, heartbeat_at = null
  where id = $1 and state = 'uploading'`

/** The upload is stored: a runner may take it. @returns false when it was cancelled meanwhile */
export async function finishUpload(client: Client, id: string, linesTotal: number): Promise<boolean> {
  const { rowCount } = await client.query(UPLOADED, [id, linesTotal])
  return rowCount === 1
}

const CLAIM_OLDEST = /* sql */ `
  update import_job
  set owner = $1, heartbeat_at = clock_timestamp(), started_at = coalesce(started_at, clock_timestamp())
  where id = (
    select id from import_job
    where id = (select id from import_job where state in ('validating', 'running') order by created_at, id limit 1)
      and (owner is null or owner = $1 or heartbeat_at < clock_timestamp() - $2 * interval '1 millisecond')
    for update skip locked)
  returning ${COLUMNS}`

/** Takes the oldest open job, unless a living process has it: imports run one at a time, in the order they came. */
export async function claimOldestJob(client: Client, owner: string, ownerLostMs = OWNER_LOST_MS): Promise<ImportJob | null> {
  const { rows } = await client.query<ImportJob>(CLAIM_OLDEST, [owner, ownerLostMs])
  return rows[0] ?? null
}

const HEARTBEAT = /* sql */ `
  update import_job
  set heartbeat_at = clock_timestamp(), throttle_reason = $3
  where id = $1 and owner = $2 and state in ('uploading', 'validating', 'running')`

/** @returns false when the job is not this process's any more, or was cancelled */
export async function heartbeat(client: Client, id: string, owner: string, throttleReason: string | null): Promise<boolean> {
  const { rowCount } = await client.query(HEARTBEAT, [id, owner, throttleReason])
  return rowCount === 1
}

const RELEASE = /* sql */ `update import_job set owner = null, heartbeat_at = null where id = $1 and owner = $2`

/** Gives the job back, for another process to go on with at once. */
export async function releaseJob(client: Client, id: string, owner: string): Promise<void> {
  await client.query(RELEASE, [id, owner])
}

export interface BlockOutcome {
  readonly done: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly failed: number
}

const ADVANCE = /* sql */ `
  update import_job
  set next_line = $4, lines_done = lines_done + $5, created = created + $6, updated = updated + $7, unchanged = unchanged + $8,
    failed = failed + $9, heartbeat_at = clock_timestamp(), throttle_reason = null
  where id = $1 and owner = $2 and next_line = $3 and state in ('validating', 'running')`

export interface Advance {
  readonly jobId: string
  readonly owner: string
  /** Where the job stood when the block was begun. */
  readonly from: number
  /** The first line after it. */
  readonly to: number
}

/** The job is another process's now, or was cancelled, or the block was applied already: nothing of this transaction may stay. */
export class LostJobError extends Error {}

/**
 * Moves the job past a block, in the block's own transaction.
 * It fences: a process that was presumed dead cannot commit a block that its successor has applied.
 * @throws LostJobError
 */
export async function advanceJob(client: Client, at: Advance, outcome: BlockOutcome): Promise<void> {
  const { done, created, updated, unchanged, failed } = outcome
  const values = [at.jobId, at.owner, at.from, at.to, done, created, updated, unchanged, failed]
  const { rowCount } = await client.query(ADVANCE, values)
  if (rowCount !== 1) throw new LostJobError(`The import ${at.jobId} does not stand at line ${at.from} any more`)
}

const FINISH = /* sql */ `
  update import_job
  set state = case when state = 'validating' then 'ready'
      when failed = 0 then 'succeeded'
      when failed < lines_done then 'partial'
      else 'failed' end,
    owner = null, heartbeat_at = null, throttle_reason = null, finished_at = clock_timestamp()
  where id = $1 and owner = $2 and state in ('validating', 'running')`

/** Every line was handled: a dry run is ready to be applied, anything else has ended. */
export async function finishJob(client: Client, id: string, owner: string): Promise<void> {
  await client.query(FINISH, [id, owner])
}

const END = /* sql */ `
  update import_job
  set state = $2, problem = $3, owner = null, heartbeat_at = null, throttle_reason = null, finished_at = clock_timestamp()
  where id = $1 and state = any($4)`
const DELETE_CHUNKS = /* sql */ `delete from import_chunk where job_id = $1`

type Problem = Readonly<Record<string, unknown>>
const NOT_ENDED = ['uploading', 'validating', 'ready', 'running'] as const satisfies readonly ImportState[]

/**
 * Ends a job before its last line; what was applied stays, what was uploaded goes. A block in flight finds its job gone and is rolled back.
 * @returns false when it had ended already
 */
export async function endJob(pool: Pool, id: string, state: 'failed' | 'cancelled', problem: Problem | null): Promise<boolean> {
  return await inTransaction(pool, (client) => end(client, id, { state, problem, from: NOT_ENDED }))
}

/** endJob as part of a transaction. */
export async function cancelJob(client: PoolClient, id: string): Promise<boolean> {
  return await end(client, id, { state: 'cancelled', problem: null, from: NOT_ENDED })
}

/** Ends a job whose upload failed. One that was let go stays as it is, though its uploader may not have heard that the commit went through. */
export async function endUpload(pool: Pool, id: string, problem: Problem): Promise<void> {
  await inTransaction(pool, (client) => end(client, id, { state: 'failed', problem, from: ['uploading'] }))
}

interface JobEnd {
  readonly state: ImportState
  readonly problem: Problem | null
  /** Only a job in one of these is ended. */
  readonly from: readonly ImportState[]
}

async function end(client: PoolClient, id: string, { state, problem, from }: JobEnd): Promise<boolean> {
  const { rowCount } = await client.query(END, [id, state, problem === null ? null : JSON.stringify(problem), from])
  // A statement of its own: its snapshot shows the chunk whose insert this update had to wait for.
  if (rowCount === 1) await client.query(DELETE_CHUNKS, [id])
  return rowCount === 1
}

const FIND_LOST_UPLOADS = /* sql */ `
  select id from import_job
  where state = 'uploading' and heartbeat_at < clock_timestamp() - $1 * interval '1 millisecond'
  limit 100`

/** Ends the uploads whose process is gone: what they stored is not the whole file. */
export async function endLostUploads(pool: Pool, ownerLostMs = OWNER_LOST_MS): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(FIND_LOST_UPLOADS, [ownerLostMs])
  const problem = problemOf(unavailable('The server that received the upload ended before the upload did'))
  for (const { id } of rows) await endUpload(pool, id, problem)
}

// A dry run's lines are kept for some days; without them there is nothing to apply.
const APPLY = /* sql */ `
  update import_job
  set state = 'running', dry_run = false, next_line = 1, lines_done = 0, created = 0, updated = 0, unchanged = 0, failed = 0,
    started_at = null, finished_at = null
  where id = $1 and state = 'ready' and (lines_total = 0 or exists (select from import_chunk where job_id = $1))`

// Lines that failed count as not done again; their chunks hold nothing else (keepFailedLines).
const RETRY_FAILED = /* sql */ `
  update import_job
  set state = 'running', next_line = 1, lines_done = lines_done - failed, lines_before = lines_done - failed, failed = 0,
    started_at = null, finished_at = null
  where id = $1 and state in ('partial', 'failed') and failed > 0 and exists (select from import_chunk where job_id = $1)`

const DELETE_ERRORS = /* sql */ `delete from import_error where job_id = $1`

/** Has a dry run applied for real, from its first line. @returns false when the job is not `ready`, or its lines were deleted meanwhile */
export async function applyDryRun(client: PoolClient, id: string): Promise<boolean> {
  return await restart(client, id, APPLY)
}

/** Has the lines that failed tried once more, and no others. @returns false when none failed, or the job has not ended */
export async function retryFailedLines(client: PoolClient, id: string): Promise<boolean> {
  return await restart(client, id, RETRY_FAILED)
}

async function restart(client: PoolClient, id: string, statement: string): Promise<boolean> {
  const { rowCount } = await client.query(statement, [id])
  if (rowCount === 1) await client.query(DELETE_ERRORS, [id])
  return rowCount === 1
}
