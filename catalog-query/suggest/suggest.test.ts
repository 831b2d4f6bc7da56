import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { openReadingApp, putProducts } from '../../test/support/reading-app.ts'
import { parseQuery } from '../search/search-query.ts'
import { learnWords } from '../../test/support/learn-words.ts'
import { nameStatement, popularStatement, prefixText } from './suggest-statement.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout

const product = (key: string, title: string, brand: string, categories: readonly string[]): object => ({
  key,
  status: key.startsWith('DRAFT') ? 'draft' : 'active',
  brand,
  categories: [categories],
  popularity: key === 'P-1' ? 10 : 0,
  i18n: { en: { title }, de: { title: `${title} (deutsch)` } },
  variants: [{ sku: `${key}-S`, prices: [{ channel: 'default', amount: 100 }] }],
})

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await putProducts(database, [
    product('P-1', 'Samsung Galaxy S7', 'Samsung', ['Phones', 'Smartphones']),
    product('P-2', 'Samsung Galaxy Tab', 'Samsung', ['Tablets']),
    product('P-3', 'Hybrid Shell', 'kate spade new york', ['Phones', 'Phone Cases']),
    product('P-4', 'Sandisk Card', 'SanDisk', ['Storage']),
    product('DRAFT-1', 'Sandals', 'Draft Brand Sand', ['Shoes']),
  ])
  await database.primary.query(`update category set i18n = '{"en":"Phones","de":"Telefone"}' where slug = 'phones'`)
  await learnWords(database.primary)
  await tick(database.primary)
  await database.caughtUp()
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

interface Suggested {
  readonly products: readonly { readonly key: string; readonly title: string }[]
  readonly categories: readonly { readonly slug: string; readonly name: string; readonly path: readonly string[] }[]
  readonly brands: readonly { readonly slug: string; readonly name: string }[]
  readonly repaired: string | null
}

async function suggest(q: string, more = '', app = openReadingApp(database).app) {
  const response = await app.inject(`/v1/suggest?q=${encodeURIComponent(q)}${more}`)
  expect(response.statusCode, response.body).toBe(200)
  const body = response.json<Suggested>()
  const keys = body.products.map(({ key }) => key)
  return {
    ...body,
    keys,
    brandSlugs: body.brands.map(({ slug }) => slug),
    categorySlugs: body.categories.map(({ slug }) => slug),
    response,
  }
}

test('products, brands and categories that begin so are suggested', async () => {
  expect(await suggest('gal')).toMatchObject({ keys: ['P-1', 'P-2'], brandSlugs: [], repaired: null })
  expect(await suggest('samsung gal')).toMatchObject({ keys: ['P-1', 'P-2'] })
  expect(await suggest('sams')).toMatchObject({ brandSlugs: ['samsung'] })
  expect((await suggest('phon')).categorySlugs).toEqual(['phones', 'phone-cases'])
})

test('any word of a name may begin so; the name that begins with it comes first', async () => {
  expect((await suggest('spade')).brands).toEqual([{ slug: 'kate-spade-new-york', name: 'kate spade new york' }])
  expect((await suggest('sa')).brandSlugs).toEqual(['samsung', 'sandisk'])
})

test('one letter is enough, also one that is a stop word', async () => {
  expect((await suggest('s')).keys).toContain('P-1')
  expect((await suggest('s')).brandSlugs).toEqual(['samsung', 'sandisk', 'kate-spade-new-york'])
  expect((await suggest('samsung g')).keys).toEqual(['P-1', 'P-2'])
})

test('names are those of the reader’s language', async () => {
  expect((await suggest('telef', '&locale=de')).categories).toMatchObject([{ slug: 'phones', name: 'Telefone', path: ['Telefone'] }])
  expect((await suggest('phone cas', '&locale=de')).categories).toMatchObject([{ path: ['Telefone', 'Phone Cases'] }])
  expect((await suggest('gal', '&locale=de')).products[0]?.title).toBe('Samsung Galaxy S7 (deutsch)')
})

test('what nothing is sold of is not suggested', async () => {
  expect(await suggest('sand')).toMatchObject({ brandSlugs: ['sandisk'], keys: ['P-4'] })
  expect((await suggest('shoes')).categorySlugs).toEqual([])
})

test('what nothing begins with is repaired', async () => {
  expect(await suggest('samsnug')).toMatchObject({ repaired: 'samsung', keys: ['P-1', 'P-2'], brandSlugs: ['samsung'] })
  expect(await suggest('qwertzuiop')).toMatchObject({ repaired: null, keys: [], brandSlugs: [], categorySlugs: [] })
})

test('suggestions come from memory and say how old they are; a token asks for fresh ones', async () => {
  const { app, statements } = openReadingApp(database)
  await suggest('gala', '', app)
  const before = statements.length
  const again = await suggest('GALA', '', app)
  expect(statements.slice(before).filter((name) => name !== 'reference')).toEqual([])
  expect(Number(again.response.headers['catalog-staleness'])).toBeGreaterThan(0)
  expect(again.response.headers['cache-status']).toMatch(/^catalog; hit; detail=memory/)
  const { token } = await putProducts(database, [product('P-9', 'Galaxy of the Guardians', 'Marvel', ['Books'])])
  const fresh = await app.inject({ url: '/v1/suggest?q=gala', headers: { 'consistency-token': token } })
  expect(fresh.json<Suggested>().products.map(({ key }) => key)).toContain('P-9')
})

test.each(['& | ! ( ) : *', '\u0000', '😀', 'the of', '   ', `'`, 'x'.repeat(300)])('any text is a query: %j', async (q) => {
  expect((await suggest(q)).keys.length).toBeLessThanOrEqual(6)
})

test.each([
  ['', 'q'],
  ['q=', 'q'],
  [`q=${'x'.repeat(301)}`, 'q'],
  ['q=a&limit=5', 'limit'],
  ['q=a&locale=!', 'locale'],
])('bad input is 400 with its name: %s', async (query, parameter) => {
  const response = await openReadingApp(database).app.inject(`/v1/suggest?${query}`)
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ errors: expect.arrayContaining([expect.objectContaining({ parameter })]) as object[] })
})

test('no suggestion scans a table', async () => {
  await using own = await testDatabase()
  await own.primary.query(`
    insert into brand (slug, name) select 'brand-' || md5(n::text), 'Brand ' || md5(n::text) from generate_series(1, 5000) n;
    insert into category (slug, name, i18n) select 'category-' || md5(n::text), 'C' || n, jsonb_build_object('en', 'Category ' || md5(n::text)) from generate_series(1, 5000) n;
    insert into read.search (product_id, locale, words, title_words)
    select md5(n::text)::uuid, 'en', to_tsvector('common thing' || n), 3 from generate_series(1, 20000) n;
    insert into read.listing (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, title_key, facets)
    select 1, 0, md5(n::text)::uuid, n, n % 89, now(), true, 'k' || n, array[(1::bigint << 32) | n % 5000] from generate_series(1, 20000) n;
    analyze`)
  const client = await own.primary.connect()
  // As the pools of the query server do: of a table so small, reading it would be cheaper than its index.
  await client.query('set enable_seqscan = off')
  try {
    for (const q of ['br', 'category 0a', 'com', 't']) {
      const query = parseQuery(q)
      for (const statement of [
        nameStatement('default', { text: prefixText(query, ''), query }),
        popularStatement('default', { text: prefixText(query, 'AB'), locales: ['en'], rows: 6 }),
      ]) {
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${statement.text}`)
        expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(/Seq Scan on (?:brand|category|search|listing)/)
      }
    }
  } finally {
    client.release(true)
  }
})
