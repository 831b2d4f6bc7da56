/** Stores an upload before anything of it is applied: streamed, unzipped, cut into lines, with backpressure up to the sender. */
import { createHash, type Hash } from 'node:crypto'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Pool } from 'pg'
import { CatalogError, invalidState, malformedBody, payloadTooLarge, unavailable } from '../../shared/problem.ts'
import { storeChunk } from './import-chunk.ts'
import { problemOf } from './import-error.ts'
import { endUpload, heartbeat } from './import-job.ts'
import { toLineBlocks } from './line-blocks.ts'

/** Of the file, unzipped. */
export const MAX_UPLOAD_BYTES = 4 * 1024 ** 3
/** Blank ones included; line numbers are 32 bits wide in the database. */
const MAX_LINES = 1_000_000_000
const HEARTBEAT_MS = 2_000

export interface Upload {
  readonly jobId: string
  readonly owner: string
  readonly body: Readable
  readonly gzipped: boolean
  /** Aborted when the program stops: what has come in so far is given up. */
  readonly stopping: AbortSignal
  /** Of the file, unzipped. */
  readonly maxBytes: number
}

export interface StoredUpload {
  /** Lines that are not blank. */
  readonly recordCount: number
  /** Of the file, unzipped. */
  readonly sha256: Buffer
}

/**
 * Reads the body to its end. Whatever goes wrong, in `finish` too, ends the job as failed and deletes what was stored.
 * @param finish what becomes of it, once it is stored
 * @throws CatalogError `malformed-body`, `payload-too-large`, or `invalid-state` when it was cancelled meanwhile
 */
export async function storeUpload<T>(pool: Pool, upload: Upload, finish: (stored: StoredUpload) => Promise<T>): Promise<T> {
  const { jobId, owner, body, stopping, maxBytes } = upload
  // By the clock and not by the block: a slow sender fills a block in minutes.
  const beating = setInterval(() => void heartbeat(pool, jobId, owner, null).catch(() => {}), HEARTBEAT_MS)
  try {
    let recordCount = 0
    const sha256 = createHash('sha256')
    const unzip = upload.gzipped ? createGunzip() : new PassThrough()
    const store = async (source: AsyncIterable<Buffer>) => {
      recordCount = await storeBlocks(pool, jobId, source)
    }
    await pipeline(body, unzip, measureBytes(maxBytes, sha256), store, { signal: stopping })
    return await finish({ recordCount, sha256: sha256.digest() })
  } catch (error) {
    const problem = uploadProblem(error)
    // Where this fails, too, the job's heartbeat grows old and endLostUploads ends it.
    await endUpload(pool, jobId, problemOf(problem)).catch(() => {})
    throw problem
  } finally {
    clearInterval(beating)
  }
}

/** @returns the number of lines that are not blank */
async function storeBlocks(pool: Pool, jobId: string, source: AsyncIterable<Buffer>): Promise<number> {
  let n = 0
  let recordCount = 0
  // One block is on its way to the database while the next one is gathered, and no more.
  let storing: Promise<boolean> = Promise.resolve(true)
  for await (const block of toLineBlocks(source)) {
    if (!(await storing)) throw wasCancelled()
    storing = storeChunk(pool, jobId, n, block)
    // Should the source fail first, nobody will ask how this one ended.
    storing.catch(() => {})
    n += 1
    recordCount += block.recordCount
    if (block.firstLine > MAX_LINES) throw new CatalogError('payload-too-large', `A file may have at most ${MAX_LINES} lines`)
  }
  if (!(await storing)) throw wasCancelled()
  return recordCount
}

/** Counts what comes out of gunzip, so that a small file cannot unfold into an endless one, and hashes it. */
function measureBytes(maxBytes: number, hash: Hash): Transform {
  let sizeBytes = 0
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      sizeBytes += piece.length
      if (sizeBytes > maxBytes) return done(payloadTooLarge(maxBytes))
      hash.update(piece)
      done(null, piece)
    },
  })
}

export const wasCancelled = () => invalidState('The import was cancelled while it was being uploaded')

function uploadProblem(error: unknown): CatalogError {
  if (error instanceof CatalogError) return error
  const code = (error as { code?: string }).code ?? ''
  if (code === 'ABORT_ERR') return unavailable('The server is stopping: send the file again')
  if (code === 'Z_BUF_ERROR') return malformedBody('The body is cut off: its gzip stream does not end')
  if (code.startsWith('Z_')) return malformedBody('The body is not gzip, though Content-Encoding says so')
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') return malformedBody('The upload ended before the body did')
  return unavailable('The upload could not be stored', error)
}
