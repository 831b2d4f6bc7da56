/**
 * The start of an import: a job is made, the file stored, and the job let go; once per Idempotency-Key.
 * Whether a file is the one that came with the key before is known only at its end, since its hash is what tells. Until then the job
 * holds the key, so that a second upload of it is refused before its first byte; what it came to is kept with the job's release.
 */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Pool, PoolClient } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { inTransaction } from '../../shared/postgres.ts'
import { type Once, onceByKey } from '../http/idempotency.ts'
import { createImportJob, deleteImportJob, findImportJob, finishUpload, type NewImport } from './import-job.ts'
import { importView, type ImportView } from './import-view.ts'
import { storeUpload, type StoredUpload, wasCancelled } from './upload.ts'

export interface ImportStart extends Omit<NewImport, 'id'> {
  readonly body: Readable
  readonly gzipped: boolean
  readonly stopping: AbortSignal
  /** Of the file, unzipped. */
  readonly maxBytes: number
}

/**
 * Reads the body to its end. A file that is refused leaves a failed job and none of its lines; one that was sent before leaves nothing.
 * @returns the job as it was let go; of a replay the first one's
 * @throws CatalogError `overloaded`, what storeUpload throws, and for the key `request-in-progress` or `idempotency-mismatch`
 */
export async function startImport(pool: Pool, start: ImportStart): Promise<Once<ImportView>> {
  const { mode, dryRun, createdBy, owner, idempotencyKey, body, gzipped, stopping, maxBytes } = start
  const jobId = uuidv7()
  await createImportJob(pool, { id: jobId, mode, dryRun, createdBy, owner, idempotencyKey })
  return await storeUpload(pool, { jobId, owner, body, gzipped, stopping, maxBytes }, async (stored) => {
    return await inTransaction(pool, async (client) => {
      if (idempotencyKey === null) return { answer: await release(client, jobId, stored), replayed: false }
      const keyed = { principal: createdBy, key: idempotencyKey, requestHash: hashOf(start, stored) }
      const once = await onceByKey(client, keyed, () => release(client, jobId, stored))
      if (once.replayed) await deleteImportJob(client, jobId)
      return once
    })
  })
}

/** From here on a runner may take it. */
async function release(client: PoolClient, jobId: string, { recordCount }: StoredUpload): Promise<ImportView> {
  const job = (await finishUpload(client, jobId, recordCount)) ? await findImportJob(client, jobId) : null
  if (job === null) throw wasCancelled()
  return importView(job)
}

/** The same file gzipped or not, with defaults written out or not, is the same request. */
function hashOf({ mode, dryRun }: ImportStart, { sha256 }: StoredUpload): Buffer {
  return createHash('sha256').update(`import ${mode} ${dryRun}\n`).update(sha256).digest()
}
