import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestAdmin, testAdmin } from '../../test/support/admin-server.ts'

let admin: TestAdmin
beforeAll(async () => {
  admin = await testAdmin()
  await admin.call('PUT', '/admin/v1/channels/eu', { body: { name: 'Europe', currency: 'EUR', defaultLocale: 'de' } })
  for (const [key, status] of [
    ['A-1', 'active'],
    ['A-2', 'active'],
    ['A-3', 'archived'],
    ['D-1', 'draft'],
    ['D-2', 'draft'],
  ] as const) {
    const prices = [
      { channel: 'default', amount: 1999 },
      { channel: 'eu', amount: 1799 },
    ]
    const i18n = { en: { title: `Jacket ${key}` }, de: { title: `Jacke ${key}` } }
    await admin.call('PUT', byKey(key), { body: { status, i18n, variants: [{ sku: `${key}-M`, prices }] } })
  }
  await admin.call('DELETE', byKey('A-2'), { headers: { 'if-match': '*' } })
})
afterAll(async () => await admin[Symbol.asyncDispose]())

const PRODUCTS = '/admin/v1/products'
const byKey = (key: string) => `${PRODUCTS}/by-key/${key}`

interface List {
  readonly data: readonly { readonly key: string; readonly deletedAt: string | null }[]
  readonly page: { readonly limit: number; readonly next: string | null }
}

async function keys(query: string): Promise<string[]> {
  const { body } = await admin.call<List>('GET', `${PRODUCTS}?${query}`)
  return body.data.map(({ key }) => key)
}

test('the work list shows the latest edited first, without what is in the bin', async () => {
  expect(await keys('')).toEqual(['D-2', 'D-1', 'A-3', 'A-1'])
  await admin.call('PATCH', byKey('A-1'), {
    body: { tags: ['x'] },
    headers: { 'if-match': '*', 'content-type': 'application/merge-patch+json' },
  })
  expect((await keys(''))[0]).toBe('A-1')
})

test('the work list by status, in the bin, and by how a key, a SKU or a title begins', async () => {
  expect(await keys('status=draft')).toEqual(['D-2', 'D-1'])
  expect(await keys('deleted=true')).toEqual(['A-2'])
  expect(await keys('q=d-1')).toEqual(['D-1'])
  expect(await keys('q=D-1-m')).toEqual(['D-1'])
  expect(await keys('q=jacke%20A-3')).toEqual(['A-3'])
  expect(await keys('q=%25')).toEqual([])
  expect((await admin.call('GET', `${PRODUCTS}?status=gone`)).status).toBe(400)
  expect((await admin.call('GET', `${PRODUCTS}?q=%00`)).status).toBe(400)
})

test('walking the pages yields each product once, and a cursor belongs to its filters', async () => {
  const seen: string[] = []
  let cursor = ''
  do {
    const { body } = await admin.call<List>('GET', `${PRODUCTS}?limit=1${cursor}`)
    seen.push(...body.data.map(({ key }) => key))
    cursor = body.page.next === null ? '' : `&cursor=${body.page.next}`
  } while (cursor !== '')
  expect(seen).toEqual(await keys(''))
  const { body } = await admin.call<List>('GET', `${PRODUCTS}?limit=1&status=draft`)
  const elsewhere = await admin.call('GET', `${PRODUCTS}?limit=1&status=active&cursor=${body.page.next}`)
  expect(elsewhere).toMatchObject({ status: 400, body: { type: '/problems/invalid-cursor' } })
})

test('a product in the bin is still read here, and says since when', async () => {
  const { status, body } = await admin.call('GET', byKey('A-2'))
  expect(status).toBe(200)
  expect(body['deletedAt']).toMatch(/^\d{4}-/)
})

test('the preview is what readers would get, in a channel and a locale, drafts included', async () => {
  const draft = await admin.call('GET', `${byKey('D-1')}/preview`)
  expect(draft).toMatchObject({
    status: 200,
    body: { key: 'D-1', channel: 'default', locale: 'en', title: 'Jacket D-1', price: { from: { amount: 1999, currency: 'USD' } } },
  })
  expect([draft.headers.get('catalog-visible'), draft.headers.get('content-language')]).toEqual(['false', 'en'])
  const european = await admin.call('GET', `${byKey('A-1')}/preview?channel=eu&locale=de-AT`)
  expect(european).toMatchObject({ status: 200, body: { title: 'Jacke A-1', price: { from: { amount: 1799, currency: 'EUR' } } } })
  expect(european.headers.get('catalog-visible')).toBe('true')
})

test('the preview at a time says whether it is visible then', async () => {
  const body = { status: 'active', publishAt: '2100-01-01T00:00:00Z', title: 'Soon' }
  const { body: made } = await admin.call<{ id: string }>('PUT', byKey('S-1'), { body })
  const visible = async (at: string) => (await admin.call('GET', `${PRODUCTS}/${made.id}/preview${at}`)).headers.get('catalog-visible')
  expect(await visible('')).toBe('false')
  expect(await visible('?at=2100-01-02T00:00:00Z')).toBe('true')
})

test('a preview in an unknown channel or at no time is 400, of nothing 404', async () => {
  expect(await admin.call('GET', `${byKey('A-1')}/preview?channel=none`)).toMatchObject({
    status: 400,
    body: { errors: [{ parameter: 'channel' }] },
  })
  expect(await admin.call('GET', `${byKey('A-1')}/preview?at=soon`)).toMatchObject({ status: 400, body: { errors: [{ parameter: 'at' }] } })
  expect((await admin.call('GET', `${byKey('none')}/preview`)).status).toBe(404)
})
