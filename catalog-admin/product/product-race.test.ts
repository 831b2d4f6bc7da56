import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PoolClient } from 'pg'
import { inTransaction } from '../../shared/postgres.ts'
import { CatalogError } from '../../shared/problem.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import type { ProductWrite, WriteResult } from './product-write.ts'
import { writeProducts } from './product-writer.ts'
import { adminProduct, patchOf, putOf, writeAll, writeOne } from './test-writer.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

const context = { actor: 'tester', requestId: null }

/** Resolves when as many other connections as named wait for a lock: what they wait for is what the test holds. */
async function waiting(many: number): Promise<void> {
  const query = `select count(*)::int as many from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  for (;;) {
    const { rows } = await database.primary.query<{ many: number }>(query)
    if ((rows[0]?.many ?? 0) >= many) return
  }
}

/** The first transaction has written but not committed; the second one begins, and waits for it. */
async function race(first: readonly ProductWrite[], second: readonly ProductWrite[]): Promise<readonly WriteResult[]> {
  let later: Promise<readonly WriteResult[]> | undefined
  await inTransaction(database.primary, async (client: PoolClient) => {
    await writeProducts(client, first, context)
    later = writeAll(database.primary, second)
    later.catch(() => {})
    await waiting(1)
  })
  return (await later) ?? []
}

test('two writers that make the same product: one creates it, the other one finds it', async () => {
  const [result] = await race([putOf({ key: 'R-1', title: 'One' })], [putOf({ key: 'R-1', title: 'Two' })])
  expect(result).toMatchObject({ ok: true, outcome: 'updated', version: 2 })
  const [refused] = await race([putOf({ key: 'R-2', title: 'One' })], [putOf({ key: 'R-2', title: 'Two' }, { mode: 'create' })])
  expect(refused).toMatchObject({ ok: false, error: { problem: 'key-taken' } })
})

test('a writer that waited for another product sees that its new one was made meanwhile', async () => {
  await writeOne(database.primary, putOf({ key: 'R-14', title: 'T' }))
  const both = (tag: string) => ['R-14', 'R-15'].map((key) => putOf({ key, title: key, tags: [tag], variants: [{ sku: key }] }))
  // The later one's lock has a snapshot from before R-15, what it reads after the wait has not: that SKU is no other product's.
  expect(await race(both('one'), both('two'))).toMatchObject([
    { ok: true, outcome: 'updated' },
    { ok: true, outcome: 'updated' },
  ])
  expect((await adminProduct(database.primary, 'R-15')).tags).toEqual(['two'])
})

test('two products that want one SKU: the later one hears of it', async () => {
  const selling = (key: string) => putOf({ key, title: key, variants: [{ sku: 'R-SKU' }] })
  const [refused] = await race([selling('R-3')], [selling('R-4')])
  expect(refused).toMatchObject({ ok: false, error: { problem: 'sku-taken' } })
})

test('two products that want one slug: by title both get one, by name the later one hears of it', async () => {
  const [made] = await race([putOf({ key: 'R-5', title: 'Slug' })], [putOf({ key: 'R-6', title: 'Slug' })])
  expect(made).toMatchObject({ ok: true })
  expect((await adminProduct(database.primary, 'R-6')).i18n['en']?.slug).toBe('slug-r-6')
  const [refused] = await race([putOf({ key: 'R-7', title: 'A', slug: 'wanted' })], [putOf({ key: 'R-8', title: 'B', slug: 'wanted' })])
  expect(refused).toMatchObject({ ok: false, error: { problem: 'slug-taken' } })
})

test('two writers that make the same brand, category and attribute share them', async () => {
  const referring = (key: string) => putOf({ key, title: key, brand: 'Shared', categories: [['New', 'Newer']], attributes: { fresh: 1 } })
  const [result] = await race([referring('R-9')], [referring('R-10')])
  expect(result).toMatchObject({ ok: true })
  const { rows } = await database.primary.query(`select count(*)::int as many from brand where name = 'Shared'`)
  expect(rows).toEqual([{ many: 1 }])
})

test('a writer that waited compares with what the other one left, not with what it saw before', async () => {
  await writeOne(database.primary, putOf({ key: 'R-11', title: 'T', variants: [{ sku: 'R-11', stock: 1 }] }))
  const stock = (quantity: number) => putOf({ key: 'R-11', title: 'T', variants: [{ sku: 'R-11', stock: quantity }] })
  // Back to 1: against the old snapshot this looked like no change at all.
  const [result] = await race([stock(2)], [stock(1)])
  expect(result).toMatchObject({ ok: true, outcome: 'updated' })
  expect((await adminProduct(database.primary, 'R-11')).variants[0]?.stock).toBe(1)
})

test('two writers on one product lose nothing: each edits the version that it read', async () => {
  await writeOne(database.primary, putOf({ key: 'R-12', title: 'T' }))
  const names = Array.from({ length: 12 }, (_, i) => `tag-${i}`)
  await Promise.all(names.map((name) => addTag('R-12', name)))
  expect([...(await adminProduct(database.primary, 'R-12')).tags].sort()).toEqual([...names].sort())
  expect((await adminProduct(database.primary, 'R-12')).version).toBe(1 + names.length)
})

async function addTag(key: string, name: string): Promise<void> {
  for (;;) {
    const { tags, version } = await adminProduct(database.primary, key)
    try {
      await writeOne(database.primary, patchOf(key, { tags: [...tags, name] }, { ifVersion: version }))
      return
    } catch (error) {
      if (!(error instanceof CatalogError) || error.problem !== 'version-conflict') throw error
    }
  }
}

test('batches that name the same products in opposite orders wait, and both are written', async () => {
  const keys = Array.from({ length: 60 }, (_, i) => `R-B${i}`)
  const batch = (round: number, order: readonly string[]) =>
    writeAll(
      database.primary,
      order.map((key) => putOf({ key, title: key, brand: `B${key}`, tags: [`round ${round}`], categories: [[`C${key}`]] })),
    )
  const results = await Promise.all(Array.from({ length: 6 }, (_, i) => batch(i, i % 2 === 0 ? keys : keys.toReversed())))
  expect(results.flat().filter((result) => !result.ok)).toEqual([])
  const { rows } = await database.primary.query(`select count(*)::int as many from product where key like 'R-B%'`)
  expect(rows).toEqual([{ many: 60 }])
})

test('of two changes the later one has the greater rev', async () => {
  const { id, rev } = await writeOne(database.primary, putOf({ key: 'R-13', title: 'T' }))
  const [second] = await race([patchOf('R-13', { tags: ['a'] })], [patchOf('R-13', { tags: ['b'] })])
  const { rows } = await database.primary.query<{ rev: number }>(
    'select rev::float8 as rev from outbox where product_id = $1 order by id',
    [id],
  )
  const revs = rows.map((row) => row.rev)
  expect(revs).toHaveLength(3)
  expect(revs).toEqual([...revs].sort((a, b) => a - b))
  expect(revs[0]).toBe(rev)
  expect(second?.ok === true && second.rev).toBe(revs[2])
})
