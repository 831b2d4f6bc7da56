import type { Pool } from 'pg'
import { Registry } from 'prom-client'
import { expect, test, vi } from 'vitest'
import { inTransaction } from '../../shared/postgres.ts'
import { keyTaken } from '../../shared/problem.ts'
import { type TestDatabase, testDatabase } from '../../test/support/parts.ts'
import type { WriteProducts } from '../product/product-write.ts'
import { listImportErrors } from './import-error.ts'
import { applyDryRun, endJob, findImportJob, retryFailedLines } from './import-job.ts'
import { createImportMetrics } from './import-metrics.ts'
import { BLOCK_RECORDS } from './line-blocks.ts'
import { catalogOf, countsOf, makeRunner, productLines, rowsOf, runToEnd, upload, waitForState } from './test-import.ts'
import { writeProducts } from '../product/product-writer.ts'

const BLOCKS = 4
const LINES = productLines(BLOCKS * BLOCK_RECORDS - 10)
const FILE = LINES.join('\n')

/** Holds the writer of one block still: `reached` resolves when it is there, `open` lets it go on. */
function gateAtBlock(n: number): { writer: WriteProducts; reached: Promise<void>; open: () => void } {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let calls = 0
  const writer: WriteProducts = async (client, writes, context) => {
    calls += 1
    if (calls === n) {
      // The block is half written when it is held.
      const results = await writeProducts(client, writes.slice(0, 100), context)
      reached.resolve()
      await opened.promise
      return [...results, ...(await writeProducts(client, writes.slice(100), context))]
    }
    return await writeProducts(client, writes, context)
  }
  return { writer, reached: reached.promise, open: () => opened.resolve() }
}

async function expire(pool: Pool, id: string): Promise<void> {
  await pool.query(`update import_job set heartbeat_at = now() - interval '1 hour' where id = $1`, [id])
}

const productsOf = (pool: Pool) => rowsOf(pool, 'select key, status, i18n, version from product order by key')

test('a file is imported block by block, and its chunks are gone afterwards', async () => {
  await using database = await testDatabase()
  const id = await upload(database.primary, FILE)
  const job = await runToEnd(database.primary, id, writeProducts)
  const count = LINES.length
  expect(countsOf(job)).toEqual({
    state: 'succeeded',
    linesTotal: count,
    linesDone: count,
    created: count,
    updated: 0,
    unchanged: 0,
    failed: 0,
  })
  expect(await rowsOf(database.primary, 'select count(*)::int as n from import_chunk')).toEqual([{ n: 0 }])
})

test('the same file again is unchanged, line by line', async () => {
  await using database = await testDatabase()
  await runToEnd(database.primary, await upload(database.primary, FILE), writeProducts)
  const job = await runToEnd(database.primary, await upload(database.primary, FILE), writeProducts)
  expect(countsOf(job)).toMatchObject({ state: 'succeeded', created: 0, updated: 0, unchanged: LINES.length })
})

test('a runner that is cut off in the middle of a block is followed by another that ends in the same state', async () => {
  await using whole = await testDatabase()
  await using cut = await testDatabase()
  await runToEnd(whole.primary, await upload(whole.primary, FILE), writeProducts)

  const id = await upload(cut.primary, FILE)
  const gate = gateAtBlock(3)
  const killed = makeRunner(cut.primary, gate.writer)
  killed.start()
  await gate.reached
  expect((await findImportJob(cut.primary, id))?.linesDone).toBe(2 * BLOCK_RECORDS)
  await endBackendsInTransaction(cut)
  await expire(cut.primary, id)
  const job = await runToEnd(cut.primary, id, writeProducts)
  gate.open()
  await killed.stop()

  expect(countsOf(job)).toMatchObject({ state: 'succeeded', linesDone: LINES.length, created: LINES.length })
  expect(await catalogOf(cut.primary)).toEqual(await catalogOf(whole.primary))
})

async function endBackendsInTransaction(database: TestDatabase): Promise<void> {
  await database.primary.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'`)
}

test('a process that was presumed dead cannot commit what its successor has applied', async () => {
  await using database = await testDatabase()
  const id = await upload(database.primary, FILE)
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const sleepy = makeRunner(database.primary, async (client, writes, context) => {
    reached.resolve()
    await opened.promise
    return await writeProducts(client, writes, context)
  })
  sleepy.start()
  await reached.promise
  await expire(database.primary, id)
  const job = await runToEnd(database.primary, id, writeProducts)
  opened.resolve()
  await sleepy.stop()
  expect(countsOf((await findImportJob(database.primary, id)) ?? job)).toEqual(countsOf(job))
  expect(countsOf(job)).toMatchObject({ state: 'succeeded', created: LINES.length, linesDone: LINES.length })
})

test('two runners at once never have one job between them', async () => {
  await using database = await testDatabase()
  const id = await upload(database.primary, FILE)
  let [inside, most] = [0, 0]
  const counted: WriteProducts = async (client, writes, context) => {
    inside += 1
    most = Math.max(most, inside)
    const results = await writeProducts(client, writes, context)
    inside -= 1
    return results
  }
  const runners = [1, 2, 3].map(() => makeRunner(database.primary, counted))
  for (const runner of runners) runner.start()
  await waitForState(database.primary, id, ['succeeded'])
  await Promise.all(runners.map((runner) => runner.stop()))
  expect(most).toBe(1)
})

test('a runner that stops gives its job back, and another goes on at once', async () => {
  await using database = await testDatabase()
  const id = await upload(database.primary, FILE)
  const gate = gateAtBlock(2)
  const first = makeRunner(database.primary, gate.writer)
  first.start()
  await gate.reached
  const stopped = first.stop()
  gate.open()
  await stopped
  expect(await rowsOf(database.primary, 'select owner, next_line, state from import_job')).toEqual([
    { owner: null, next_line: 2 * BLOCK_RECORDS + 1, state: 'running' },
  ])
  expect((await runToEnd(database.primary, id, writeProducts)).created).toBe(LINES.length)
})

test('a connection that breaks within a block loses nothing and repeats nothing', async () => {
  await using database = await testDatabase()
  const id = await upload(database.primary, FILE)
  let broken = false
  const job = await runToEnd(database.primary, id, async (client, writes, context) => {
    const results = await writeProducts(client, writes, context)
    if (!broken) {
      broken = true
      await client.query('select pg_terminate_backend(pg_backend_pid())')
    }
    return results
  })
  expect(countsOf(job)).toMatchObject({ state: 'succeeded', created: LINES.length, linesDone: LINES.length })
})

test('of lines with one key the later one wins, within a block as between blocks', async () => {
  await using database = await testDatabase()
  const line = (title: string) => JSON.stringify({ key: 'SAME', title })
  const file = [
    line('1'),
    line('2'),
    JSON.stringify({ key: 'OTHER', title: 'x' }),
    line('3'),
    line('3'),
    ...productLines(BLOCK_RECORDS),
    line('4'),
  ]
  const job = await runToEnd(database.primary, await upload(database.primary, file.join('\n')), writeProducts)
  expect(countsOf(job)).toMatchObject({ created: 2 + BLOCK_RECORDS, updated: 3, unchanged: 1, failed: 0 })
  expect(await rowsOf(database.primary, `select i18n -> 'en' ->> 'title' as title, version::int from product where key = 'SAME'`)).toEqual([
    { title: '4', version: 4 },
  ])
})

test('mode create refuses what is there, mode update what is not, and each line fails alone', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const line = (key: string, title: string) => JSON.stringify({ key, title })
  await runToEnd(primary, await upload(primary, line('OLD', 'old')), writeProducts)
  const file = [line('OLD', 'newer'), line('NEW', 'new')].join('\n')
  const create = await runToEnd(primary, await upload(primary, file, { mode: 'create' }), writeProducts)
  expect(countsOf(create)).toMatchObject({ state: 'partial', created: 1, updated: 0, failed: 1 })
  expect(await listImportErrors(primary, create.id, 0, 9)).toMatchObject([
    { line: 1, key: 'OLD', problem: { type: '/problems/key-taken' } },
  ])
  const update = await runToEnd(primary, await upload(primary, `${file}\n${line('NONE', 'x')}`, { mode: 'update' }), writeProducts)
  expect(countsOf(update)).toMatchObject({ state: 'partial', created: 0, updated: 1, unchanged: 1, failed: 1 })
  expect(await listImportErrors(primary, update.id, 0, 9)).toMatchObject([
    { line: 3, key: 'NONE', problem: { type: '/problems/not-found' } },
  ])
})

test('a dry run writes nothing, tells what would fail, and can be applied', async () => {
  await using database = await testDatabase()
  const { primary } = database
  await runToEnd(primary, await upload(primary, LINES[0] ?? ''), writeProducts)
  const before = await productsOf(primary)
  const outbox = await rowsOf(primary, 'select count(*) from outbox')
  const id = await upload(primary, `${FILE}\n{"key":"BAD"}`, { mode: 'create', dryRun: true })
  const checked = await runToEnd(primary, id, writeProducts)
  const counts = {
    linesTotal: LINES.length + 1,
    linesDone: LINES.length + 1,
    created: LINES.length - 1,
    updated: 0,
    unchanged: 0,
    failed: 2,
  }
  expect(countsOf(checked)).toEqual({ state: 'ready', ...counts })
  expect((await listImportErrors(primary, id, 0, 9)).map((error) => error.line)).toEqual([1, LINES.length + 1])
  expect(await productsOf(primary)).toEqual(before)
  expect(await rowsOf(primary, 'select count(*) from outbox')).toEqual(outbox)

  expect(await inTransaction(primary, (client) => applyDryRun(client, id))).toBe(true)
  const applied = await runToEnd(primary, id, writeProducts)
  expect(countsOf(applied)).toEqual({ state: 'partial', ...counts })
  expect((await productsOf(primary)).length).toBe(LINES.length)
  expect(await inTransaction(primary, (client) => applyDryRun(client, id))).toBe(false)
})

test('a cancelled import keeps what was applied and undoes the block in flight', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const id = await upload(primary, FILE)
  const gate = gateAtBlock(3)
  const runner = makeRunner(primary, gate.writer)
  runner.start()
  await gate.reached
  expect(await endJob(primary, id, 'cancelled', null)).toBe(true)
  gate.open()
  await runner.stop()
  expect(countsOf((await findImportJob(primary, id))!)).toMatchObject({
    state: 'cancelled',
    linesDone: 2 * BLOCK_RECORDS,
    created: 2 * BLOCK_RECORDS,
  })
  expect((await productsOf(primary)).length).toBe(2 * BLOCK_RECORDS)
  expect(await rowsOf(primary, 'select count(*)::int as n from import_chunk')).toEqual([{ n: 0 }])
  expect(await endJob(primary, id, 'cancelled', null)).toBe(false)
})

test('a retry handles the lines that failed, no others, under their numbers', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const seen: string[] = []
  let mended = false
  const writer: WriteProducts = async (client, writes, context) => {
    const puts = writes.filter((write) => write.op === 'put')
    seen.push(...puts.map((write) => write.input.key))
    const results = await writeProducts(client, writes, context)
    return results.map((result, i) => (!mended && puts[i]?.input.key.endsWith('77') ? { ok: false, error: keyTaken('x') } : result))
  }
  const lines = LINES.slice(0, 990)
  lines[9] = '{"key":'
  const id = await upload(primary, lines.join('\n'))
  const first = await runToEnd(primary, id, writer)
  expect(countsOf(first)).toMatchObject({ state: 'partial', failed: 11, created: lines.length - 11 })
  const failedLines = (await listImportErrors(primary, id, 0, 99)).map((error) => error.line)
  expect(failedLines).toEqual([10, 77, 177, 277, 377, 477, 577, 677, 777, 877, 977])

  seen.length = 0
  mended = true
  expect(await inTransaction(primary, (client) => retryFailedLines(client, id))).toBe(true)
  const second = await runToEnd(primary, id, writer)
  expect(seen).toHaveLength(10)
  expect(countsOf(second)).toMatchObject({ state: 'partial', failed: 1, linesDone: lines.length, linesTotal: lines.length })
  expect((await listImportErrors(primary, id, 0, 99)).map((error) => error.line)).toEqual([10])
  const running = await upload(primary, 'x')
  expect(await inTransaction(primary, (client) => retryFailedLines(client, running))).toBe(false)
})

test('a line that makes the whole statement fail is found and fails alone', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const poisoned: WriteProducts = async (client, writes, context) => {
    if (writes.some((write) => write.op === 'put' && write.input.key === 'P-00300')) await client.query('select 1 / 0')
    return await writeProducts(client, writes, context)
  }
  const job = await runToEnd(primary, await upload(primary, FILE), poisoned)
  expect(countsOf(job)).toMatchObject({ state: 'partial', failed: 1, created: LINES.length - 1 })
  expect(await listImportErrors(primary, job.id, 0, 9)).toMatchObject([
    { line: 300, key: 'P-00300', problem: { type: '/problems/internal', detail: 'The product could not be written' } },
  ])
})

test('imports run one after another in the order they came', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const ids = [await upload(primary, '{"key":"A","title":"1"}'), await upload(primary, '{"key":"A","title":"2"}')]
  const runner = makeRunner(primary, writeProducts)
  runner.start()
  const jobs = [await waitForState(primary, ids[0]!, ['succeeded']), await waitForState(primary, ids[1]!, ['succeeded'])]
  await runner.stop()
  expect(jobs.map((job) => [job.created, job.updated])).toEqual([
    [1, 0],
    [0, 1],
  ])
})

test('an import that has to wait says why, and goes on when it may', async () => {
  await using database = await testDatabase()
  const { primary } = database
  const id = await upload(primary, FILE)
  const gate = Promise.withResolvers<void>()
  const pacing = {
    turn: async (_signal: AbortSignal, onWait: (reason: string) => void) => {
      onWait('a replica is 1500 ms behind')
      await gate.promise
    },
  }
  const registry = new Registry()
  const runner = makeRunner(primary, writeProducts, { pacing, metrics: createImportMetrics(registry) })
  runner.start()
  await vi.waitFor(async () => expect((await findImportJob(primary, id))?.throttleReason).toBe('a replica is 1500 ms behind'))
  expect(await registry.metrics()).toContain('catalog_import_throttled 1')
  gate.resolve()
  expect((await waitForState(primary, id, ['succeeded'])).throttleReason).toBeNull()
  expect(await registry.metrics()).toContain(`catalog_import_lines_total{outcome="created"} ${LINES.length}`)
  await runner.stop()
})

test('an empty file succeeds with nothing done', async () => {
  await using database = await testDatabase()
  const job = await runToEnd(database.primary, await upload(database.primary, '\n \r\n'), writeProducts)
  expect(countsOf(job)).toEqual({ state: 'succeeded', linesTotal: 0, linesDone: 0, created: 0, updated: 0, unchanged: 0, failed: 0 })
})
