import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestAdmin, testAdmin } from '../../test/support/admin-server.ts'

let admin: TestAdmin
beforeAll(async () => void (admin = await testAdmin()))
afterAll(async () => await admin[Symbol.asyncDispose]())

const PRODUCTS = '/admin/v1/products'
const product = (key: string) => ({
  key,
  status: 'active',
  i18n: { en: { title: `Product ${key}` } },
  brand: 'Acme',
  variants: [{ sku: key, prices: [{ channel: 'default', amount: 1999 }], stock: 5 }],
})

test('POST creates a product: 201, where it is, its version, its rev and a token', async () => {
  const created = await admin.call('POST', PRODUCTS, { body: product('C-1') })
  expect(created.status).toBe(201)
  expect(created.headers.get('location')).toBe(`${PRODUCTS}/${String(created.body['id'])}`)
  expect(created.headers.get('etag')).toBe('"1"')
  expect(Number(created.headers.get('catalog-rev'))).toBe(created.body['rev'])
  expect(created.headers.get('consistency-token')).toMatch(/^[\w-]{20,200}$/)
  const found = await admin.call('GET', created.headers.get('location') ?? '')
  expect(found.body).toEqual(created.body)
})
