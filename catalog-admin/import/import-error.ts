/** The lines of an import that failed, each with its number and problem details. */
import type { Pool, PoolClient } from 'pg'
import { type CatalogError, PROBLEMS } from '../../shared/problem.ts'

/** Errors kept per job; later ones are only counted in the job's `failed`. */
export const MAX_STORED_ERRORS = 10_000
const MAX_KEY_LENGTH = 200

export interface FailedLine {
  readonly line: number
  /** The product's key, where the line could be read that far. */
  readonly key: string | null
  readonly problem: Readonly<Record<string, unknown>>
}

export function failedLine(line: number, key: string | null, error: CatalogError): FailedLine {
  return { line, key, problem: problemOf(error) }
}

/** Problem details of something that no request is at fault for: without `instance` and `requestId`. */
export function problemOf({ problem, status, message, extra }: CatalogError): Readonly<Record<string, unknown>> {
  return { type: `/problems/${problem}`, title: PROBLEMS[problem][1], status, detail: message, ...extra }
}

const ADD_ERRORS = /* sql */ `
  insert into import_error (job_id, line, key, problem)
  select $1, line, key, problem
  from unnest($2::int[], $3::text[], $4::jsonb[]) as failed(line, key, problem)
  where (select count(*) from import_error where job_id = $1) < $5
  on conflict (job_id, line) do update set key = excluded.key, problem = excluded.problem`

/** Keeps them while the job has fewer than MAX_STORED_ERRORS; one block may go over that by its own size. */
export async function addImportErrors(client: PoolClient, jobId: string, failed: readonly FailedLine[]): Promise<void> {
  if (failed.length === 0) return
  const lines = failed.map((one) => one.line)
  const keys = failed.map((one) => (one.key === null ? null : storable(one.key).slice(0, MAX_KEY_LENGTH)))
  const problems = failed.map((one) =>
    JSON.stringify(one.problem, (_name, value: unknown) => (typeof value === 'string' ? storable(value) : value)),
  )
  await client.query(ADD_ERRORS, [jobId, lines, keys, problems, MAX_STORED_ERRORS])
}

/** What PostgreSQL cannot hold may be the very fault of the line: NUL is shown as ␀, half a surrogate pair as �. */
function storable(text: string): string {
  return text.replaceAll('\0', '\u2400').toWellFormed()
}

const LIST_ERRORS = /* sql */ `
  select line, key, problem
  from import_error
  where job_id = $1 and line > $2
  order by line
  limit $3`

export async function listImportErrors(pool: Pool, jobId: string, afterLine: number, limit: number): Promise<readonly FailedLine[]> {
  const { rows } = await pool.query<FailedLine>(LIST_ERRORS, [jobId, afterLine, limit])
  return rows
}
