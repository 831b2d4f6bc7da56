import { randomUUID } from 'node:crypto'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import type { HttpServer } from '../../shared/http-server.ts'
import { nowUs, toStamp } from '../../shared/stamp.ts'
import { encodeToken } from '../../shared/token.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { openQueryServer } from '../../test/support/query-server.ts'
import { deleteProduct, putProducts } from '../../test/support/reading-app.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout
let app: HttpServer
const ids: Record<string, string> = {}

interface Input {
  readonly key: string
  readonly [member: string]: unknown
}

const jacket = {
  key: 'P-1',
  status: 'active',
  brand: 'Acme',
  i18n: {
    en: { title: 'Urban jacket', description: 'Warm. '.repeat(200), slug: 'urban-jacket' },
    de: { title: 'Stadtjacke', slug: 'stadtjacke' },
  },
  variants: [{ sku: 'P-1 M/"ü"', prices: [{ channel: 'default', amount: 1999 }], stock: 5 }],
}
const large = {
  key: 'P-large',
  status: 'active',
  i18n: { en: { title: 'Many variants' } },
  variants: Array.from({ length: 230 }, (_, n) => ({ sku: `L-${n}`, options: { n: String(n) } })),
}
const small = (key: string, changes: object = {}): Input => ({
  key,
  status: 'active',
  i18n: { en: { title: 'S' } },
  variants: [{ sku: `${key}-A` }],
  ...changes,
})

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await put([jacket, large, small('P-small'), small('P-draft', { status: 'draft' }), small('P-gone')])
  await deleteProduct(database, 'P-gone')
  await put([small('P-moved', { i18n: { en: { title: 'Moved', slug: 'old-slug' } } })])
  await put([small('P-moved', { i18n: { en: { title: 'Moved', slug: 'new-slug' } } })])
  await caughtUp()
  app = await openQueryServer(database)
})
afterAll(async () => {
  clearInterval(ticking)
  await app?.close()
  await database?.[Symbol.asyncDispose]()
})

async function put(documents: readonly Input[]): Promise<string> {
  const { results, token } = await putProducts(database, documents)
  results.forEach((result, i) => {
    if ('id' in result) ids[documents[i]?.key ?? ''] = result.id
  })
  return token
}

async function caughtUp(): Promise<void> {
  await tick(database.primary)
  await database.caughtUp()
}

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
const product = (key: string) => `/v1/products/${ids[key]}`

interface VariantsPage {
  readonly data: readonly { readonly sku: string }[]
  readonly page: { readonly next: string | null }
}

interface ProblemBody {
  readonly type: string
  readonly errors?: readonly { parameter: string; code: string }[]
}

test('a product is answered as its representation, with how fresh it is and how long it may be kept', async () => {
  const response = await get(product('P-1'))
  expect(response.statusCode).toBe(200)
  expect(response.json()).toMatchObject({
    id: ids['P-1'],
    key: 'P-1',
    channel: 'default',
    locale: 'en',
    slug: 'urban-jacket',
    title: 'Urban jacket',
    brand: { slug: 'acme', name: 'Acme' },
    price: { from: { amount: 1999, currency: 'USD' } },
    inStock: true,
  })
  const { rev } = response.json<{ rev: number }>()
  expect(response.headers).toMatchObject({
    'cache-control': 'public, max-age=1',
    'catalog-rev': String(rev),
    'content-language': 'en',
    'content-type': 'application/json; charset=utf-8',
    vary: 'Accept-Encoding, Consistency-Token',
    'cache-status': expect.stringMatching(/^catalog; (fwd=miss; detail=replica|hit; detail=memory)$/) as string,
    'last-modified': expect.stringMatching(/ GMT$/) as string,
    'server-timing': expect.stringMatching(/^total;dur=\d/) as string,
    'x-request-id': expect.stringMatching(/./) as string,
    age: expect.stringMatching(/^[0-2]$/) as string,
  })
  expect(Number(response.headers['catalog-staleness'])).toBeGreaterThanOrEqual(0)
  expect(Number(response.headers['catalog-staleness'])).toBeLessThanOrEqual(2_250)
  expect(response.headers).not.toHaveProperty('consistency-token')
})

test('the second read is a hit of memory', async () => {
  await get(product('P-1'))
  expect((await get(product('P-1'))).headers['cache-status']).toBe('catalog; hit; detail=memory')
})

test('a locale falls back along its chain, and the answer says to which', async () => {
  for (const [locale, language] of [
    ['de-AT', 'de'],
    ['DE', 'de'],
    ['fr-CA', 'en'],
  ]) {
    const response = await get(`${product('P-1')}?locale=${locale}`)
    expect([response.statusCode, response.headers['content-language']], locale).toEqual([200, language])
  }
  expect((await get(`${product('P-1')}?locale=de-AT`)).json()).toMatchObject({ title: 'Stadtjacke' })
})

test('key, slug and SKU lead to the product; a SKU’s answer names the match in front', async () => {
  const id = ids['P-1']
  expect((await get('/v1/products/by-key/P-1')).json()).toMatchObject({ id })
  expect((await get('/v1/products/by-slug/urban-jacket')).json()).toMatchObject({ id })
  expect((await get('/v1/products/by-slug/stadtjacke?locale=de-AT')).json()).toMatchObject({ id, locale: 'de' })
  const bySku = await get(`/v1/variants/by-sku/${encodeURIComponent('P-1 M/"ü"')}`)
  expect(bySku.body).toMatch(/^\{"sku":"P-1 M\/\\"ü\\"","id":"/)
  expect(bySku.json()).toMatchObject({ id, sku: 'P-1 M/"ü"', key: 'P-1' })
  for (const url of ['/v1/products/by-key/none', '/v1/products/by-slug/none', '/v1/variants/by-sku/none', `/v1/products/${randomUUID()}`]) {
    expect((await get(url)).json(), url).toMatchObject({ type: '/problems/not-found', status: 404 })
  }
})

test('an old slug answers 308 to the current one, with the same parameters', async () => {
  const response = await get('/v1/products/by-slug/old-slug?locale=en&channel=default')
  expect(response.statusCode).toBe(308)
  const location = String(response.headers.location)
  expect(location).toMatch(/^\/v1\/products\/by-slug\/new-slug\?locale=en&channel=default$/)
  expect(response.headers['cache-control']).toBe('public, max-age=1')
  expect((await get(location)).json()).toMatchObject({ id: ids['P-moved'] })
})

test('what was deleted is 410, what readers may not see 404; both say how fresh and how long', async () => {
  const gone = await get(product('P-gone'))
  expect(gone.json()).toMatchObject({ type: '/problems/gone', status: 410 })
  expect(gone.headers).toMatchObject({ 'cache-control': 'public, max-age=1', 'content-type': 'application/problem+json; charset=utf-8' })
  expect(Number(gone.headers['catalog-rev'])).toBeGreaterThan(0)
  expect((await get('/v1/products/by-key/P-gone')).statusCode).toBe(410)
  const draft = await get(product('P-draft'))
  expect([draft.statusCode, draft.headers['cache-control']]).toEqual([404, 'public, max-age=1'])
})

test('whoever guesses a key is not told that there is a draft', async () => {
  const [draft, nothing] = [await get('/v1/products/by-key/P-draft'), await get('/v1/products/by-key/P-never')]
  const shape = ({ statusCode, headers }: typeof draft) => [statusCode, Object.keys(headers).sort()]
  expect(shape(draft)).toEqual(shape(nothing))
})

test('If-None-Match is answered 304 without a body: one, a list, a weak one, any', async () => {
  const { etag } = (await get(product('P-1'))).headers
  for (const condition of [`${etag}`, `W/${etag}`, `"other", ${etag}`, '*']) {
    const response = await get(product('P-1'), { 'if-none-match': condition })
    expect([response.statusCode, response.body, response.headers.etag], condition).toEqual([304, '', etag])
    expect(response.headers).toMatchObject({ 'cache-control': 'public, max-age=1', vary: 'Accept-Encoding, Consistency-Token' })
  }
  expect((await get(product('P-1'), { 'if-none-match': '"other"' })).statusCode).toBe(200)
})

test('every representation and coding has an ETag of its own', async () => {
  const urls = ['', '?locale=de', '?fields=id', '?fields=id,title']
  const tags = await Promise.all(urls.map(async (query) => (await get(product('P-1') + query)).headers.etag))
  const gzip = await get(product('P-1'), { 'accept-encoding': 'gzip' })
  const brotli = await get(product('P-1'), { 'accept-encoding': 'br' })
  expect(new Set([...tags, gzip.headers.etag, brotli.headers.etag]).size).toBe(6)
})

test('gzip and brotli are sent to whoever takes them, the smallest first', async () => {
  const plain = (await get(product('P-1'))).body
  const coded = async (header: string) => await get(product('P-1'), { 'accept-encoding': header })
  const brotli = await coded('gzip, deflate, br')
  expect(brotli.headers['content-encoding']).toBe('br')
  expect(brotliDecompressSync(brotli.rawPayload).toString()).toBe(plain)
  const gzip = await coded('gzip, br;q=0.5')
  expect(gzip.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(gzip.rawPayload).toString()).toBe(plain)
  expect((await coded('identity, gzip;q=0.5')).headers).not.toHaveProperty('content-encoding')
  expect((await coded('')).body).toBe(plain)
  expect((await coded('zstd')).body).toBe(plain)
  expect((await coded('zstd, identity;q=0')).json()).toMatchObject({ type: '/problems/not-acceptable', status: 406 })
  expect((await coded('*;q=0')).statusCode).toBe(406)
})

test('an answer too small to be worth compressing is compressed for whoever takes nothing else', async () => {
  const response = await get(product('P-small'), { 'accept-encoding': 'gzip, identity;q=0' })
  expect(response.headers['content-encoding']).toBe('gzip')
  expect(JSON.parse(gunzipSync(response.rawPayload).toString())).toMatchObject({ key: 'P-small' })
})

test('fields picks members; one that is not known is 400', async () => {
  expect((await get(`${product('P-1')}?fields=title,id`)).json()).toEqual({ id: ids['P-1'], title: 'Urban jacket' })
  const bySku = await get(`/v1/variants/by-sku/${encodeURIComponent('P-1 M/"ü"')}?fields=sku,key`)
  expect(bySku.json()).toEqual({ sku: 'P-1 M/"ü"', key: 'P-1' })
  const unknown = await get(`${product('P-1')}?fields=id,secret`)
  expect([unknown.statusCode, unknown.json<ProblemBody>().errors?.[0]]).toEqual([
    400,
    expect.objectContaining({ parameter: 'fields', code: 'unknown' }),
  ])
})

test('more than 100 variants: the first 100 and a link that leads through the rest', async () => {
  const body = (await get(product('P-large'))).json<{ variants: { sku: string }[]; variantsNext: string }>()
  const skus = body.variants.map(({ sku }) => sku)
  let next: string | null = body.variantsNext
  while (next !== null) {
    const page: VariantsPage = (await get(next)).json<VariantsPage>()
    skus.push(...page.data.map(({ sku }) => sku))
    next = page.page.next === null ? null : `${product('P-large')}/variants?cursor=${page.page.next}`
  }
  expect(skus).toEqual(large.variants.map(({ sku }) => sku))
  expect((await get(`${product('P-large')}/variants?cursor=x`)).json()).toMatchObject({ type: '/problems/invalid-cursor' })
  const gone = await get(`/v1/products/${ids['P-gone']}/variants`)
  expect(gone.statusCode).toBe(410)
  expect(Number(gone.headers['catalog-staleness'])).toBeGreaterThanOrEqual(0)
})

test('a token is never answered anything older, gets one back, and its answer is for its owner alone', async () => {
  const before = (await get(product('P-1'))).json<{ rev: number }>()
  const token = await put([{ ...jacket, i18n: { ...jacket.i18n, en: { ...jacket.i18n.en, title: 'Urban jacket II' } } }])
  const response = await get(product('P-1'), { 'consistency-token': token })
  expect(response.json()).toMatchObject({ title: 'Urban jacket II' })
  expect(response.json<{ rev: number }>().rev).toBeGreaterThan(before.rev)
  expect(response.headers['cache-control']).toBe('private, no-store')
  const next = String(response.headers['consistency-token'])
  expect(next.length).toBeLessThanOrEqual(200)
  for (const url of ['/v1/products/by-key/P-1', '/v1/products/by-slug/urban-jacket', product('P-1')]) {
    expect((await get(url, { 'consistency-token': next })).json(), url).toMatchObject({ title: 'Urban jacket II' })
  }
  const future = encodeToken({ stamp: toStamp(1, nowUs() + 60_000_000), lsn: null, product: null })
  for (const refused of ['nonsense', future]) {
    const answer = await get(product('P-1'), { 'consistency-token': refused })
    expect([answer.statusCode, answer.json<ProblemBody>().errors?.[0]?.parameter], refused).toEqual([400, 'Consistency-Token'])
  }
})

test('a new key and a new locale are seen at once by whoever brings the token', async () => {
  const token = await put([small('P-new', { i18n: { it: { title: 'Nuovo' } } })])
  const headers = { 'consistency-token': token }
  expect((await get('/v1/products/by-key/P-new?locale=it', headers)).headers['content-language']).toBe('it')
})

test('HEAD answers what GET would, without the body', async () => {
  const [head, whole] = [await app.inject({ method: 'HEAD', url: product('P-1') }), await get(product('P-1'))]
  expect([head.statusCode, head.body, head.headers['content-length'], head.headers.etag]).toEqual([
    200,
    '',
    whole.headers['content-length'],
    whole.headers.etag,
  ])
})

test('OPTIONS and CORS: anybody’s page may read', async () => {
  const preflight = await app.inject({ method: 'OPTIONS', url: product('P-1'), headers: { origin: 'https://shop.example' } })
  expect([preflight.statusCode, preflight.headers.allow]).toEqual([204, 'GET, HEAD'])
  expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': '*', 'cache-control': 'no-store' })
  expect(String(preflight.headers['access-control-allow-headers']).split(', ')).toEqual(
    expect.arrayContaining(['Authorization', 'X-Api-Key']),
  )
  expect((await get(product('P-1'))).headers['access-control-allow-origin']).toBe('*')
})

test('a method that is not allowed is 405 and says which are', async () => {
  const response = await app.inject({ method: 'DELETE', url: product('P-1') })
  expect([response.statusCode, response.headers.allow, response.json<ProblemBody>().type]).toEqual([
    405,
    'GET, HEAD',
    '/problems/method-not-allowed',
  ])
})

test.each([
  ['?color=red', 'color', 'unknown'],
  ['?channel=nowhere', 'channel', 'unknown'],
  ['?channel=a%00b', 'channel', 'pattern'],
  [`?locale=${'x'.repeat(50)}`, 'locale', 'maxLength'],
  ['?locale=en&locale=de', 'locale', 'type'],
  ['?locale=%ff', 'locale', 'encoding'],
  ['?__proto__=1', '__proto__', 'unknown'],
])('%s is 400 with the parameter’s name', async (query, parameter, code) => {
  const response = await get(product('P-1') + query)
  expect(response.statusCode).toBe(400)
  expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/problem+json; charset=utf-8' })
  expect(response.json<ProblemBody>().errors).toContainEqual(expect.objectContaining({ parameter, code }))
})

test.each([
  '/v1/products/by-key/%zz',
  '/v1/products/by-key/%ff',
  '/v1/products/by-key/%00',
  '/v1/products/not-a-uuid',
  '/v1/products/urn:uuid:0197a000-0000-7000-8000-000000000001',
  '/v1/products/%',
])('%s is a problem, never a 500', async (url) => {
  const response = await get(url)
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ type: '/problems/invalid-parameter', status: 400 })
  expect(response.headers['cache-control']).toBe('no-store')
})

test('a value of any length is a problem, never a 500', async () => {
  for (const length of [257, 600, 10_000]) {
    for (const url of [`/v1/products/by-key/${'k'.repeat(length)}`, `${product('P-1')}?fields=${'k'.repeat(length)}`]) {
      expect((await get(url)).json(), `${length}`).toMatchObject({ type: '/problems/invalid-parameter', status: 400 })
    }
  }
})

test('the OpenAPI document has every route, and every problem type a page', async () => {
  const document = (await get('/v1/openapi.json')).json<{ openapi: string; paths: Record<string, unknown> }>()
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/v1/products/{id}',
      '/v1/products/by-key/{key}',
      '/v1/products/by-slug/{slug}',
      '/v1/variants/by-sku/{sku}',
      '/v1/products/{id}/variants',
      '/v1/products:batchGet',
      '/v1/products',
      '/v1/offers',
      '/v1/categories',
      '/v1/brands',
      '/v1/channels',
    ]),
  )
  expect((await get('/problems/gone')).statusCode).toBe(200)
})
