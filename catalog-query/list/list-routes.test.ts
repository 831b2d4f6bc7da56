import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { deleteProduct, openReadingApp, putProducts, type ReadingApp } from '../../test/support/reading-app.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout
const BRANDS = ['Acme', 'Bolt', 'Crane']

const product = (n: number, price = n % 7) => ({
  key: `P-${n}`,
  status: 'active',
  brand: BRANDS[n % 3],
  categories: [n % 2 === 0 ? ['Clothing', 'Jackets'] : ['Clothing', 'Shirts & Ties']],
  popularity: n % 5,
  i18n: { en: { title: `Product ${n}` }, de: { title: `Produkt ${n}` } },
  variants: [{ sku: `P-${n}-A`, prices: [{ channel: 'default', amount: 100 + price }], stock: n }],
})

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await putProducts(
    database,
    Array.from({ length: 60 }, (_, n) => product(n)),
  )
  await tick(database.primary)
  await database.caughtUp()
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

/** To the front, or to the end, whatever the order. */
const movedFar = (n: number, round: number) => {
  const far = round % 2 === 0 ? 0 : 500
  return { ...product(n, far), popularity: far, i18n: { en: { title: `${far === 0 ? 'A' : 'Z'} ${n}` } } }
}

interface ListBody {
  readonly data: readonly { readonly id: string; readonly key: string; readonly rev: number; readonly title: string }[]
  readonly page: { readonly limit: number; readonly next: string | null; readonly prev: string | null }
  readonly count?: { readonly value: number; readonly relation: string }
}

async function get(app: ReadingApp['app'], url: string, headers: Record<string, string> = {}) {
  const response = await app.inject({ url, headers })
  return { response, body: response.statusCode === 200 && response.body !== '' ? response.json<ListBody>() : null }
}

/** Follows `page.next` from `url` to the end. */
async function walk(
  app: ReadingApp['app'],
  url: string,
  afterPage: (keys: readonly string[]) => Promise<unknown> = () => Promise.resolve(),
) {
  const keys: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body, response } = await get(app, `${url}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    expect(response.statusCode).toBe(200)
    keys.push(...(body?.data ?? []).map(({ key }) => key))
    cursor = body?.page.next ?? null
    await afterPage(keys)
  }
  return keys
}

test('a list answers cards, neighbours, and how fresh it is', async () => {
  const { app } = openReadingApp(database)
  const { response, body } = await get(app, '/v1/products?category=jackets&brand=acme&sort=price&limit=4&locale=de')
  expect(body?.data.map(({ key }) => key)).toHaveLength(4)
  expect(body?.data[0]).toMatchObject({
    title: expect.stringMatching(/^Produkt/) as string,
    brand: { slug: 'acme', name: 'Acme' },
    price: { from: { amount: 100, currency: 'USD' } },
    inStock: expect.any(Boolean) as boolean,
    thumbnail: null,
  })
  expect(body?.page).toEqual({ limit: 4, next: expect.any(String) as string, prev: null })
  expect(response.headers).toMatchObject({
    'cache-control': 'public, max-age=1',
    'content-type': 'application/json; charset=utf-8',
    vary: 'Accept-Encoding, Consistency-Token',
    link: `</v1/products?brand=acme&category=jackets&sort=price&locale=de&limit=4&cursor=${body?.page.next}>; rel="next"`,
  })
  expect(Number(response.headers['catalog-staleness'])).toBeLessThan(2_500)
  const link = String(response.headers.link).slice(1).split('>')[0] ?? ''
  expect((await get(app, link)).body?.page.prev).not.toBeNull()
})

test('a warm list runs no statement and says that memory answered', async () => {
  const { app, statements } = openReadingApp(database)
  const cold = await get(app, '/v1/products?brand=bolt')
  expect(statements).toEqual(['reference', 'list-popular-brand-25', 'load-products'])
  const warm = await get(app, '/v1/products?brand=bolt&sort=popular&limit=24&channel=default')
  expect(statements).toHaveLength(3)
  expect(warm.response.body).toBe(cold.response.body)
  expect(warm.response.headers['cache-status']).toBe('catalog; hit; detail=memory')
  expect(cold.response.headers['cache-status']).toBe('catalog; fwd=miss')
})

test('values in another order, or twice, are the same list', async () => {
  const { app, statements } = openReadingApp(database)
  await get(app, '/v1/products?brand=bolt&brand=acme&sort=newest')
  const before = statements.length
  const { body } = await get(app, '/v1/products?sort=newest&brand=acme&brand=bolt&brand=acme')
  expect(statements).toHaveLength(before)
  expect(body?.data).toHaveLength(24)
})

test('walking next yields every product once, in every order', async () => {
  const { app } = openReadingApp(database)
  const all = Array.from({ length: 60 }, (_, n) => `P-${n}`).sort()
  for (const sort of ['popular', 'newest', 'price', '-price', 'title']) {
    expect((await walk(app, `/v1/products?sort=${sort}&limit=7`)).toSorted()).toEqual(all)
  }
})

test.each(['popular', 'newest', 'price', '-price', 'title'])(
  'a walk by %s while products are written, moved and deleted yields each unchanged product once',
  async (sort) => {
    await using own = await testDatabase()
    const timer = setInterval(() => void tick(own.primary).catch(() => {}), 100)
    await putProducts(
      own,
      Array.from({ length: 60 }, (_, n) => product(n)),
    )
    const { token } = await putProducts(own, [product(60)])
    const { app } = openReadingApp(own)
    // The first page of the walk is read after everything above.
    await get(app, `/v1/products?sort=${sort}&limit=5`, { 'consistency-token': token })
    let round = 0
    const keys = await walk(app, `/v1/products?sort=${sort}&limit=5`, async () => {
      round++
      // Products of tens change: to the front, to the end, away, and new ones come.
      const changing = (round * 10) % 60
      if (round % 3 === 0) await deleteProduct(own, `P-${changing}`)
      else await putProducts(own, [movedFar(changing, round), product(1_000 + round * 10)])
    })
    clearInterval(timer)
    const unchanged = Array.from({ length: 61 }, (_, n) => n).filter((n) => n % 10 !== 0)
    for (const n of unchanged)
      expect(
        keys.filter((key) => key === `P-${n}`),
        `P-${n}`,
      ).toHaveLength(1)
  },
)

test('a reader with a token sees its own write in a list that is warm, and gets a token back', async () => {
  const { app } = openReadingApp(database)
  const url = '/v1/products?sort=newest&limit=1'
  await get(app, url)
  const { token } = await putProducts(database, [product(500)])
  const { response, body } = await get(app, url, { 'consistency-token': token })
  expect(body?.data[0]?.key).toBe('P-500')
  expect(response.headers['cache-control']).toBe('private, no-store')
  expect(response.headers['consistency-token']).toMatch(/^[\w-]+$/)
  const deleted = await deleteProduct(database, 'P-500')
  const after = await get(app, url, { 'consistency-token': deleted.token })
  expect(after.body?.data[0]?.key).not.toBe('P-500')
})

test('a product that went after the list was read is left out of it', async () => {
  const { app } = openReadingApp(database)
  await putProducts(database, [product(600, 900)])
  await database.caughtUp()
  const url = '/v1/products?sort=-price&limit=2'
  const before = await get(app, url)
  expect(before.body?.data.map(({ key }) => key)).toContain('P-600')
  const { token } = await deleteProduct(database, 'P-600')
  await database.caughtUp()
  // Drops the product from memory, as its event would.
  await get(app, '/v1/products?sort=price&limit=1', { 'consistency-token': token })
  const batch = { ids: [before.body?.data[0]?.id] }
  await app.inject({ method: 'POST', url: '/v1/products:batchGet', payload: batch, headers: { 'consistency-token': token } })
  const after = await get(app, url)
  expect(after.body?.data.map(({ key }) => key)).toEqual([before.body?.data[1]?.key])
  expect(after.body?.page.next).toBe(before.body?.page.next)
})

test('an ETag answers 304 until a product of the page changes; gzip comes from the second answer on', async () => {
  const { app } = openReadingApp(database)
  const url = '/v1/products?brand=crane'
  const first = await get(app, url, { 'accept-encoding': 'gzip' })
  expect(first.response.headers['content-encoding']).toBeUndefined()
  const etag = String(first.response.headers.etag)
  const same = await get(app, url, { 'if-none-match': `"other", W/${etag}` })
  expect([same.response.statusCode, same.response.body, same.response.headers.etag]).toEqual([304, '', etag])
  await get(app, url, { 'accept-encoding': 'gzip' })
  await expect
    .poll(async () => (await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'])
    .toBe('gzip')
  const { token } = await putProducts(database, [product(2, 3)])
  const changed = await get(app, url, { 'if-none-match': etag, 'consistency-token': token })
  expect(changed.response.statusCode).toBe(200)
  expect(changed.response.headers.etag).not.toBe(etag)
})

describe('bad input is 400 with its name', () => {
  const cases: readonly [query: string, problem: string, parameter: string | null][] = [
    ['colour=red', 'invalid-parameter', 'colour'],
    ['attr.=red', 'invalid-parameter', 'attr.'],
    ['attr.color=', 'invalid-parameter', 'attr.color'],
    ['attr.a%2Fb~1=', 'invalid-parameter', 'attr.a/b~1'],
    ['a%2F5~c=1', 'invalid-parameter', 'a/5~c'],
    ['attr.color=a%00b', 'invalid-parameter', 'attr.color'],
    ['attr.a%00b=red', 'invalid-parameter', 'attr.a\0b'],
    [`attr.${'x'.repeat(129)}=red`, 'invalid-parameter', `attr.${'x'.repeat(129)}`],
    [`attr.color=${'x'.repeat(101)}`, 'invalid-parameter', 'attr.color'],
    [Array.from({ length: 13 }, (_, n) => `attr.a${n}=1`).join('&'), 'invalid-parameter', 'attr.a12'],
    [Array.from({ length: 1_000 }, () => 'attr.color=red').join('&'), 'invalid-parameter', 'attr.color'],
    [Array.from({ length: 1_000 }, (_, n) => `x${n}=1`).join('&'), 'invalid-parameter', 'x99'],
    ['brand=%ZZ', 'invalid-parameter', 'brand'],
    ['brand=%C3%28', 'invalid-parameter', 'brand'],
    ['%FF=1', 'invalid-parameter', '%FF'],
    ['tag=', 'invalid-parameter', 'tag'],
    ['price=5', 'invalid-parameter', 'price'],
    ['price=..', 'invalid-parameter', 'price'],
    ['price=9..1', 'invalid-parameter', 'price'],
    ['price=-5..', 'invalid-parameter', 'price'],
    ['price=1.5..', 'invalid-parameter', 'price'],
    ['price=99999999999999999999..', 'invalid-parameter', 'price'],
    ['price=a..b', 'invalid-parameter', 'price'],
    ['inStock=false', 'invalid-parameter', 'inStock'],
    ['inStock=true&inStock=true', 'invalid-parameter', 'inStock'],
    ['onSale=1', 'invalid-parameter', 'onSale'],
    ['updatedSince=yesterday', 'invalid-parameter', 'updatedSince'],
    ['updatedSince=2026-02-30T00:00:00Z%20', 'invalid-parameter', 'updatedSince'],
    ['updatedSince=0000-01-01T00:00:00Z', 'invalid-parameter', 'updatedSince'],
    ['updatedSince=9999-12-31T23:59:59-23:59', 'invalid-parameter', 'updatedSince'],
    ['sort=manual', 'invalid-parameter', 'sort'],
    ['page=0', 'invalid-parameter', 'page'],
    ['page=417', 'invalid-parameter', 'page'],
    ['page=101&limit=100', 'invalid-parameter', 'page'],
    ['page=9999999999999999999999', 'invalid-parameter', 'page'],
    ['page=2&cursor=abc', 'invalid-parameter', 'page'],
    ['count=exact', 'invalid-parameter', 'count'],
    ['fields=', 'invalid-parameter', 'fields'],
    ['fields=id,description', 'invalid-parameter', 'fields'],
    ['limit=0', 'invalid-parameter', 'limit'],
    ['limit=101', 'invalid-parameter', 'limit'],
    ['limit=ten', 'invalid-parameter', 'limit'],
    ['limit=', 'invalid-parameter', 'limit'],
    ['limit=5&limit=6', 'invalid-parameter', 'limit'],
    ['sort=cheapest', 'invalid-parameter', 'sort'],
    ['category=', 'invalid-parameter', 'category'],
    ['category=a%00b', 'invalid-parameter', 'category'],
    ['category=a&category=b', 'invalid-parameter', 'category'],
    [`category=${'x'.repeat(200)}`, 'invalid-parameter', 'category'],
    ['brand=a%20b', 'invalid-parameter', 'brand'],
    [Array.from({ length: 51 }, (_, n) => `brand=b${n}`).join('&'), 'invalid-parameter', 'brand'],
    ['channel=no-such-channel', 'invalid-parameter', 'channel'],
    ['channel=DROP', 'invalid-parameter', 'channel'],
    ['locale=!', 'invalid-parameter', 'locale'],
    ['cursor=', 'invalid-cursor', null],
    ['cursor=x', 'invalid-cursor', null],
    ['cursor=%00', 'invalid-cursor', null],
    [`cursor=${'A'.repeat(5_000)}`, 'invalid-parameter', 'cursor'],
    [`cursor=${'A'.repeat(1_000)}`, 'invalid-cursor', null],
  ]
  test.each(cases.map(([query, ...rest]) => [query.slice(0, 60), query, ...rest] as const))(
    '%s',
    async (_name, query, problem, parameter) => {
      const { app } = openReadingApp(database)
      const { response } = await get(app, `/v1/products?${query}`)
      expect(response.statusCode).toBe(400)
      const named = { errors: expect.arrayContaining([expect.objectContaining({ parameter })]) as object[] }
      expect(response.json()).toMatchObject({ type: `/problems/${problem}`, ...(parameter === null ? {} : named) })
    },
  )
})

test('a name that stands twice where it may stand once is told so, once', async () => {
  const { app } = openReadingApp(database)
  const { response } = await get(app, '/v1/products?limit=5&limit=6&count=capped&count=capped&sort=cheapest')
  const errors = response.json<{ errors: readonly { message: string }[] }>().errors.map(({ message }) => message)
  expect(errors.slice(0, 2)).toEqual(['limit must be given once', 'count must be given once'])
  expect(errors[2]).toMatch(/^sort must be one of popular, /)
  expect(errors).toHaveLength(3)
})

test('a cursor of other filters, another order, channel or release is refused; another limit or locale is not', async () => {
  const { app } = openReadingApp(database)
  const { body } = await get(app, '/v1/products?brand=acme&limit=2')
  const next = body?.page.next ?? ''
  for (const query of ['brand=bolt', 'limit=2', 'brand=acme&sort=price', 'brand=acme&category=jackets']) {
    expect((await get(app, `/v1/products?${query}&cursor=${next}`)).response.json()).toMatchObject({ type: '/problems/invalid-cursor' })
  }
  const [direction, binding, place] = Buffer.from(next, 'base64url').toString().split('.')
  const forged = [
    `x.${binding}.${place}.1`,
    `n.${binding}.${place}.1e99`,
    `n.${binding}.${place}`,
    `n.${binding}.${place}.NaN`,
    `n.${binding}.1.1`,
  ]
  for (const text of forged) {
    const cursor = Buffer.from(text).toString('base64url')
    expect((await get(app, `/v1/products?brand=acme&cursor=${cursor}`)).response.json()).toMatchObject({ type: '/problems/invalid-cursor' })
  }
  expect(direction).toBe('n')
  expect((await get(app, `/v1/products?brand=acme&limit=50&locale=de&cursor=${next}`)).body?.data).toHaveLength(18)
})

test('filters that match nothing are an empty list', async () => {
  const { app } = openReadingApp(database)
  for (const query of ['category=no-such', 'category=999999999999', 'brand=no-such', 'brand=no-such&brand=neither&sort=price']) {
    const { body } = await get(app, `/v1/products?${query}`)
    expect(body).toEqual({ data: [], page: { limit: 24, next: null, prev: null } })
  }
})

test('HEAD has the headers of GET and no body', async () => {
  const { app } = openReadingApp(database)
  const head = await app.inject({ method: 'HEAD', url: '/v1/products?limit=3' })
  expect([head.statusCode, head.body]).toEqual([200, ''])
  expect(head.headers.etag).toBe((await app.inject('/v1/products?limit=3')).headers.etag)
})

test('facts of filters, as a client meets them', async () => {
  await using own = await testDatabase()
  const jacket = (key: string, extra: object) => ({
    ...product(1),
    key,
    i18n: { en: { title: key } },
    variants: [{ sku: key, prices: [{ channel: 'default', amount: 1_000 }] }],
    ...extra,
  })
  const variant = (key: string, extra: object) => [{ sku: key, prices: [{ channel: 'default', amount: 500, compareAt: 900 }], ...extra }]
  const { token } = await putProducts(own, [
    jacket('A', { attributes: { color: 'red', weight: 2 }, tags: ['new'] }),
    jacket('B', { attributes: { color: ['red', 'blue'], weight: 8, waterproof: true } }),
    jacket('C', { variants: variant('C', { options: { size: 'L' }, attributes: { color: 'green' }, stock: 0 }) }),
    jacket('D', { variants: [{ sku: 'D', prices: [] }] }),
  ])
  const { app } = openReadingApp(own)
  const found = async (query: string) => {
    const { body } = await get(app, `/v1/products?sort=title&fields=key&${query}`, { 'consistency-token': token })
    return body?.data.map(({ key }) => key).join('')
  }
  expect(await found('')).toBe('ABC')
  expect(await found('attr.color=red')).toBe('AB')
  expect(await found('attr.color=blue&attr.color=green')).toBe('BC')
  expect(await found('attr.color=red&attr.weight=2..7.5')).toBe('A')
  expect(await found('attr.weight=8.0')).toBe('B')
  expect(await found('attr.waterproof=true')).toBe('B')
  expect(await found('attr.size=L&category=clothing')).toBe('C')
  expect(await found('attr.color=RED')).toBe('')
  expect(await found('tag=new')).toBe('A')
  expect(await found('price=..500')).toBe('C')
  expect(await found('onSale=true')).toBe('C')
  expect(await found('inStock=true')).toBe('AB')
  expect(await found('updatedSince=2026-01-01T00:00:00%2B02:00')).toBe('ABC')
  expect(await found('updatedSince=2999-01-01T00:00:00Z')).toBe('')
})

test('every page of a list counts the same, whichever way it was reached', async () => {
  const { app } = openReadingApp(database)
  const lists = ['sort=title', 'sort=price&inStock=true', 'q=jacket', 'q=jacket&sort=title']
  for (const list of lists) {
    const page = async (rest: string) => (await get(app, `/v1/products?${list}&count=capped&fields=id${rest}`)).body
    const all = await page('&limit=100')
    const total = all?.data.length ?? 0
    expect(total, list).toBeGreaterThan(1)
    const shown: unknown[] = []
    let last: typeof all = null
    for (let next: string | null = ''; next !== null; next = last?.page.next ?? null) {
      last = await page(`&limit=1${next === '' ? '' : `&cursor=${next}`}`)
      expect(last?.count, list).toEqual({ value: total, relation: 'eq' })
      shown.push(...(last?.data ?? []))
    }
    expect(shown, list).toEqual(all?.data)
    for (const other of [`&limit=1&cursor=${last?.page.prev}`, '&limit=1&page=2', '&page=400', '']) {
      expect((await page(other))?.count, `${list}${other}`).toEqual({ value: total, relation: 'eq' })
    }
  }
})

test('pages have numbers, counts and chosen fields; a cursor goes on where a number leads', async () => {
  const { app } = openReadingApp(database)
  const { body: first } = await get(app, '/v1/products?sort=title&limit=10&fields=key,id&count=capped')
  expect(first).toMatchObject({ count: { value: expect.any(Number) as number, relation: 'eq' } })
  expect(Object.keys(first?.data[0] ?? {})).toEqual(['id', 'key'])
  const { body: second, response } = await get(app, '/v1/products?sort=title&limit=10&page=2&fields=key')
  expect(response.headers.link).toMatch(/sort=title&limit=10&fields=key&cursor=.+rel="next", .+rel="prev"/)
  expect((await get(app, `/v1/products?sort=title&limit=10&fields=key&cursor=${first?.page.next}`)).body?.data).toEqual(second?.data)
  expect((await get(app, `/v1/products?sort=title&limit=10&cursor=${second?.page.prev}`)).body?.data.map(({ key }) => key)).toEqual(
    first?.data.map(({ key }) => key),
  )
  expect((await get(app, '/v1/products?page=416')).body?.data).toEqual([])
})
