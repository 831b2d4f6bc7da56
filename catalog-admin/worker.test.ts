import { afterAll, beforeAll, expect, test } from 'vitest'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { inTransaction } from '../shared/postgres.ts'
import { testDatabase, type TestDatabase } from '../test/support/parts.ts'
import { parseProductInput } from './product/parse-product-input.ts'
import { writeProducts } from './product/product-writer.ts'
import { type Chore, chores, runChore, runWorker } from './worker.ts'

let database: TestDatabase
beforeAll(async () => void (database = await testDatabase()))
afterAll(async () => await database[Symbol.asyncDispose]())

function chore(name: string): Chore {
  const found = chores.find((one) => one.name === name)
  if (found === undefined) throw new Error(`No chore ${name}`)
  return found
}

async function count(table: string): Promise<number> {
  return Number((await database.primary.query<{ n: string }>(`select count(*) as n from ${table}`)).rows[0]?.n)
}

test('published outbox rows older than 7 days go, younger and unpublished ones stay', async () => {
  await database.primary.query(`
    insert into outbox (product_id, rev, type, published_at)
    select gen_random_uuid(), n, 'updated', now() - case when n <= 1500 then interval '8 days' else interval '6 days' end
    from generate_series(1, 1700) n`)
  expect(await runChore(database.primary, chore('outbox'))).toBe(1_000)
  expect(await runChore(database.primary, chore('outbox'))).toBe(500)
  expect(await runChore(database.primary, chore('outbox'))).toBe(0)
  expect(await count('outbox')).toBe(200)
  // How far they are gone stays known: readers of the change feed that were away longer are told so.
  const { rows } = await database.primary.query(`
    select start.id < (select min(id) from outbox) as "isBefore", start.id >= (select min(id) - 1 from outbox) as "isLast"
    from outbox_start as start`)
  expect(rows).toEqual([{ isBefore: true, isLast: true }])
})

test('idempotency keys go after 24 hours, audit entries after 400 days', async () => {
  await database.primary.query(`
    insert into idempotency_key (principal, key, request_hash, answer, created_at)
    values ('a', 'old', '', '{}', now() - interval '25 hours'), ('a', 'young', '', '{}', now() - interval '23 hours')`)
  await database.primary.query(`
    insert into audit_log (actor, action, resource, resource_id, at)
    values ('a', 'put', 'product', 'old', now() - interval '401 days'), ('a', 'put', 'product', 'young', now() - interval '399 days')`)
  expect(await runChore(database.primary, chore('idempotency keys'))).toBe(1)
  expect(await runChore(database.primary, chore('audit'))).toBe(1)
  expect((await database.primary.query('select key from idempotency_key')).rows).toEqual([{ key: 'young' }])
  expect((await database.primary.query('select resource_id from audit_log')).rows).toEqual([{ resource_id: 'young' }])
})

test('what an import left goes 7 days after it ended, and nothing of one that still runs', async () => {
  await database.primary.query(`
    insert into import_job (id, state, format, mode, created_by, finished_at)
    values ('00000000-0000-7000-8000-000000000001', 'partial', 'ndjson', 'upsert', 'a', now() - interval '8 days'),
      ('00000000-0000-7000-8000-000000000002', 'partial', 'ndjson', 'upsert', 'a', now() - interval '6 days'),
      ('00000000-0000-7000-8000-000000000003', 'running', 'ndjson', 'upsert', 'a', now() - interval '8 days')`)
  await database.primary.query(`insert into import_error (job_id, line, problem) select id, 1, '{}' from import_job`)
  await database.primary.query(`insert into import_chunk (job_id, n, first_line, line_count, lines) select id, 0, 1, 1, '' from import_job`)
  expect(await runChore(database.primary, chore('import errors'))).toBe(1)
  expect(await runChore(database.primary, chore('import chunks'))).toBe(1)
  expect([await count('import_error'), await count('import_chunk')]).toEqual([2, 2])
})

test('two processes at one chore: one does it, the other leaves it', async () => {
  const inside = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const slow: Chore = {
    name: 'slow',
    everyMs: 1,
    run: async () => {
      inside.resolve()
      await gate.promise
      return 7
    },
  }
  const first = runChore(database.primary, slow)
  await inside.promise
  expect(await runChore(database.primary, { ...slow, run: () => Promise.reject(new Error('not its turn')) })).toBe(0)
  gate.resolve()
  expect(await first).toBe(7)
})

test('a chore that fails is counted and tried again, and the others go on', async () => {
  const abort = new AbortController()
  const metrics = new Registry()
  const tries = Promise.withResolvers<void>()
  const works = Promise.withResolvers<void>()
  let failures = 0
  const some: Chore[] = [
    {
      name: 'broken',
      everyMs: 1,
      run: () => {
        if (++failures === 2) tries.resolve()
        return Promise.reject(new Error('broken'))
      },
    },
    {
      name: 'sound',
      everyMs: 1,
      run: () => {
        works.resolve()
        return Promise.resolve(0)
      },
    },
  ]
  const running = runWorker({ pool: database.primary, chores: some, metrics, log: pino({ level: 'silent' }) }, abort.signal)
  await Promise.all([tries.promise, works.promise])
  abort.abort()
  await running
  expect(await metrics.metrics()).toMatch(/catalog_worker_failures_total\{chore="broken"\} [1-9]/)
})

test('a product is published when its time has come, and one in the bin for 30 days is gone', async () => {
  const id = '00000000-0000-7000-8000-0000000000a1'
  const input = parseProductInput({ key: 'due', title: 'Due', status: 'active', publishAt: new Date(Date.now() + 3_600_000).toISOString() })
  if (!input.ok) throw new Error(JSON.stringify(input.errors))
  const write = { op: 'put', input: input.input, mode: 'create', ifVersion: null } as const
  await inTransaction(database.primary, (client) => writeProducts(client, [write], { actor: id, requestId: null }))
  const state = async () => (await database.primary.query<{ state: string }>('select state from read.product')).rows.map((row) => row.state)
  expect(await state()).toEqual(['hidden'])
  expect(await runChore(database.primary, chore('publish due'))).toBe(0)
  await database.primary.query(`update product set due_at = now() - interval '1 second', publish_at = now() - interval '1 second'`)
  expect(await runChore(database.primary, chore('publish due'))).toBe(1)
  expect(await state()).toEqual(['visible'])
  expect(await runChore(database.primary, chore('publish due'))).toBe(0)

  await database.primary.query(`update product set deleted_at = now() - interval '29 days'`)
  expect(await runChore(database.primary, chore('bin'))).toBe(0)
  await database.primary.query(`update product set deleted_at = now() - interval '31 days'`)
  expect(await runChore(database.primary, chore('bin'))).toBe(1)
  expect(await count('product')).toBe(0)
})
