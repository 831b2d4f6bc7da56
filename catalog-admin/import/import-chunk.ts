/** The uploaded lines of an import as rows of gzip'ed blocks, so that a killed server goes on where it was. */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Pool, PoolClient } from 'pg'
import { type LineBlock, linesOf } from './line-blocks.ts'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** The fastest: these bytes are read once or twice and deleted. */
const COMPRESSION_LEVEL = 1

// `for share` waits for whoever ends the job just now: a chunk that came after its job's end would stay for ever.
const STORE_CHUNK = /* sql */ `
  insert into import_chunk (job_id, n, first_line, line_count, lines)
  select $1, $2, $3, $4, $5
  from import_job
  where id = $1 and state = 'uploading'
  for share`

/** @returns false when the job no longer takes uploads: it was cancelled or given up */
export async function storeChunk(pool: Pool, jobId: string, n: number, block: LineBlock): Promise<boolean> {
  const lines = await compress(block.bytes, { level: COMPRESSION_LEVEL })
  const { rowCount } = await pool.query(STORE_CHUNK, [jobId, n, block.firstLine, block.lineCount, lines])
  return rowCount === 1
}

export interface Chunk {
  readonly n: number
  readonly firstLine: number
  /** Blank ones included. */
  readonly lineCount: number
  /** UTF-8, joined by `\n`; not yet known to be well formed. */
  readonly bytes: Buffer
}

const FIND_CHUNK = /* sql */ `
  select n, first_line as "firstLine", line_count as "lineCount", lines
  from import_chunk
  where job_id = $1 and n >= $2 and first_line + line_count > $3
  order by n
  limit 1`

/** The first chunk from `fromN` on that holds a line numbered `fromLine` or greater; null after the last. */
export async function findChunk(pool: Pool, jobId: string, fromN: number, fromLine: number): Promise<Chunk | null> {
  const { rows } = await pool.query<Omit<Chunk, 'bytes'> & { lines: Buffer }>(FIND_CHUNK, [jobId, fromN, fromLine])
  const row = rows[0]
  if (row === undefined) return null
  return { n: row.n, firstLine: row.firstLine, lineCount: row.lineCount, bytes: await decompress(row.lines) }
}

const REPLACE_LINES = /* sql */ `update import_chunk set lines = $3 where job_id = $1 and n = $2`
const DELETE_CHUNK = /* sql */ `delete from import_chunk where job_id = $1 and n = $2`

/** After a chunk was applied: keeps only the lines that failed, at their numbers, for a later retry; or nothing when none did. */
export async function keepFailedLines(client: PoolClient, jobId: string, chunk: Chunk, failedLines: ReadonlySet<number>): Promise<void> {
  if (failedLines.size === 0) {
    await client.query(DELETE_CHUNK, [jobId, chunk.n])
    return
  }
  const kept = [...linesOf(chunk)].map(({ line, bytes }) => (failedLines.has(line) ? bytes.toString('latin1') : '')).join('\n')
  await client.query(REPLACE_LINES, [jobId, chunk.n, await compress(Buffer.from(kept, 'latin1'), { level: COMPRESSION_LEVEL })])
}
