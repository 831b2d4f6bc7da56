import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { deleteProduct, openReadingApp, putProducts, type ReadingApp } from '../../test/support/reading-app.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout
let ids: Readonly<Record<string, string>>

const variant = (sku: string, amount: number, stock: number | null) => ({
  sku,
  prices: [{ channel: 'default', amount, compareAt: amount + 10 }],
  stock,
})
const product = (key: string, variants: readonly object[], more: object = {}) => ({
  key,
  status: 'active',
  i18n: { en: { title: `The ${key}` }, de: { title: `Das ${key}` } },
  variants,
  ...more,
})

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  const { results } = await putProducts(database, [
    product('one', [variant('one-a', 100, 3), variant('one-b', 200, 0)]),
    product('two', [variant('two-a', 300, null)]),
    product('draft', [variant('draft-a', 1, 1)], { status: 'draft' }),
    product('gone', [variant('gone-a', 1, 1)]),
    product(
      'many',
      Array.from({ length: 300 }, (_, n) => variant(`many-${n}`, 1_000 + n, n)),
    ),
    product('free', [{ sku: 'free-a', stock: 1 }]),
  ])
  ids = Object.fromEntries(results.flatMap((result) => (result.ok ? [[result.key, result.id]] : [])))
  await deleteProduct(database, 'gone')
  await tick(database.primary)
  await database.caughtUp()
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

interface BatchAnswer {
  readonly data: readonly { readonly id: string; readonly key: string; readonly title: string }[]
  readonly missing: readonly string[]
}

async function batchGet(app: ReadingApp['app'], payload: object, headers: Record<string, string> = {}, query = '') {
  const response = await app.inject({ method: 'POST', url: `/v1/products:batchGet${query}`, payload, headers })
  return { response, body: response.json<BatchAnswer>() }
}

describe('batchGet', () => {
  test('keeps the order asked, answers duplicates once each, and names what is missing', async () => {
    const { app } = openReadingApp(database)
    const keys = ['two', 'nobody', 'one', 'two', 'draft', 'gone', 'nobody']
    const { response, body } = await batchGet(app, { keys })
    expect(body.data.map(({ key }) => key)).toEqual(['two', 'one', 'two'])
    expect(body.missing).toEqual(['nobody', 'draft', 'gone', 'nobody'])
    expect(response.headers['cache-control']).toBe('private, no-store')
    expect(Number(response.headers['catalog-staleness'])).toBeLessThan(2_500)
  })

  test('takes ids, SKUs and slugs too, in a locale', async () => {
    const { app } = openReadingApp(database)
    const one = ids['one'] ?? ''
    expect((await batchGet(app, { ids: [one.toUpperCase(), ids['gone']] })).body).toMatchObject({
      data: [{ key: 'one' }],
      missing: [ids['gone']],
    })
    expect((await batchGet(app, { skus: ['one-b', 'many-299', 'one-a'] })).body.data.map(({ key }) => key)).toEqual(['one', 'many', 'one'])
    const german = await batchGet(app, { slugs: ['das-two', 'the-two'] }, {}, '?locale=de')
    expect(german.body.data.map(({ title }) => title)).toEqual(['Das two', 'Das two'])
  })

  test('two statements for a hundred cold keys, none for warm ones', async () => {
    const { app, statements } = openReadingApp(database)
    const keys = ['one', 'two', 'many', 'free', ...Array.from({ length: 96 }, (_, n) => `none-${n}`)]
    await batchGet(app, { keys })
    expect(statements).toEqual(['reference', 'find-by-key', 'load-products'])
    await batchGet(app, { keys })
    expect(statements).toHaveLength(3)
  })

  test('a token reads its own write', async () => {
    const { app } = openReadingApp(database)
    await batchGet(app, { keys: ['two', 'late'] })
    const { token } = await putProducts(database, [product('late', [variant('late-a', 1, 1)])])
    const { body, response } = await batchGet(app, { keys: ['two', 'late'] }, { 'consistency-token': token })
    expect(body.missing).toEqual([])
    expect(response.headers['consistency-token']).toMatch(/^[\w-]+$/)
  })

  test.each([
    ['no kind', {}, ''],
    ['two kinds', { ids: [], keys: ['one'] }, ''],
    ['an empty list', { keys: [] }, '/keys'],
    ['101 names', { keys: Array.from({ length: 101 }, (_, n) => `k${n}`) }, '/keys'],
    ['an id that is none', { ids: ['one'] }, '/ids/0'],
    ['NUL', { keys: ['a\u0000b'] }, '/keys/0'],
    ['an unknown member', { gtins: ['1'] }, '/gtins'],
    ['what is no text', { keys: ['one', false] }, '/keys/1'],
    ['a number', { skus: [7] }, '/skus/0'],
    ['null', { slugs: [null] }, '/slugs/0'],
    ['a list in a list', { keys: [['one']] }, '/keys/0'],
    ['one name without a list', { keys: 'one' }, '/keys'],
    ['a list instead of an object', ['one'], ''],
  ])('refuses %s with its pointer', async (_name, payload, pointer) => {
    const { app } = openReadingApp(database)
    const { response } = await batchGet(app, payload)
    expect(response.statusCode).toBe(pointer === '/gtins' ? 400 : 422)
    expect(response.json<{ errors: { pointer: string }[] }>().errors.map((error) => error.pointer)).toContain(pointer)
  })
})

describe('offers', () => {
  const offers = async (app: ReadingApp['app'], query: string, headers: Record<string, string> = {}) =>
    await app.inject({ url: `/v1/offers?${query}`, headers })

  test('are price and stock of each SKU, also of the 300th variant, and of no draft', async () => {
    const { app } = openReadingApp(database)
    const response = await offers(app, 'skus=one-b,many-299,nobody,two-a,draft-a,free-a,many-0')
    const rev = expect.any(Number) as number
    const price = (amount: number) => ({ amount, currency: 'USD', compareAt: amount + 10 })
    expect(response.json()).toEqual({
      data: [
        { sku: 'one-b', price: price(200), stock: { inStock: false, quantity: 0 }, rev },
        { sku: 'many-299', price: price(1_299), stock: { inStock: true, quantity: 299 }, rev },
        { sku: 'two-a', price: price(300), stock: { inStock: true, quantity: null }, rev },
        { sku: 'free-a', price: null, stock: { inStock: true, quantity: 1 }, rev },
        { sku: 'many-0', price: price(1_000), stock: { inStock: false, quantity: 0 }, rev },
      ],
      missing: ['nobody', 'draft-a'],
    })
    expect(response.headers['cache-control']).toBe('public, max-age=1')
  })

  test('from the bytes and from the tables are the same', async () => {
    const { app, statements } = openReadingApp(database)
    const near = (await offers(app, 'skus=many-50')).json<{ data: { rev: number }[] }>()
    const far = (await offers(app, 'skus=many-150')).json<{ data: { rev: number }[] }>()
    expect(Object.keys(near.data[0] ?? {})).toEqual(Object.keys(far.data[0] ?? {}))
    expect(near.data[0]?.rev).toBe(far.data[0]?.rev)
    await offers(app, 'skus=many-150,many-50')
    expect(statements.filter((name) => name === 'read-offers')).toHaveLength(1)
  })

  test('a SKU that moves to another product is never missing', async () => {
    const { app } = openReadingApp(database)
    await putProducts(database, [
      product('from', [variant('moving', 1, 1), variant('staying', 1, 1)]),
      product('to', [variant('to-a', 1, 1)]),
    ])
    await database.caughtUp()
    expect((await offers(app, 'skus=moving')).json()).toMatchObject({ missing: [] })
    await putProducts(database, [product('from', [variant('staying', 1, 1)])])
    const { token } = await putProducts(database, [product('to', [variant('to-a', 1, 1), variant('moving', 2, 2)])])
    await database.caughtUp()
    // The hint is still trusted; the product that it leads to is known not to have the SKU any more.
    await app.inject({ method: 'POST', url: '/v1/products:batchGet', payload: { keys: ['from'] }, headers: { 'consistency-token': token } })
    expect((await offers(app, 'skus=moving')).json()).toMatchObject({ data: [{ price: { amount: 2 } }], missing: [] })
  })

  test('a token sees its own price', async () => {
    const { app } = openReadingApp(database)
    await offers(app, 'skus=two-a,many-200')
    const { token } = await putProducts(database, [product('two', [variant('two-a', 333, null)])])
    const after = await offers(app, 'skus=two-a,many-200', { 'consistency-token': token })
    expect(after.json<{ data: { price: { amount: number } }[] }>().data.map(({ price }) => price.amount)).toEqual([333, 1_200])
  })

  test('have an ETag', async () => {
    const { app } = openReadingApp(database)
    const { headers } = await offers(app, 'skus=one-a')
    expect((await offers(app, 'skus=one-a', { 'if-none-match': String(headers.etag) })).statusCode).toBe(304)
  })

  test.each([
    ['', 'skus'],
    ['skus=', 'skus'],
    ['skus=a,,b', 'skus'],
    [`skus=${Array.from({ length: 101 }, (_, n) => `s${n}`).join()}`, 'skus'],
    [`skus=${'x'.repeat(129)}`, 'skus'],
    ['skus=%00', 'skus'],
    ['skus=a&locale=de', 'locale'],
    ['skus=a&channel=none-such', 'channel'],
  ])('refuse "%s" with its name', async (query, parameter) => {
    const { app } = openReadingApp(database)
    const response = await offers(app, query)
    expect(response.statusCode).toBe(400)
    expect(response.json<{ errors: { parameter: string }[] }>().errors.map((error) => error.parameter)).toContain(parameter)
  })
})
