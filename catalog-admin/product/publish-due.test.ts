import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTransaction } from '../../shared/postgres.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { publishDue } from './publish-due.ts'
import { purgeBin } from './purge-bin.ts'
import { adminProduct, patchOf, putOf, readModelOf, rowVersions, writeOne } from './test-writer.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

const publish = (limit = 100) => inTransaction(database.primary, (client) => publishDue(client, limit))
const purge = (days: number, limit = 100) => inTransaction(database.primary, (client) => purgeBin(client, days, limit))
const FUTURE = '2999-01-01T00:00:00.000Z'

function waiting(key: string, publishAt: string): Record<string, unknown> {
  return { key, status: 'active', title: key, publishAt, variants: [{ sku: key, prices: [{ channel: 'default', amount: 1 }] }] }
}

/** Time passes: what waits for FUTURE is due. */
async function timePasses(...keys: string[]): Promise<void> {
  await database.primary.query(`update product set publish_at = now(), due_at = now() where key = any($1)`, [keys])
}

test('a product waits hidden for its time, and is published once, with its version and updatedAt as they were', async () => {
  const { id, rev } = await writeOne(database.primary, putOf(waiting('D-1', FUTURE)))
  const before = await adminProduct(database.primary, 'D-1')
  expect(await readModelOf(database.primary, id)).toMatchObject({ state: 'hidden', doc: null })
  expect(await publish()).toBe(0)
  await timePasses('D-1')
  expect(await publish()).toBe(1)
  const published = await readModelOf(database.primary, id)
  expect(published).toMatchObject({ state: 'visible', doc: { key: 'D-1', updatedAt: before.updatedAt } })
  expect(published.rev).toBeGreaterThan(rev)
  expect(await adminProduct(database.primary, 'D-1')).toMatchObject({ version: 1, rev: published.rev, updatedAt: before.updatedAt })
  expect((await database.primary.query('select from read.listing where product_id = $1', [id])).rowCount).toBe(1)
  expect((await database.primary.query('select type from outbox where product_id = $1 order by id', [id])).rows).toEqual([
    { type: 'created' },
    { type: 'updated' },
  ])
  expect(await publish()).toBe(0)
})

test('nothing that is a draft, in the bin or published already is ever due', async () => {
  await writeOne(database.primary, putOf({ ...waiting('D-2', FUTURE), status: 'draft' }))
  await writeOne(database.primary, putOf(waiting('D-3', FUTURE)))
  await writeOne(database.primary, { op: 'delete', product: { key: 'D-3' }, ifVersion: null })
  await writeOne(database.primary, putOf(waiting('D-4', '2020-01-01T00:00:00Z')))
  const { rows } = await database.primary.query(`select key from product where key like 'D-%' and due_at is not null`)
  expect(rows).toEqual([])
  await writeOne(database.primary, { op: 'restore', product: { key: 'D-3' }, ifVersion: null })
  expect((await database.primary.query(`select key from product where due_at is not null`)).rows).toEqual([{ key: 'D-3' }])
})

test('a product that is being edited when it comes due is left to the edit, which publishes it', async () => {
  const { id } = await writeOne(database.primary, putOf(waiting('D-5', FUTURE)))
  await timePasses('D-5')
  await inTransaction(database.primary, async (client) => {
    await client.query('select from product where id = $1 for update', [id])
    expect(await publish()).toBe(0)
  })
  await writeOne(database.primary, patchOf('D-5', { tags: ['x'] }))
  expect(await readModelOf(database.primary, id)).toMatchObject({ state: 'visible' })
  expect(await publish()).toBe(0)
})

test('what is due is published a batch at a time, the longest due first', async () => {
  for (const key of ['D-6', 'D-7', 'D-8']) await writeOne(database.primary, putOf(waiting(key, FUTURE)))
  await timePasses('D-7')
  await timePasses('D-6', 'D-8')
  expect(await publish(1)).toBe(1)
  expect(await readModelOf(database.primary, (await adminProduct(database.primary, 'D-7')).id)).toMatchObject({ state: 'visible' })
  expect(await publish(5)).toBe(2)
})

test('the bin is emptied of what has been there for long: key and SKU are free, the id stays gone', async () => {
  const old = await writeOne(database.primary, putOf(waiting('D-9', '2020-01-01T00:00:00Z')))
  const recent = await writeOne(database.primary, putOf(waiting('D-10', '2020-01-01T00:00:00Z')))
  for (const { id } of [old, recent]) await writeOne(database.primary, { op: 'delete', product: { id }, ifVersion: null })
  await database.primary.query(`update product set deleted_at = now() - interval '31 days' where id = $1`, [old.id])
  const events = await database.primary.query('select from outbox')
  expect(await purge(30)).toBe(1)
  expect(await purge(30)).toBe(0)
  expect((await database.primary.query('select from outbox')).rowCount).toBe(events.rowCount)
  expect(await readModelOf(database.primary, old.id)).toMatchObject({ state: 'deleted', doc: null })
  const again = await writeOne(database.primary, putOf(waiting('D-9', '2020-01-01T00:00:00Z')))
  expect(again).toMatchObject({ outcome: 'created', version: 1 })
  expect(again.id).not.toBe(old.id)
  expect(await adminProduct(database.primary, 'D-10')).toMatchObject({ id: recent.id, deletedAt: expect.any(String) })
})

test('with nothing due and nothing old nothing is written', async () => {
  const before = await rowVersions(database.primary)
  await publish()
  await purge(30)
  expect(await rowVersions(database.primary)).toEqual(before)
})
