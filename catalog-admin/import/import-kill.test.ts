import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Pool } from 'pg'
import { expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/support/parts.ts'
import { runProgram } from '../../test/support/run-program.ts'
import { writeProducts } from '../product/product-writer.ts'
import { findImportJob } from './import-job.ts'
import { BLOCK_RECORDS } from './line-blocks.ts'
import { catalogOf, countsOf, productLines, rowsOf, runToEnd, upload, waitForState } from './test-import.ts'

// A line that fails, one that comes twice and one that changes its product: what a resumed import could get wrong.
const IN_THIRD_BLOCK = `P-${String(2 * BLOCK_RECORDS + 100).padStart(5, '0')}`
const LINES = [
  ...productLines(4 * BLOCK_RECORDS),
  '{"key":"BAD"}',
  ...productLines(3),
  JSON.stringify({ key: IN_THIRD_BLOCK, title: 'New title' }),
]
const FILE = LINES.join('\n')

async function startAdmin(database: TestDatabase) {
  return await runProgram('catalog-admin/main.ts', { DATABASE_URL: database.primaryUrl })
}

/** There is no relay here: what it would wait for is taken as published. */
async function publishAtOnce(pool: Pool): Promise<void> {
  await pool.query('alter table outbox alter column published_at set default now()')
}

// Three start-ups of a program and two imports: seconds on a quiet machine, more on a busy one.
test('an import whose process is killed in the middle of a block ends in the same state as one that was not', async () => {
  await using whole = await testDatabase()
  await using cut = await testDatabase()
  const expected = await runToEnd(whole.primary, await upload(whole.primary, FILE), writeProducts)

  await publishAtOnce(cut.primary)
  const id = await upload(cut.primary, FILE)
  // The gate: a transaction of ours has this key, so the block that writes it waits half way through.
  const gate = await cut.primary.connect()
  await gate.query('begin')
  await gate.query(`insert into product (id, key, i18n, content_hash) values (gen_random_uuid(), $1, '{}', '')`, [IN_THIRD_BLOCK])
  await using killed = await startAdmin(cut)
  await blockedOn(cut.primary, 'Lock')
  expect((await findImportJob(cut.primary, id))?.linesDone).toBe(2 * BLOCK_RECORDS)
  await kill(killed.child)
  await gate.query('rollback')
  gate.release()

  await cut.primary.query(`update import_job set heartbeat_at = now() - interval '1 hour' where id = $1`, [id])
  await using successor = await startAdmin(cut)
  const job = await waitForState(cut.primary, id, ['partial', 'succeeded', 'failed'])
  expect(successor.child.exitCode).toBeNull()
  expect(countsOf(job)).toEqual(countsOf(expected))
  expect(countsOf(job)).toMatchObject({ created: 4 * BLOCK_RECORDS, unchanged: 3, updated: 1, failed: 1 })
  expect(await catalogOf(cut.primary)).toEqual(await catalogOf(whole.primary))
  expect(await errorsOf(cut.primary)).toEqual(await errorsOf(whole.primary))
}, 120_000)

const errorsOf = (pool: Pool) => rowsOf(pool, 'select line, key, problem from import_error order by line')

async function blockedOn(pool: Pool, waitEventType: string): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = $1`
  await vi.waitFor(async () => expect((await pool.query(waiting, [waitEventType])).rowCount).toBeGreaterThan(0), { timeout: 60_000 })
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
