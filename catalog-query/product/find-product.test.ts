import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import type { HttpServer } from '../../shared/http-server.ts'
import { openQueryServer } from '../../test/support/query-server.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { deleteProduct, putProducts } from '../../test/support/reading-app.ts'
import { encodeNames, proofOf, proves } from '../cache/product-names.ts'
import { tinyDocument } from '../../test/support/commit-product.ts'

describe('names', () => {
  const document = {
    ...tinyDocument('p', 'One'),
    i18n: { de: { title: 'Eins', description: null, slug: 'eins' }, en: { title: 'One', description: null, slug: 'one' } },
  }
  const product = { state: 'visible', names: Buffer.from(encodeNames(document, { channel: 'default', locales: ['de', 'en'] })) }

  test('prove the key, every SKU, and the slug of the first locale alone', () => {
    expect(proves(product, proofOf({ by: 'key', value: 'key-p' }))).toBe(true)
    expect(proves(product, proofOf({ by: 'sku', value: 'sku-p' }))).toBe(true)
    expect(proves(product, proofOf({ by: 'slug', value: 'eins' }))).toBe(true)
    // Another product may have it in German, and would win.
    expect(proves(product, proofOf({ by: 'slug', value: 'one' }))).toBe(false)
  })

  test('are whole names of their own kind', () => {
    expect(proves(product, proofOf({ by: 'slug', value: 'ein' }))).toBe(false)
    expect(proves(product, proofOf({ by: 'slug', value: 'ns' }))).toBe(false)
    expect(proves(product, proofOf({ by: 'sku', value: 'key-p' }))).toBe(false)
    expect(proves({ ...product, state: 'hidden' }, proofOf({ by: 'key', value: 'key-p' }))).toBe(false)
  })
})

describe('a hint', () => {
  let database: TestDatabase
  let server: HttpServer
  /** Names of the statements that the replica was asked. */
  let asked: string[] = []
  let ticking: NodeJS.Timeout

  beforeAll(async () => {
    database = await testDatabase()
    ticking = setInterval(() => void tick(database.primary).catch(() => {}), 200)
    const { replica } = database
    const counted = Object.assign(Object.create(replica) as typeof replica, {
      query: (query: { name?: string }) => {
        asked.push(query.name ?? '')
        return replica.query(query as never)
      },
    })
    server = await openQueryServer({ ...database, replica: counted })
  })
  afterAll(async () => {
    clearInterval(ticking)
    await server?.close()
    await database?.[Symbol.asyncDispose]()
  })

  const document = (key: string, slug: string, sku = `sku-${key}`) => ({
    key,
    status: 'active',
    i18n: { en: { title: key, slug } },
    variants: [{ sku, prices: [{ channel: 'default', amount: 1999, currency: 'USD' }] }],
  })

  async function put(...documents: readonly unknown[]): Promise<string> {
    const { token } = await putProducts(database, documents)
    await database.caughtUp()
    return token
  }

  async function get(url: string, token?: string): Promise<{ status: number; key: string | undefined; headers: Record<string, unknown> }> {
    const answer = await server.inject({ url, ...(token === undefined ? {} : { headers: { 'consistency-token': token } }) })
    const { key } = answer.body === '' ? {} : answer.json<{ key?: string }>()
    return { status: answer.statusCode, key, headers: answer.headers }
  }

  test('that went to another product leads there, however young the hint is', async () => {
    await put(document('first', 'shared', 'sku-shared'))
    expect((await get('/v1/products/by-slug/shared')).key).toBe('first')
    expect((await get('/v1/variants/by-sku/sku-shared')).key).toBe('first')
    // With a token the products are read anew, and do not prove it any more.
    await put(document('first', 'other', 'sku-other'))
    const token = await put(document('second', 'shared', 'sku-shared'))
    expect((await get('/v1/products/by-slug/shared', token)).key).toBe('second')
    expect((await get('/v1/variants/by-sku/sku-shared', token)).key).toBe('second')
    const batch = await server.inject({
      method: 'POST',
      url: '/v1/products:batchGet',
      headers: { 'consistency-token': token },
      payload: { slugs: ['shared', 'other', 'nowhere'] },
    })
    const { data, missing } = batch.json<{ data: { key: string }[]; missing: string[] }>()
    expect([data.map(({ key }) => key), missing]).toEqual([['second', 'first'], ['nowhere']])
    const offers = await server.inject({ url: '/v1/offers?skus=sku-shared,sku-other', headers: { 'consistency-token': token } })
    expect(offers.json<{ data: { sku: string }[] }>().data.map(({ sku }) => sku)).toEqual(['sku-shared', 'sku-other'])
  })

  test('that its product proves is never read again, and the answer is as fresh as the product', async () => {
    await put(document('kept', 'kept'))
    await get('/v1/products/by-slug/kept')
    asked = []
    const clock = Date.now()
    // Beyond B, within which every look-up was trusted anyway.
    while (Date.now() - clock < 2_200) await new Promise((resolve) => setTimeout(resolve, 100))
    const answer = await get('/v1/products/by-slug/kept')
    expect(answer.status).toBe(200)
    expect(Number(answer.headers['catalog-staleness'])).toBeLessThan(1_500)
    expect(asked.filter((name) => name.startsWith('find-by'))).toEqual([])
  })

  test('that nothing proves is trusted for a while, and not read with every request', async () => {
    await put(document('renamed', 'old-name'))
    await put(document('renamed', 'new-name'))
    const moved = await get('/v1/products/by-slug/old-name')
    expect([moved.status, moved.headers['location']]).toEqual([308, '/v1/products/by-slug/new-name'])
    asked = []
    for (let i = 0; i < 5; i++) expect((await get('/v1/products/by-slug/old-name')).status).toBe(308)
    expect((await get('/v1/products/by-key/nobody')).status).toBe(404)
    for (let i = 0; i < 5; i++) expect((await get('/v1/products/by-key/nobody')).status).toBe(404)
    expect(asked.filter((name) => name.startsWith('find-by'))).toEqual(['find-by-key'])
  })

  test('to a product that was deleted answers 410, and to a slug that was given back the product again', async () => {
    await put(document('gone', 'gone'))
    expect((await get('/v1/products/by-key/gone')).status).toBe(200)
    const { token } = await deleteProduct(database, 'gone')
    expect((await get('/v1/products/by-key/gone', token)).status).toBe(410)
    const back = await put(document('gone', 'gone'))
    expect((await get('/v1/products/by-slug/gone', back)).status).toBe(200)
  })
})
