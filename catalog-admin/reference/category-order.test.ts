import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestAdmin, testAdmin } from '../../test/support/admin-server.ts'
import { tick } from '../../shared/clock.ts'
import { openReadingApp } from '../../test/support/reading-app.ts'

let admin: TestAdmin
let ticking: NodeJS.Timeout
const product = (key: string, extra: object = {}) => ({
  key,
  title: key,
  status: 'active',
  popularity: key.charCodeAt(2),
  categories: [['Clothing', 'Jackets']],
  variants: [{ sku: key, prices: [{ channel: 'default', amount: 100 }] }],
  ...extra,
})
beforeAll(async () => {
  admin = await testAdmin()
  ticking = setInterval(() => void tick(admin.database.primary).catch(() => {}), 100)
  for (const key of ['P-a', 'P-b', 'P-c', 'P-d']) await admin.call('POST', '/admin/v1/products', { body: product(key) })
})
afterAll(async () => {
  clearInterval(ticking)
  await admin[Symbol.asyncDispose]()
})

async function orderPath(slug: string): Promise<string> {
  const { rows } = await admin.database.primary.query<{ id: number }>('select id from category where slug = $1', [slug])
  return `/admin/v1/categories/${rows[0]?.id}/order`
}

async function listed(category: string, token: string | null, query = ''): Promise<string> {
  const { app } = openReadingApp(admin.database)
  const url = `/v1/products?category=${category}&sort=manual&fields=key${query}`
  const response = await app.inject({ url, headers: token === null ? {} : { 'consistency-token': token } })
  return response
    .json<{ data: { key: string }[] }>()
    .data.map(({ key }) => key.slice(2))
    .join('')
}

test('what a person puts first comes first in that category alone, the rest by popularity', async () => {
  const path = await orderPath('jackets')
  const put = await admin.call('PUT', path, { body: { products: ['P-c', 'P-a'] } })
  expect(put).toMatchObject({ status: 200, body: { products: ['P-c', 'P-a'] } })
  const token = put.headers.get('consistency-token')
  expect(await listed('jackets', token)).toBe('cadb')
  expect(await listed('clothing', token)).toBe('dcba')
  expect(await listed('jackets', token, '&inStock=true')).toBe('cadb')
  expect(await admin.call('PUT', path, { body: { products: ['P-c', 'P-a'] } })).toMatchObject({ status: 200, body: { unchanged: true } })
  const shorter = await admin.call('PUT', path, { body: { products: ['P-b'] } })
  expect(await listed('jackets', shorter.headers.get('consistency-token'))).toBe('bdca')
  expect((await admin.call('GET', path)).body).toEqual({ products: ['P-b'] })
  const { rows } = await admin.database.primary.query(`select action, count(*)::int from audit_log where resource = 'category' group by 1`)
  expect(rows).toEqual([{ action: 'category.ordered', count: 2 }])
})

test('a place outlives what else is written of the product, its bin and its return', async () => {
  const path = await orderPath('jackets')
  await admin.call('PUT', path, { body: { products: ['P-a'] } })
  await admin.call('PUT', '/admin/v1/products/by-key/P-a', { body: product('P-a', { tags: ['new'] }) })
  await admin.call('PUT', '/admin/v1/products/by-key/P-a', { body: product('P-a', { categories: [['Clothing']] }) })
  const back = await admin.call('PUT', '/admin/v1/products/by-key/P-a', { body: product('P-a') })
  expect(await listed('jackets', back.headers.get('consistency-token'))).toBe('adcb')
})

test('an order and a write of the same product at once agree in the end', async () => {
  const path = await orderPath('jackets')
  for (let round = 0; round < 8; round++) {
    const products = round % 2 === 0 ? ['P-d', 'P-a'] : ['P-a', 'P-d']
    await Promise.all([
      admin.call('PUT', path, { body: { products } }),
      admin.call('PUT', '/admin/v1/products/by-key/P-a', {
        body: product('P-a', { categories: round % 3 === 0 ? [['Clothing']] : [['Clothing', 'Jackets']] }),
      }),
    ])
    const { rows } = await admin.database.primary.query(`
      select from read.listing l left join category_order o on o.category_id = l.category_id and o.product_id = l.product_id
      where l.manual_position is distinct from o.position`)
    expect(rows).toEqual([])
  }
})

test('bad orders are refused by name', async () => {
  const path = await orderPath('jackets')
  expect(await admin.call('PUT', path, { body: { products: ['P-a', 'none'] } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/products/1' }] },
  })
  expect((await admin.call('PUT', path, { body: { products: ['P-a', 'P-a'] } })).status).toBe(422)
  expect((await admin.call('PUT', path, { body: { products: 'P-a' } })).status).toBe(422)
  expect((await admin.call('PUT', path, { body: { products: [] }, headers: { 'if-match': '"9999"' } })).status).toBe(412)
  expect((await admin.call('PUT', '/admin/v1/categories/99999/order', { body: { products: [] } })).status).toBe(404)
  expect((await admin.call('PUT', '/admin/v1/categories/x/order', { body: { products: [] } })).status).toBe(400)
})
