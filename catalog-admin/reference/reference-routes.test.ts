import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestAdmin, testAdmin } from '../../test/support/admin-server.ts'
import { type CategoryNode, readCategoryTree } from './reference-lists.ts'

let admin: TestAdmin
beforeAll(async () => {
  admin = await testAdmin()
  for (const [key, brand, categories] of [
    ['P-1', 'Acme', [['Clothing', 'Jackets']]],
    ['P-2', 'Bolt', [['Clothing', 'Shoes', 'Boots']]],
    ['P-3', 'Cog', [['Garden']]],
  ]) {
    const body = {
      key,
      title: key,
      status: 'active',
      brand,
      categories,
      attributes: { color: 'red', weight: 3 },
      variants: [{ sku: key, prices: [{ channel: 'default', amount: 100 }] }],
    }
    await admin.call('POST', '/admin/v1/products', { body })
  }
})
afterAll(async () => await admin[Symbol.asyncDispose]())

const CHANNELS = '/admin/v1/channels'
const europe = { code: 'eu', name: 'Europe', currency: 'EUR', defaultLocale: 'de-at' }

interface List {
  readonly data: readonly { readonly slug: string; readonly code: string }[]
  readonly page: { readonly limit: number; readonly next: string | null }
}

test('a channel is made once, read by its code, and its locale is written the one way there is', async () => {
  const made = await admin.call('POST', CHANNELS, { body: europe })
  expect(made).toMatchObject({ status: 201, body: { code: 'eu', currency: 'EUR', defaultLocale: 'de-AT', version: 1 } })
  expect(made.headers.get('location')).toBe(`${CHANNELS}/eu`)
  expect(made.headers.get('consistency-token')).not.toBeNull()
  expect((await admin.call('POST', CHANNELS, { body: europe })).status).toBe(409)
  const found = await admin.call('GET', `${CHANNELS}/eu`)
  expect(found.body).toEqual(made.body)
  expect((await admin.call('GET', `${CHANNELS}/eu`, { headers: { 'if-none-match': '"1"' } })).status).toBe(304)
  expect((await admin.call('GET', `${CHANNELS}/none`)).status).toBe(404)
  const { rows } = await admin.database.primary.query(`select action, resource_id from audit_log where resource = 'channel'`)
  expect(rows).toEqual([{ action: 'channel.created', resource_id: 'eu' }])
})

test('PUT makes a channel or changes it; an equal one changes nothing; a wrong version is 412', async () => {
  const { code: _, ...body } = { ...europe, name: 'Japan', currency: 'JPY' }
  expect((await admin.call('PUT', `${CHANNELS}/jp`, { body })).status).toBe(201)
  expect(await admin.call('PUT', `${CHANNELS}/jp`, { body })).toMatchObject({ status: 200, body: { version: 1, unchanged: true } })
  const renamed = await admin.call('PUT', `${CHANNELS}/jp`, { body: { ...body, name: 'Nippon' }, headers: { 'if-match': '"1"' } })
  expect(renamed).toMatchObject({ status: 200, body: { version: 2, name: 'Nippon' } })
  expect((await admin.call('PUT', `${CHANNELS}/jp`, { body, headers: { 'if-match': '"1"' } })).status).toBe(412)
  expect((await admin.call('PUT', `${CHANNELS}/jp`, { body, headers: { 'if-none-match': '*' } })).status).toBe(412)
  expect((await admin.call('PUT', `${CHANNELS}/none`, { body, headers: { 'if-match': '*' } })).status).toBe(404)
})

test('a currency can change while nothing is priced in it, and not after', async () => {
  const { code: _, ...body } = europe
  await admin.call('PUT', `${CHANNELS}/ch`, { body })
  expect((await admin.call('PUT', `${CHANNELS}/ch`, { body: { ...body, currency: 'CHF' } })).status).toBe(200)
  const priced = { name: 'Default', currency: 'EUR', defaultLocale: 'en' }
  const refused = await admin.call<{ detail: string }>('PUT', `${CHANNELS}/default`, { body: priced })
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/invalid-state' } })
  expect(refused.body.detail).toContain('USD')
})

test('a currency that is none, a locale that is none, a code that is none: 422 or 400 with its name', async () => {
  expect(await admin.call('POST', CHANNELS, { body: { ...europe, code: 'xx', currency: 'QQQ' } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/currency' }] },
  })
  expect((await admin.call('POST', CHANNELS, { body: { ...europe, code: 'xx', currency: null } })).status).toBe(422)
  expect((await admin.call('POST', CHANNELS, { body: { ...europe, code: 'xx', defaultLocale: 'a' } })).status).toBe(422)
  expect(await admin.call('PUT', `${CHANNELS}/UPPER`, { body: europe })).toMatchObject({
    status: 400,
    body: { errors: [{ parameter: 'code' }] },
  })
  expect(await admin.call('PUT', `${CHANNELS}/xx`, { body: europe })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/code' }] },
  })
})

test('brands and attributes that products made are listed in pages', async () => {
  const first = await admin.call<List>('GET', '/admin/v1/brands?limit=2')
  expect(first.body.data.map(({ slug }) => slug)).toEqual(['acme', 'bolt'])
  const second = await admin.call<List>('GET', `/admin/v1/brands?limit=2&cursor=${first.body.page.next}`)
  expect(second.body).toMatchObject({ data: [{ slug: 'cog' }], page: { limit: 2, next: null } })
  const attributes = await admin.call<List>('GET', '/admin/v1/attributes')
  expect(attributes.body.data).toMatchObject([
    { code: 'color', kind: 'text' },
    { code: 'weight', kind: 'number' },
  ])
})

test('a cursor of another list, or of nobody, is 400 invalid-cursor', async () => {
  const { body } = await admin.call<List>('GET', '/admin/v1/brands?limit=1')
  for (const cursor of [
    body.page.next,
    'x',
    Buffer.from('["attributes",{}]').toString('base64url'),
    Buffer.from('["attributes","\\u0000"]').toString('base64url'),
  ]) {
    const answer = await admin.call('GET', `/admin/v1/attributes?cursor=${cursor}`)
    expect(answer, String(cursor)).toMatchObject({ status: 400, body: { type: '/problems/invalid-cursor' } })
  }
  const ofText = Buffer.from('["clients","x"]').toString('base64url')
  expect((await admin.call('GET', `/admin/v1/clients?cursor=${ofText}`)).status).toBe(400)
})

test('the categories are a tree, or what is below one of them', async () => {
  const { body } = await admin.call<{ data: CategoryNode[]; truncated: boolean }>('GET', '/admin/v1/categories')
  expect(body.truncated).toBe(false)
  expect(names(body.data)).toEqual(['Clothing', ['Jackets', [], 'Shoes', ['Boots', []]], 'Garden', []])
  const shoes = body.data[0]?.children.find(({ name }) => name === 'Shoes')
  const below = await admin.call<{ data: CategoryNode[] }>('GET', `/admin/v1/categories?parent=${shoes?.id}`)
  expect(names(below.body.data)).toEqual(['Boots', []])
})

test('a tree that is too large is cut from below, and says so', async () => {
  const cut = await readCategoryTree(admin.database.primary, null, 3)
  expect(cut.truncated).toBe(true)
  expect(cut.data.map(({ name }) => name)).toEqual(['Clothing', 'Garden'])
  expect(cut.data[0]?.children).toHaveLength(1)
})

function names(nodes: readonly CategoryNode[]): unknown[] {
  return nodes.flatMap(({ name, children }) => [name, names(children)])
}
