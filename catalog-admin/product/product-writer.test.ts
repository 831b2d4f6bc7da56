import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { inTransaction } from '../../shared/postgres.ts'
import { revTimeline } from '../../shared/stamp.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import type { ProductWrite } from './product-write.ts'
import { writeProducts } from './product-writer.ts'
import { adminProduct, FACET_TEXT, patchOf, putOf, readModelOf, rowVersions, sentBack, writeAll, writeOne } from './test-writer.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

let count = 0
const newKey = (): string => `W-${++count}`

function jacket(key: string): Record<string, unknown> {
  return {
    key,
    status: 'active',
    brand: 'Acme',
    categories: [['Clothing', 'Jackets'], ['Sale']],
    tags: ['new', 'winter'],
    popularity: 12.5,
    i18n: { en: { title: `Jacket ${key}`, description: 'Warm' }, de: { title: `Jacke ${key}` } },
    attributes: { weight_g: 420, color: 'red', sizes: ['M', 'L'], waterproof: true },
    media: [{ url: 'https://example.com/front.jpg', alt: { en: 'front' } }],
    variants: [
      {
        sku: `${key}-M`,
        gtin: '4006381333931',
        options: { size: 'M' },
        prices: [{ channel: 'default', currency: 'USD', amount: 1999, compareAt: 2999 }],
        stock: 5,
      },
      { sku: `${key}-L`, options: { size: 'L' }, prices: [{ channel: 'default', amount: 2199 }] },
    ],
  }
}

function plain(key: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return { key, status: 'active', title: `Plain ${key}`, ...extra }
}

async function outboxOf(id: string): Promise<readonly { rev: number; type: string }[]> {
  const query = 'select rev::float8 as rev, type from outbox where product_id = $1 order by id'
  return (await database.primary.query<{ rev: number; type: string }>(query, [id])).rows
}

async function listingsOf(id: string): Promise<readonly { channel: string; category: string | null; price: number; tokens: string[] }[]> {
  const query = `
    select ch.code as channel, c.name as category, l.price_minor::float8 as price,
      array(select ${FACET_TEXT} from unnest(l.facets) as f) as tokens
    from read.listing l join channel ch on ch.id = l.channel_id left join category c on c.id = l.category_id
    where l.product_id = $1 order by ch.code, c.name nulls first`
  const { rows } = await database.primary.query<{ channel: string; category: string | null; price: number; tokens: string[] }>(query, [id])
  return rows.map((row) => ({ ...row, tokens: row.tokens.toSorted() }))
}

test('a new product has its document, its lists, one event and one line in the audit log', async () => {
  const key = newKey()
  const created = await writeOne(database.primary, putOf(jacket(key)))
  expect(created).toMatchObject({ outcome: 'created', key, version: 1 })
  expect(revTimeline(created.rev)).toBe(1)
  const { rev, state, doc } = await readModelOf(database.primary, created.id)
  expect({ rev, state }).toEqual({ rev: created.rev, state: 'visible' })
  expect(doc).toMatchObject({
    id: created.id,
    brand: { slug: 'acme', name: 'Acme' },
    categories: [{ slug: 'jackets', path: [{ en: 'Clothing' }, { en: 'Jackets' }] }, { path: [{ en: 'Sale' }] }],
    i18n: { en: { title: `Jacket ${key}`, description: 'Warm', slug: `jacket-${key.toLowerCase()}` } },
    attributes: { weight_g: 420, color: 'red', sizes: ['M', 'L'], waterproof: true },
    variants: [
      { sku: `${key}-M`, prices: { default: { amount: 1999, currency: 'USD', compareAt: 2999 } }, stock: 5 },
      { sku: `${key}-L`, prices: { default: { amount: 2199, currency: 'USD', compareAt: null } }, stock: null },
    ],
  })
  const tokens = [
    ...['brand:acme', 'category:clothing', 'category:jackets', 'category:sale', 'in stock', 'on sale', 'tag:new', 'tag:winter'],
    ...['color:red', 'size:L', 'size:M', 'sizes:L', 'sizes:M', 'waterproof:true', 'weight_g:420'],
  ].toSorted()
  expect(await listingsOf(created.id)).toEqual(
    [null, 'Clothing', 'Jackets', 'Sale'].map((category) => ({ channel: 'default', category, price: 1999, tokens })),
  )
  expect(await outboxOf(created.id)).toEqual([{ rev: created.rev, type: 'created' }])
  const audit = await database.primary.query('select actor, request_id, action, version from audit_log where resource_id = $1', [
    created.id,
  ])
  expect(audit.rows).toEqual([{ actor: 'tester', request_id: 'r-1', action: 'product.created', version: '1' }])
})

test('an equal write writes nothing, bumps nothing, emits nothing', async () => {
  const key = newKey()
  const created = await writeOne(database.primary, putOf(jacket(key)))
  const before = await rowVersions(database.primary)
  const { last_value: drawn } = (await database.primary.query('select last_value from catalog_rev')).rows[0] as { last_value: string }
  const again = await writeOne(database.primary, putOf(jacket(key)))
  expect(again).toEqual({ ...created, outcome: 'unchanged' })
  expect(await writeOne(database.primary, patchOf(key, { tags: ['new', 'winter'] }))).toEqual({ ...created, outcome: 'unchanged' })
  expect(await rowVersions(database.primary)).toEqual(before)
  expect((await database.primary.query('select last_value from catalog_rev')).rows).toEqual([{ last_value: drawn }])
})

test('what GET answers, sent back, changes nothing', async () => {
  const key = newKey()
  await writeOne(database.primary, putOf(jacket(key)))
  const product = await adminProduct(database.primary, key)
  expect(await writeOne(database.primary, putOf(sentBack(product)))).toMatchObject({ outcome: 'unchanged', rev: product.rev })
})

test('prices and stock raise rev, not version; a PUT that leaves them out leaves them as they are', async () => {
  const key = newKey()
  const [size, prices] = [{ size: 'M' }, [{ channel: 'default', amount: 1000 }]]
  const created = await writeOne(database.primary, putOf(plain(key, { variants: [{ sku: key, options: size, prices, stock: 3 }] })))
  const cheaper = await writeOne(
    database.primary,
    putOf(plain(key, { variants: [{ sku: key, options: size, prices: [{ channel: 'default', amount: 900 }] }] })),
  )
  expect(cheaper).toMatchObject({ outcome: 'updated', version: 1 })
  expect(cheaper.rev).toBeGreaterThan(created.rev)
  expect((await readModelOf(database.primary, created.id)).doc?.variants[0]).toMatchObject({
    prices: { default: { amount: 900 } },
    stock: 3,
  })
  expect(await listingsOf(created.id)).toMatchObject([{ price: 900 }])
  expect(await writeOne(database.primary, putOf(plain(key, { variants: [{ sku: key, options: size }] })))).toMatchObject({
    outcome: 'unchanged',
  })
  const untracked = await writeOne(
    database.primary,
    putOf(plain(key, { variants: [{ sku: key, options: size, prices: [], stock: null }] })),
  )
  expect(untracked).toMatchObject({ outcome: 'updated', version: 1 })
  expect((await adminProduct(database.primary, key)).variants[0]).toMatchObject({ prices: [], stock: null })
  expect(await listingsOf(created.id)).toEqual([])
})

test('variants keep their ids by SKU, in whatever order they come', async () => {
  const key = newKey()
  const variants = ['a', 'b', 'c'].map((name) => ({ sku: `${key}-${name}`, options: { name } }))
  await writeOne(database.primary, putOf(plain(key, { variants })))
  const before = new Map((await adminProduct(database.primary, key)).variants.map(({ sku, id }) => [sku, id]))
  await writeOne(database.primary, putOf(plain(key, { variants: [variants[2], { sku: `${key}-d` }, variants[0]] })))
  const after = (await adminProduct(database.primary, key)).variants
  expect(after.map(({ sku }) => sku)).toEqual([`${key}-c`, `${key}-d`, `${key}-a`])
  expect(after[0]?.id).toBe(before.get(`${key}-c`))
  expect(after[2]?.id).toBe(before.get(`${key}-a`))
})

test('a SKU of another product is refused, one that its owner gives up in the same batch is not', async () => {
  const [first, second] = [newKey(), newKey()]
  await writeOne(database.primary, putOf(plain(first, { variants: [{ sku: `${first}-x` }, { sku: `${first}-y` }] })))
  const taking = putOf(plain(second, { variants: [{ sku: `${first}-y` }] }))
  await expect(writeOne(database.primary, taking)).rejects.toMatchObject({ problem: 'sku-taken', extra: { sku: `${first}-y` } })
  const results = await writeAll(database.primary, [putOf(plain(first, { variants: [{ sku: `${first}-x` }] })), taking])
  expect(results).toMatchObject([
    { ok: true, outcome: 'updated' },
    { ok: true, outcome: 'created' },
  ])
})

test('a SKU that a product in the bin had is free for the next write once the product comes back without it', async () => {
  await writeAll(database.primary, [putOf({ key: 'binned', title: 'A', variants: [{ sku: 'binned-a' }, { sku: 'binned-shared' }] })])
  await writeAll(database.primary, [{ op: 'delete', product: { key: 'binned' }, ifVersion: null }])
  const results = await writeAll(database.primary, [
    putOf({ key: 'binned', title: 'A', variants: [{ sku: 'binned-a' }] }),
    putOf({ key: 'taker', title: 'B', variants: [{ sku: 'binned-shared' }] }),
  ])
  expect(results.map((result) => (result.ok ? result.outcome : result.error.problem))).toEqual(['created', 'created'])
})

test('one bad line of 250 fails alone, and leaves nothing behind', async () => {
  const keys = Array.from({ length: 250 }, newKey)
  const bad = keys[100] ?? ''
  const writes = keys.map((key) =>
    putOf(
      plain(
        key,
        key === bad ? { brand: 'Nobody', variants: [{ sku: key, prices: [{ channel: 'default', currency: 'EUR', amount: 1 }] }] } : {},
      ),
    ),
  )
  const results = await writeAll(database.primary, writes)
  expect(results.filter((result) => result.ok && result.outcome === 'created')).toHaveLength(249)
  const failed = results[100]
  expect(failed?.ok === false && failed.error).toMatchObject({
    problem: 'validation-failed',
    extra: { errors: [{ pointer: '/variants/0/prices', code: 'currency' }] },
  })
  expect((await database.primary.query(`select from brand where name = 'Nobody'`)).rowCount).toBe(0)
})

test('500 writes run the statements of one, and nine more for the rest of their rows of search', async () => {
  const statements = async (writes: readonly ProductWrite[]): Promise<number> =>
    await inTransaction(database.primary, async (client) => {
      const query = vi.spyOn(client, 'query')
      await writeProducts(client, writes, { actor: 'tester', requestId: null })
      const { length } = query.mock.calls
      query.mockRestore()
      return length
    })
  const fresh = () => putOf({ ...jacket(newKey()), brand: `Brand ${count}`, tags: [`tag ${count}`] })
  const [one, many] = [[fresh()], Array.from({ length: 500 }, fresh)]
  const [forOne, forMany] = [await statements(one), await statements(many)]
  expect(forMany).toBe(forOne + 9)
  const changed = (writes: readonly ProductWrite[]) =>
    writes.map((write) => (write.op === 'put' ? { ...write, input: { ...write.input, popularity: 1, categories: [['Sale']] } } : write))
  expect(await statements(changed(many))).toBe((await statements(changed(one))) + 9)
  expect(await statements(changed(many))).toBeLessThan(10)
})

test('a mode that does not fit what is there is refused', async () => {
  const key = newKey()
  await expect(writeOne(database.primary, putOf(plain(key), { mode: 'update' }))).rejects.toMatchObject({ problem: 'not-found' })
  await expect(writeOne(database.primary, putOf(plain(key), { ifVersion: 1 }))).rejects.toMatchObject({ problem: 'version-conflict' })
  await writeOne(database.primary, putOf(plain(key), { mode: 'create' }))
  await expect(writeOne(database.primary, putOf(plain(key), { mode: 'create' }))).rejects.toMatchObject({ problem: 'key-taken' })
})

test('a channel that is not there is made by a price with a currency, refused without one or with one that does not exist', async () => {
  const [first, second] = [newKey(), newKey()]
  const inStore = (key: string, currency?: string) =>
    plain(key, { locale: 'fr', variants: [{ sku: key, prices: [{ channel: 'store', currency, amount: 5 }] }] })
  await expect(writeOne(database.primary, putOf(inStore(first)))).rejects.toMatchObject({
    extra: { errors: [{ pointer: '/variants/0/prices', code: 'unknown-channel' }] },
  })
  await expect(writeOne(database.primary, putOf(inStore(first, 'QQQ')))).rejects.toMatchObject({
    extra: { errors: [{ pointer: '/variants/0/prices', code: 'currency' }] },
  })
  const results = await writeAll(database.primary, [putOf(inStore(first, 'EUR')), putOf(inStore(second, 'CHF'))])
  expect(results).toMatchObject([{ ok: true }, { ok: false, error: { problem: 'validation-failed' } }])
  const { rows } = await database.primary.query(`select currency, default_locale from channel where code = 'store'`)
  expect(rows).toEqual([{ currency: 'EUR', default_locale: 'fr' }])
  const audit = await database.primary.query(`select diff from audit_log where action = 'channel.created' and resource_id = 'store'`)
  expect(audit.rows).toEqual([{ diff: { code: 'store', currency: 'EUR', defaultLocale: 'fr' } }])
})

test('names without a locale are in that of the default channel, where the product has it', async () => {
  const i18n = { de: { title: 'Jacke' }, en: { title: 'Jacket' } }
  await writeOne(database.primary, putOf(plain(newKey(), { title: undefined, i18n, categories: [['Anoraks']] })))
  await writeOne(database.primary, putOf(plain(newKey(), { locale: 'fr', categories: [['Vestes']] })))
  const { rows } = await database.primary.query(`select i18n from category where name in ('Anoraks', 'Vestes') order by name`)
  expect(rows).toEqual([{ i18n: { en: 'Anoraks' } }, { i18n: { fr: 'Vestes' } }])
})

test('a product in the bin is gone from the lists, comes back whole, and keeps its id', async () => {
  const key = newKey()
  const created = await writeOne(database.primary, putOf(jacket(key)))
  const deleted = await writeOne(database.primary, { op: 'delete', product: { key }, ifVersion: 1 })
  expect(deleted).toMatchObject({ outcome: 'deleted', id: created.id, version: 1 })
  expect(await readModelOf(database.primary, created.id)).toEqual({ rev: deleted.rev, state: 'deleted', doc: null })
  expect(await listingsOf(created.id)).toEqual([])
  expect(await writeOne(database.primary, { op: 'delete', product: { key }, ifVersion: '*' })).toEqual({ ...deleted, outcome: 'unchanged' })
  await expect(writeOne(database.primary, patchOf(key, { tags: [] }))).rejects.toMatchObject({ problem: 'gone' })
  const restored = await writeOne(database.primary, { op: 'restore', product: { id: created.id }, ifVersion: null })
  expect(restored).toMatchObject({ outcome: 'restored', version: 1 })
  expect(await listingsOf(created.id)).toHaveLength(4)
  expect((await outboxOf(created.id)).map(({ type }) => type)).toEqual(['created', 'deleted', 'updated'])
  expect(await writeOne(database.primary, putOf(jacket(key)))).toMatchObject({ outcome: 'unchanged' })
  await writeOne(database.primary, { op: 'delete', product: { key }, ifVersion: null })
  expect(await writeOne(database.primary, putOf(plain(key), { mode: 'create' }))).toMatchObject({
    outcome: 'created',
    id: created.id,
    version: 2,
  })
  expect((await adminProduct(database.primary, key)).deletedAt).toBeNull()
})

test('a draft has a rev and an event, but no document and no place in a list', async () => {
  const key = newKey()
  const draft = await writeOne(
    database.primary,
    putOf(plain(key, { status: 'draft', variants: [{ sku: key, prices: [{ channel: 'default', amount: 1 }] }] })),
  )
  expect(await readModelOf(database.primary, draft.id)).toEqual({ rev: draft.rev, state: 'hidden', doc: null })
  expect(await listingsOf(draft.id)).toEqual([])
  const active = await writeOne(database.primary, patchOf(key, { status: 'active' }))
  expect(await readModelOf(database.primary, draft.id)).toMatchObject({ rev: active.rev, state: 'visible' })
  expect(await listingsOf(draft.id)).toHaveLength(1)
  await writeOne(database.primary, patchOf(key, { status: 'archived' }))
  expect(await listingsOf(draft.id)).toEqual([])
  expect(await outboxOf(draft.id)).toHaveLength(3)
})

test('a reference that repeats within one batch is made once, with a slug of its own', async () => {
  const keys = [newKey(), newKey(), newKey()]
  const brands = ['Größe & Co.', 'grösse-co', 'Größe & Co.']
  await writeAll(
    database.primary,
    keys.map((key, i) =>
      putOf(
        plain(key, {
          brand: brands[i],
          categories: [
            ['Home', 'Garden'],
            ['Office', 'Garden'],
          ],
        }),
      ),
    ),
  )
  const { rows } = await database.primary.query<{ slug: string }>(`select slug from brand where name = any($1) order by name`, [brands])
  expect(rows.map((row) => row.slug)).toEqual(['grosse-co', expect.stringMatching(/^gro?s+e-co-/)])
  const categories = await database.primary.query<{ slug: string }>(`select slug from category where name = 'Garden' order by id`)
  expect(categories.rows.map((row) => row.slug)).toEqual(['garden', 'garden-office-garden'])
})

test('a batch that names one product twice is a mistake of the caller', async () => {
  const key = newKey()
  const { id } = await writeOne(database.primary, putOf(plain(key)))
  const twice: ProductWrite[] = [putOf(plain(key)), { op: 'delete', product: { id }, ifVersion: null }]
  await expect(writeAll(database.primary, twice)).rejects.toThrow(/one write for each product/)
})
