import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { adminProduct, patchOf, putOf, readModelOf, writeAll, writeOne } from './test-writer.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

function titled(key: string, title: string, slug?: string): Record<string, unknown> {
  return { key, status: 'active', title, ...(slug === undefined ? {} : { slug }) }
}

async function slugOf(key: string): Promise<string | undefined> {
  return (await adminProduct(database.primary, key)).i18n['en']?.slug
}

/** Who a slug leads to, and whether it is that product's present one. */
async function leadsTo(slug: string): Promise<unknown> {
  const query = `select p.key, s.current from product_slug s join product p on p.id = s.product_id where s.locale = 'en' and s.slug = $1`
  return (await database.primary.query(query, [slug])).rows[0]
}

test('products of one title get slugs of their own, in one batch and one after the other', async () => {
  await writeAll(
    database.primary,
    ['T-1', 'T-2'].map((key) => putOf(titled(key, 'Twin'))),
  )
  await writeOne(database.primary, putOf(titled('T-3', 'Twin')))
  expect([await slugOf('T-1'), await slugOf('T-2'), await slugOf('T-3')]).toEqual(['twin', 'twin-t-2', 'twin-t-3'])
  expect(await writeOne(database.primary, putOf(titled('T-2', 'Twin')))).toMatchObject({ outcome: 'unchanged' })
})

test('a slug is per locale', async () => {
  const both = { key: 'L-1', i18n: { en: { title: 'Local' }, de: { title: 'Local' } } }
  await writeOne(database.primary, putOf(both))
  expect((await adminProduct(database.primary, 'L-1')).i18n).toMatchObject({ en: { slug: 'local' }, de: { slug: 'local' } })
})

test('a slug asked for by name is refused while it is another one, and taken over once it is an old one', async () => {
  const owner = await writeOne(database.primary, putOf(titled('N-1', 'Named')))
  const asking = putOf(titled('N-2', 'Other', 'named'))
  await expect(writeOne(database.primary, asking)).rejects.toMatchObject({ problem: 'slug-taken', extra: { slug: 'named', locale: 'en' } })
  const renamed = await writeOne(database.primary, putOf(titled('N-1', 'Renamed')))
  expect(renamed).toMatchObject({ outcome: 'updated', version: 2 })
  expect((await readModelOf(database.primary, owner.id)).doc?.i18n['en']?.slug).toBe('renamed')
  expect(await leadsTo('named')).toEqual({ key: 'N-1', current: false })
  await writeOne(database.primary, asking)
  expect(await leadsTo('named')).toEqual({ key: 'N-2', current: true })
})

test('an old slug is left to its product by those that only have the same title, and can be claimed back', async () => {
  await writeOne(database.primary, putOf(titled('O-1', 'Old')))
  await writeOne(database.primary, putOf(titled('O-1', 'Newer')))
  await writeOne(database.primary, putOf(titled('O-2', 'Old')))
  expect(await slugOf('O-2')).toBe('old-o-2')
  await writeOne(database.primary, putOf(titled('O-1', 'Old')))
  expect(await leadsTo('old')).toEqual({ key: 'O-1', current: true })
  expect(await leadsTo('newer')).toEqual({ key: 'O-1', current: false })
})

test('a slug chosen by name stays until a PUT brings another title, or none chooses it', async () => {
  await writeOne(database.primary, putOf(titled('C-1', 'Chosen', 'my-own')))
  expect(await writeOne(database.primary, putOf(titled('C-1', 'Chosen', 'my-own')))).toMatchObject({ outcome: 'unchanged' })
  await writeOne(database.primary, patchOf('C-1', { tags: ['x'] }))
  expect(await slugOf('C-1')).toBe('my-own')
  expect(await writeOne(database.primary, putOf({ ...titled('C-1', 'Chosen'), tags: ['x'] }))).toMatchObject({ outcome: 'updated' })
  expect(await slugOf('C-1')).toBe('chosen')
})

test('one gives a slug up, the next one takes it in the same batch', async () => {
  await writeOne(database.primary, putOf(titled('S-1', 'Swap')))
  const results = await writeAll(database.primary, [putOf(titled('S-1', 'Given')), putOf(titled('S-2', 'Swap', 'swap'))])
  expect(results.map((result) => result.ok)).toEqual([true, true])
  expect(await leadsTo('swap')).toEqual({ key: 'S-2', current: true })
})

test('what comes back from the bin yields a slug that went to another one meanwhile', async () => {
  const first = await writeOne(database.primary, putOf(titled('B-1', 'Binned')))
  await writeOne(database.primary, { op: 'delete', product: { id: first.id }, ifVersion: null })
  expect(await leadsTo('binned')).toEqual({ key: 'B-1', current: false })
  await writeOne(database.primary, putOf(titled('B-2', 'Another', 'binned')))
  const restored = await writeOne(database.primary, { op: 'restore', product: { key: 'B-1' }, ifVersion: null })
  expect(restored).toMatchObject({ outcome: 'restored', version: 2 })
  expect(await slugOf('B-1')).toBe('binned-b-1')
  expect(await leadsTo('binned')).toEqual({ key: 'B-2', current: true })
})

test('a title without a letter gets a slug of its key', async () => {
  await writeOne(database.primary, putOf(titled('🙂-7', '🙂🙂')))
  expect(await slugOf('🙂-7')).toBe('7')
})
