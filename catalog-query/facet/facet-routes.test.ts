import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { learnWords } from '../../test/support/learn-words.ts'
import { openReadingApp, putProducts, type ReadingApp } from '../../test/support/reading-app.ts'
import type { Facet, FacetAnswer } from './facet-answer.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout
const COLORS = ['red', 'blue', 'green']

const product = (n: number) => ({
  key: `P-${n}`,
  status: 'active',
  brand: ['Acme', 'Bolt'][n % 2],
  categories: [n % 4 === 0 ? ['Clothing', 'Jackets'] : ['Clothing', 'Shirts']],
  i18n: { en: { title: `Product ${n}` }, de: { title: `Produkt ${n}` } },
  attributes: { color: COLORS[n % 3], weight_g: 10 * n, waterproof: n % 5 === 0, serial: `S-${n}`, material: 'cotton' },
  variants: [
    {
      sku: `P-${n}-A`,
      options: { size: n % 2 === 0 ? 'M' : 'L' },
      prices: [{ channel: 'default', amount: 1_000 + 100 * n }],
      stock: n % 6,
    },
  ],
})

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await putProducts(
    database,
    Array.from({ length: 60 }, (_, n) => product(n)),
  )
  await database.primary.query(`
    update attribute set labels = '{"en":"Weight","de":"Gewicht"}', unit = 'g' where code = 'weight_g';
    update category set i18n = '{"en":"Jackets","de":"Jacken"}' where slug = 'jackets';
    update attribute set facetable = false where code = 'size'`)
  await learnWords(database.primary)
  await tick(database.primary)
  await database.caughtUp()
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

async function facetsOf(app: ReadingApp['app'], query: string): Promise<Map<string, Facet>> {
  const response = await app.inject(`/v1/products/facets?${query}`)
  expect(response.statusCode).toBe(200)
  return new Map(response.json<FacetAnswer>().facets.map((facet) => [facet.parameter, facet]))
}

test('a server that counts little shows a change in facets as soon as in lists', async () => {
  await using own = await testDatabase()
  const ownTicking = setInterval(() => void tick(own.primary).catch(() => {}), 100)
  try {
    await putProducts(own, [product(1)])
    await tick(own.primary)
    await own.caughtUp()
    const { app } = openReadingApp(own)
    const shown = async () => (await facetsOf(app, '')).get('tag')
    expect(await shown()).toBeUndefined()
    await putProducts(own, [{ ...product(1), tags: ['new'] }])
    // Kept for a minute, it would be counted again after half of one.
    await expect.poll(shown, { timeout: 10_000, interval: 100 }).toMatchObject({ values: [{ value: 'new', count: 1 }] })
  } finally {
    clearInterval(ownTicking)
  }
})

test('facets come in the order in which a person narrows a list down, with labels, and without what tells nothing apart', async () => {
  const { app } = openReadingApp(database)
  const facets = await facetsOf(app, 'locale=de')
  expect([...facets.keys()].slice(0, 4)).toEqual(['category', 'brand', 'price', 'inStock'])
  expect(facets.get('category')).toMatchObject({ values: [{ value: 'clothing', label: 'Clothing', count: 60, selected: false }] })
  expect(facets.get('brand')).toMatchObject({
    type: 'terms',
    label: 'Brand',
    values: [
      { value: 'acme', label: 'Acme', count: 30 },
      { value: 'bolt', label: 'Bolt', count: 30 },
    ],
  })
  expect(facets.get('attr.weight_g')).toMatchObject({ attribute: 'weight_g', label: 'Gewicht', unit: 'g', type: 'range', min: 0, max: 590 })
  expect(facets.get('attr.waterproof')).toMatchObject({
    label: 'Waterproof',
    values: [
      { value: 'false', label: 'No', count: 48 },
      { value: 'true', label: 'Yes', count: 12 },
    ],
  })
  expect([facets.has('attr.color'), facets.has('attr.size')]).toEqual([true, false])
  // Nothing of what is the same in all, or in no two.
  expect([facets.has('attr.material'), facets.has('attr.serial')]).toEqual([false, false])
})

test('a selection does not hide its siblings, and stays where nothing is left', async () => {
  const { app } = openReadingApp(database)
  const facets = await facetsOf(app, 'category=jackets&attr.color=red&attr.color=none&price=..2000&brand=bolt')
  expect(facets.get('attr.color')).toMatchObject({
    values: [
      { value: 'none', count: 0, selected: true },
      { value: 'red', count: 0, selected: true },
    ],
  })
  expect(facets.get('brand')).toMatchObject({
    values: [
      { value: 'acme', label: 'Acme', count: 1 },
      { value: 'bolt', label: 'Bolt', count: 0, selected: true },
    ],
  })
  expect(facets.get('category')).toMatchObject({ values: [{ value: 'jackets', label: 'Jackets', count: 0, selected: true }] })
  expect(facets.get('price')).toMatchObject({ min: null, max: null, buckets: [{ from: null, to: 2_000, count: 0, selected: true }] })
})

test('a bucket, selected as it stands, gives as many products as it says', async () => {
  const { app } = openReadingApp(database)
  for (const parameter of ['price', 'attr.weight_g']) {
    const facet = (await facetsOf(app, '')).get(parameter)
    const buckets = facet?.type === 'range' ? facet.buckets : []
    expect(buckets.length).toBeGreaterThan(2)
    for (const { from, to, count } of buckets) {
      const range = `${parameter}=${from ?? ''}..${to ?? ''}`
      expect((await app.inject(`/v1/products?${range}&limit=100`)).json<{ data: unknown[] }>().data).toHaveLength(count)
      const selected = (await facetsOf(app, range)).get(parameter)
      expect(selected?.type === 'range' && selected.buckets.find((bucket) => bucket.selected)).toMatchObject({ from, to, count })
    }
  }
})

test('a text that is selected of what is offered as ranges is a value, not a bucket without ends', async () => {
  const { app } = openReadingApp(database)
  for (const value of ['heavy', '9..1']) {
    expect((await facetsOf(app, `attr.weight_g=${value}`)).get('attr.weight_g')).toMatchObject({
      type: 'terms',
      values: [{ value, count: 0, selected: true }],
    })
  }
})

test('facets are cached under one name and one ETag, say how old they are, and follow a token', async () => {
  const { app, statements } = openReadingApp(database)
  const first = await app.inject('/v1/products/facets?brand=bolt&brand=acme')
  const count = statements.length
  const second = await app.inject('/v1/products/facets?brand=acme&brand=bolt&brand=acme&channel=default')
  expect(statements).toHaveLength(count)
  expect(second.headers['cache-status']).toBe('catalog; hit; detail=memory')
  expect(second.headers.etag).toBe(first.headers.etag)
  expect(Number(second.headers['catalog-staleness'])).toBeLessThan(2_500)
  const { token } = await putProducts(database, [product(100)])
  const after = await app.inject({ url: '/v1/products/facets?brand=acme&brand=bolt', headers: { 'consistency-token': token } })
  expect(after.json<FacetAnswer>().facets.find(({ parameter }) => parameter === 'brand')).toMatchObject({
    values: [{ count: 31 }, { count: 30 }],
  })
  const same = await app.inject({
    url: '/v1/products/facets?brand=acme&brand=bolt',
    headers: { 'if-none-match': String(after.headers.etag) },
  })
  expect(same.statusCode).toBe(304)
})

describe('with q, what is counted is what the list of the same words has', () => {
  const cases = [
    'q=cotton',
    'q=acme',
    'q=product 7',
    'q=jackets&brand=acme',
    'q=red&attr.weight_g=..200',
    'q=prodcut 8',
    'q=cotton nowhere',
  ]
  test.each(cases)('%s', async (query) => {
    const { app } = openReadingApp(database)
    const countOf = async (more: string) => {
      const response = await app.inject(`/v1/products?${query}&${more}count=capped&limit=1`)
      expect(response.statusCode, response.body).toBe(200)
      return response.json<{ count: { value: number } }>().count.value
    }
    const total = await countOf('')
    expect(total).toBeGreaterThan(0)
    const facets = await facetsOf(app, query)
    const price = facets.get('price')
    const parts = price?.type === 'range' ? price.buckets.map(({ count }) => count) : []
    expect(parts.length === 0 || Math.max(...parts) <= total).toBe(true)
    for (const parameter of ['brand', 'attr.color', 'inStock']) {
      const facet = facets.get(parameter)
      const selected = query.includes(parameter)
      for (const { value, count } of facet?.type === 'terms' && !selected ? facet.values : [])
        expect(await countOf(`${parameter}=${value}&`), `${parameter}=${value}`).toBe(count)
    }
  })

  test('one’s own selection hides none of its siblings', async () => {
    const { app } = openReadingApp(database)
    const brands = (await facetsOf(app, 'q=cotton&brand=acme')).get('brand')
    expect(brands).toMatchObject({
      values: [
        { value: 'acme', count: expect.any(Number) as number, selected: true },
        { value: 'bolt', count: 30, selected: false },
      ],
    })
  })

  test('words that nothing has count nothing, whatever they are', async () => {
    const { app } = openReadingApp(database)
    for (const q of ['qwertzuiop', '\u0000', '! | & ( ) : *', '😀'])
      expect((await facetsOf(app, `q=${encodeURIComponent(q)}&brand=acme`)).get('brand')).toMatchObject({
        values: [{ value: 'acme', count: 0, selected: true }],
      })
  })
})

describe('bad input is 400 with its name', () => {
  test.each([
    ['q=', 'q'],
    ['q=a&q=b', 'q'],
    [`q=${'x'.repeat(301)}`, 'q'],
    ['q=%FF', 'q'],
    ['q=a&sort=relevance', 'sort'],
    ['colour=red', 'colour'],
    ['sort=price', 'sort'],
    ['limit=3', 'limit'],
    ['cursor=x', 'cursor'],
    ['attr.=x', 'attr.'],
    ['attr.color=a%00b', 'attr.color'],
    ['price=x', 'price'],
    ['brand=%FF', 'brand'],
    ['category=a&category=b', 'category'],
    ['channel=none', 'channel'],
  ])('%s', async (query, parameter) => {
    const { app } = openReadingApp(database)
    const response = await app.inject(`/v1/products/facets?${query}`)
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ type: '/problems/invalid-parameter', errors: [{ parameter }] })
  })
})

test('attributes are walked by code, with what they are called', async () => {
  const { app } = openReadingApp(database)
  const page = async (query: string) =>
    (await app.inject(`/v1/attributes?${query}`)).json<{ data: { code: string }[]; page: { next: string | null; prev: string | null } }>()
  const first = await page('limit=4')
  expect(first.data.map(({ code }) => code)).toEqual(['color', 'material', 'serial', 'size'])
  const second = await page(`limit=4&cursor=${first.page.next}`)
  expect(second.data).toEqual([
    { code: 'waterproof', kind: 'boolean', labels: {}, unit: null, facetable: true },
    { code: 'weight_g', kind: 'number', labels: { en: 'Weight', de: 'Gewicht' }, unit: 'g', facetable: true },
  ])
  expect((await page(`limit=4&cursor=${second.page.prev}`)).data).toEqual(first.data)
  expect((await app.inject(`/v1/brands?cursor=${first.page.next}`)).json()).toMatchObject({ type: '/problems/invalid-cursor' })
})
