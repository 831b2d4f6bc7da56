import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { openReadingApp, putProducts, type ReadingApp } from '../../test/support/reading-app.ts'
import type { CategoryNode } from './category-tree.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout

const product = (key: string, categories: readonly (readonly string[])[], more: object = {}) => ({
  key,
  status: 'active',
  title: key,
  brand: `Brand ${key}`,
  categories,
  variants: [{ sku: `${key}-a`, prices: [{ channel: 'default', amount: 100 }] }],
  ...more,
})

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await database.primary.query(`
    insert into channel (code, name, currency, default_locale, active) values ('eu', 'Europe', 'EUR', 'de', true), ('old', 'Old', 'EUR', 'de', false);
    insert into locale (code) values ('de')`)
  await putProducts(database, [
    product('a', [['Clothing', 'Jackets', 'Parkas']]),
    // In two categories of one branch: counted once above them.
    product('b', [
      ['Clothing', 'Jackets'],
      ['Clothing', 'Sale'],
    ]),
    product('c', [['Garden']], { variants: [{ sku: 'c-a', prices: [{ channel: 'eu', amount: 100 }] }] }),
    product('draft', [['Garden']], { status: 'draft' }),
  ])
  await database.primary.query(`update category set i18n = '{"en":"Jackets","de":"Jacken"}', position = 2 where name = 'Jackets'`)
  await tick(database.primary)
  await database.caughtUp()
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

const get = async (app: ReadingApp['app'], url: string, headers: Record<string, string> = {}) => await app.inject({ url, headers })
const outline = (node: CategoryNode): unknown => [node.name, node.productCount, ...node.children.map(outline)]

test('the tree has every category in its order, with the products in it and below it, each once', async () => {
  const { app } = openReadingApp(database)
  const response = await get(app, '/v1/categories')
  const { data } = response.json<{ data: CategoryNode[] }>()
  expect(data.map(outline)).toEqual([
    ['Clothing', 2, ['Sale', 1], ['Jackets', 2, ['Parkas', 1]]],
    ['Garden', 0],
  ])
  expect(data[0]?.children[1]?.children[0]).toEqual({
    id: expect.any(Number) as number,
    slug: 'parkas',
    name: 'Parkas',
    path: ['Clothing', 'Jackets', 'Parkas'],
    productCount: 1,
    children: [],
  })
  expect(Number(response.headers['catalog-staleness'])).toBeLessThan(2_500)
})

test('names follow the locale, counts the channel', async () => {
  const { app } = openReadingApp(database)
  const { data } = (await get(app, '/v1/categories?channel=eu&locale=de')).json<{ data: CategoryNode[] }>()
  expect(data.map(outline)).toEqual([
    ['Clothing', 0, ['Sale', 0], ['Jacken', 0, ['Parkas', 0]]],
    ['Garden', 1],
  ])
  expect(data[0]?.children[1]?.path).toEqual(['Clothing', 'Jacken'])
})

test('a count is what the list of the category walks', async () => {
  const { app } = openReadingApp(database)
  for (const slug of ['clothing', 'jackets', 'parkas', 'garden']) {
    const category = (await get(app, `/v1/categories/${slug}`)).json<CategoryNode>()
    const list = (await get(app, `/v1/products?category=${slug}`)).json<{ data: object[] }>()
    expect(list.data, slug).toHaveLength(category.productCount)
  }
})

test('one statement for the tree of every locale; one ETag until something changes', async () => {
  const { app, statements } = openReadingApp(database)
  const first = await get(app, '/v1/categories?locale=en')
  await get(app, '/v1/categories?locale=de')
  await get(app, '/v1/categories/jackets')
  expect(statements.filter((name) => name.endsWith('-categories')).toSorted()).toEqual(['count-categories', 'tree-categories'])
  const etag = String(first.headers.etag)
  expect((await get(app, '/v1/categories', { 'if-none-match': etag })).statusCode).toBe(304)
  const { token } = await putProducts(database, [product('d', [['Garden']])])
  const changed = await get(app, '/v1/categories', { 'if-none-match': etag, 'consistency-token': token })
  expect(changed.statusCode).toBe(200)
  expect(changed.json<{ data: CategoryNode[] }>().data[1]).toMatchObject({ slug: 'garden', productCount: 1 })
})

test('one category has all below it; an unknown one is 404', async () => {
  const { app } = openReadingApp(database)
  expect(outline((await get(app, '/v1/categories/jackets')).json<CategoryNode>())).toEqual(['Jackets', 2, ['Parkas', 1]])
  const unknown = await get(app, '/v1/categories/no%00such')
  expect([unknown.statusCode, unknown.json<{ type: string }>().type]).toEqual([404, '/problems/not-found'])
  expect((await get(app, '/v1/categories?depth=2')).json()).toMatchObject({ errors: [{ parameter: 'depth' }] })
})

test('channels are the active ones', async () => {
  const { app } = openReadingApp(database)
  const response = await get(app, '/v1/channels')
  expect(response.json()).toEqual({
    data: [
      { code: 'default', name: 'Default', currency: 'USD', defaultLocale: 'en' },
      { code: 'eu', name: 'Europe', currency: 'EUR', defaultLocale: 'de' },
    ],
  })
  expect((await get(app, '/v1/channels', { 'if-none-match': String(response.headers.etag) })).statusCode).toBe(304)
})

test('brands are walked by slug, forwards and back', async () => {
  const { app } = openReadingApp(database)
  interface Brands {
    readonly data: readonly { readonly slug: string }[]
    readonly page: { readonly next: string | null; readonly prev: string | null }
  }
  const page = async (cursor: string | null) =>
    (await get(app, `/v1/brands?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`)).json<Brands>()
  const [first, slugs] = [await page(null), (brands: Brands) => brands.data.map(({ slug }) => slug)]
  const second = await page(first.page.next)
  expect([slugs(first), slugs(second).slice(0, 1), first.page.prev]).toEqual([['brand-a', 'brand-b'], ['brand-c'], null])
  expect(slugs(await page(second.page.prev))).toEqual(['brand-a', 'brand-b'])
  expect((await get(app, '/v1/brands?limit=2&cursor=bm8')).json()).toMatchObject({ type: '/problems/invalid-cursor' })
  const nul = Buffer.from(first.page.next ?? '', 'base64url')
  nul[nul.length - 1] = 0
  expect((await get(app, `/v1/brands?cursor=${nul.toString('base64url')}`)).statusCode).toBe(400)
})
