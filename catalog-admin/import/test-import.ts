/** What the tests of imports share: a file that is uploaded without HTTP, a runner to be started, and what a catalog holds in the end. */
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { Pool } from 'pg'
import { pino } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import { expect, vi } from 'vitest'
import type { WriteProducts } from '../product/product-write.ts'
import { createImportJob, findImportJob, type ImportJob } from './import-job.ts'
import type { ImportState } from './import-state.ts'
import { createImportRunner, type ImportRunner, type ImportRunnerParts } from './import-runner.ts'
import { storeUpload } from './upload.ts'

export const noStop = new AbortController().signal
export const quiet = pino({ level: 'silent' })

export interface TestUpload {
  readonly mode?: ImportJob['mode']
  readonly dryRun?: boolean
  readonly gzipped?: boolean
  readonly maxBytes?: number
}

/** @returns the id of a job that waits for a runner */
export async function upload(pool: Pool, file: string | Buffer, options: TestUpload = {}): Promise<string> {
  const { mode = 'upsert', dryRun = false, gzipped = false } = options
  const jobId = await openJob(pool, mode, dryRun)
  const body = Readable.from([gzipped ? gzipSync(file) : Buffer.from(file)])
  await storeUpload(pool, { jobId, owner: 'uploader', body, gzipped, stopping: noStop }, options.maxBytes)
  return jobId
}

export async function openJob(pool: Pool, mode: ImportJob['mode'] = 'upsert', dryRun = false): Promise<string> {
  const id = uuidv7()
  await createImportJob(pool, { id, mode, dryRun, createdBy: 'tester', owner: 'uploader' })
  return id
}

export function makeRunner(pool: Pool, writeProducts: WriteProducts, parts: Partial<ImportRunnerParts> = {}): ImportRunner {
  const pacing = { turn: async () => {} }
  return createImportRunner({ pool, writeProducts, pacing, log: quiet, owner: uuidv7(), ...parts })
}

/** Runs until the job has ended, with a runner of its own. */
export async function runToEnd(pool: Pool, id: string, writeProducts: WriteProducts): Promise<ImportJob> {
  const runner = makeRunner(pool, writeProducts)
  runner.start()
  try {
    return await waitForState(pool, id, ['ready', 'succeeded', 'partial', 'failed', 'cancelled'])
  } finally {
    await runner.stop()
  }
}

export async function waitForState(pool: Pool, id: string, states: readonly ImportState[]): Promise<ImportJob> {
  return await vi.waitFor(
    async () => {
      const job = await findImportJob(pool, id)
      expect(states).toContain(job?.state)
      return job as ImportJob
    },
    { timeout: 20_000, interval: 10 },
  )
}

/** The numbers of a job by which two imports are compared. */
export function countsOf({ state, linesTotal, linesDone, created, updated, unchanged, failed }: ImportJob) {
  return { state, linesTotal, linesDone, created, updated, unchanged, failed }
}

export async function rowsOf(pool: Pool, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await pool.query<Record<string, unknown>>(statement)).rows
}

/** Lines that nobody will read, each a product of its own. */
export function productLines(count: number, prefix = 'P'): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const key = `${prefix}-${String(i + 1).padStart(5, '0')}`
    const variants = [{ sku: `${key}-S`, prices: [{ channel: 'default', amount: 1_000 + i }], stock: i % 7 }]
    return JSON.stringify({
      key,
      status: 'active',
      brand: `Brand ${i % 5}`,
      categories: [['Clothing', `Kind ${i % 3}`]],
      title: `Product ${i}`,
      variants,
    })
  })
}
