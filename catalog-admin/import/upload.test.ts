import { PassThrough, Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import type { Pool } from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../../test/support/parts.ts'
import { findChunk } from './import-chunk.ts'
import { endJob, endLostUploads, findImportJob, finishUpload } from './import-job.ts'
import { noStop, openJob, productLines, rowsOf, storeLines, upload } from './test-import.ts'
import { storeUpload } from './upload.ts'

const FILE = productLines(600).join('\n')

async function storedLines(pool: Pool, jobId: string): Promise<string> {
  const texts: string[] = []
  for (let n = 0, chunk = await findChunk(pool, jobId, 0, 1); chunk !== null; chunk = await findChunk(pool, jobId, ++n, 1)) {
    texts.push(chunk.bytes.toString())
  }
  return texts.join('\n')
}

async function endedWith(pool: Pool, jobId: string) {
  const job = await findImportJob(pool, jobId)
  const chunks = await rowsOf(pool, 'select count(*)::int as n from import_chunk')
  return { state: job?.state, problem: job?.problem, chunks: chunks[0]?.['n'] }
}

test('gzip and plain store the same lines, and every one of them', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const [plain, gzipped] = [await upload(primary, FILE), await upload(primary, FILE, { gzipped: true })]
  expect(await storedLines(primary, plain)).toBe(FILE)
  expect(await storedLines(primary, gzipped)).toBe(FILE)
  expect(await findImportJob(primary, gzipped)).toMatchObject({ state: 'running', linesTotal: 600, nextLine: 1 })
})

test('a gzip file of several members is read to its end', async () => {
  await using database = await testDatabase()
  const jobId = await openJob(database.primary)
  const body = Readable.from([gzipSync('a\n'), gzipSync('b\n')])
  await storeLines(database.primary, { jobId, body, gzipped: true })
  expect(await storedLines(database.primary, jobId)).toBe('a\nb')
})

test.each([
  ['is cut off', [gzipSync(FILE).subarray(0, 2_000)], 'The body is cut off: its gzip stream does not end'],
  ['is no gzip at all', [Buffer.from(FILE)], 'The body is not gzip, though Content-Encoding says so'],
  [
    'is damaged',
    [Buffer.concat([gzipSync(FILE).subarray(0, 1_000), Buffer.alloc(1_000, 7)])],
    'The body is not gzip, though Content-Encoding says so',
  ],
])('a gzip upload that %s ends failed and leaves no chunk', async (_name, pieces, detail) => {
  await using database = await testDatabase()
  const { primary } = database
  const jobId = await openJob(primary)
  const work = storeLines(primary, { jobId, body: Readable.from(pieces), gzipped: true })
  await expect(work).rejects.toMatchObject({ status: 400, message: detail })
  expect(await endedWith(primary, jobId)).toEqual({ state: 'failed', chunks: 0, problem: expect.objectContaining({ detail }) })
})

test('a sender that goes away in the middle leaves a failed job and no chunk', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const jobId = await openJob(primary)
  async function* half() {
    yield Buffer.from(FILE)
    throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
  }
  const work = storeLines(primary, { jobId, body: Readable.from(half()) })
  await expect(work).rejects.toMatchObject({ status: 400, message: 'The upload ended before the body did' })
  expect(await endedWith(primary, jobId)).toMatchObject({ state: 'failed', chunks: 0 })
})

test('a zip bomb is stopped at the limit of what comes out of it', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const jobId = await openJob(primary)
  const limitBytes = 20_000_000
  let unzippedBytes = 0
  async function* zeros() {
    for (; ; unzippedBytes += 1_000_000) yield Buffer.alloc(1_000_000, '0')
  }
  const body = Readable.from(zeros()).pipe(createGzip())
  const work = storeLines(primary, { jobId, body, gzipped: true, maxBytes: limitBytes })
  await expect(work).rejects.toMatchObject({ status: 413 })
  // What is under way between sender and limit is bounded by the buffers of the streams and their compression.
  expect(unzippedBytes).toBeLessThan(limitBytes + 200_000_000)
  expect(await endedWith(primary, jobId)).toMatchObject({ state: 'failed', chunks: 0 })
})

test('an upload that is cancelled stops, and nothing of it stays', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const jobId = await openJob(primary)
  async function* cancelledHalfWay() {
    yield Buffer.from(`${FILE}\n`)
    await endJob(primary, jobId, 'cancelled', null)
    yield Buffer.from(FILE)
  }
  const work = storeLines(primary, { jobId, body: Readable.from(cancelledHalfWay()) })
  await expect(work).rejects.toMatchObject({ status: 409 })
  expect(await endedWith(primary, jobId)).toEqual({ state: 'cancelled', problem: null, chunks: 0 })
})

test('an upload ends with the program, and says that it may be sent again', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const jobId = await openJob(primary)
  const stopping = new AbortController()
  const body = new PassThrough()
  body.write(FILE)
  const work = storeLines(primary, { jobId, body, stopping: stopping.signal })
  stopping.abort()
  await expect(work).rejects.toMatchObject({ status: 503, message: 'The server is stopping: send the file again' })
  expect(await endedWith(primary, jobId)).toMatchObject({ state: 'failed', chunks: 0 })
})

test('a job that was let go is not ended for what happens to its upload afterwards', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const jobId = await openJob(primary)
  const sent = { jobId, owner: 'uploader', body: Readable.from([FILE]), gzipped: false, stopping: noStop, maxBytes: 1_000_000 }
  const work = storeUpload(primary, sent, async ({ recordCount }) => {
    await finishUpload(primary, jobId, recordCount)
    throw new Error('the answer to the commit was lost')
  })
  await expect(work).rejects.toMatchObject({ status: 503 })
  expect(await findImportJob(primary, jobId)).toMatchObject({ state: 'running', problem: null })
  expect(await storedLines(primary, jobId)).toBe(FILE)
})

test('an upload whose process is gone is ended by the others, a living one is not', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const [lost, living] = [await openJob(primary), await openJob(primary)]
  await primary.query(`update import_job set heartbeat_at = now() - interval '1 hour' where id = $1`, [lost])
  await primary.query(`insert into import_chunk (job_id, n, first_line, line_count, lines) values ($1, 0, 1, 1, '')`, [lost])
  await endLostUploads(primary)
  expect(await endedWith(primary, lost)).toMatchObject({ state: 'failed', chunks: 0, problem: { status: 503 } })
  expect((await findImportJob(primary, living))?.state).toBe('uploading')
})
