import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { adminListPosition, type AdminListFilter, isAdminListPosition, listAdminProducts } from './admin-list.ts'
import { readAdminProduct } from './admin-document.ts'
import { previewProduct } from './product-preview.ts'
import { adminProduct, patchOf, putOf, readModelOf, sentBack, writeAll, writeOne } from './test-writer.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

async function keysOf(filter: AdminListFilter): Promise<readonly string[]> {
  return (await listAdminProducts(database.primary, filter, null, 100)).map(({ key }) => key)
}

test('the admin document is the input document in its long form, and what the catalog adds', async () => {
  const { id, rev } = await writeOne(
    database.primary,
    putOf({ key: 'A-1', locale: 'de', title: 'Jacke', brand: 'Acme', categories: [['A', 'B']] }),
  )
  expect(await readAdminProduct(database.primary, { id })).toEqual({
    id,
    version: 1,
    rev,
    createdAt: expect.stringMatching(/^20.*\.\d{3}Z$/),
    updatedAt: expect.any(String),
    deletedAt: null,
    key: 'A-1',
    status: 'draft',
    publishAt: null,
    brand: 'Acme',
    categories: [['A', 'B']],
    tags: [],
    popularity: 0,
    i18n: { de: { title: 'Jacke', description: null, slug: 'jacke' } },
    attributes: {},
    media: [],
    variants: [{ id: expect.any(String), sku: 'A-1', gtin: null, options: {}, attributes: {}, prices: [], stock: null }],
  })
  expect(await readAdminProduct(database.primary, { key: 'A-1' })).toMatchObject({ id })
  expect(await readAdminProduct(database.primary, { key: 'none' })).toBeNull()
})

const ODD_TEXTS = [
  '👩‍👩‍👧‍👦 🏳️‍🌈 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10FFFF}',
  'مرحبا \u202Eبالعالم\u202C שלום',
  `'; drop table product; -- "quoted" \\ back\\slash {a,b} $1 \${x} %s`,
  '<script>alert(1)</script><img src=x onerror=alert(1)> &amp; ]]>',
  ' leading, trailing, tab\t, newline\n, return\r, and \u0001\u001F\u007F\u2028\uFEFF control ',
  'NULL',
  '{}',
  '""',
  'e\u0301 and \u00E9 are not the same',
]

test('odd text is stored exactly, wherever text may stand', async () => {
  const attributes = Object.fromEntries(
    ODD_TEXTS.flatMap((text, i) => [
      [text.slice(0, 100), text],
      [`list-${i}`, [text, i, true]],
    ]),
  )
  const document = {
    key: `A-2 ${ODD_TEXTS[2]}`.slice(0, 128),
    status: 'active',
    brand: ODD_TEXTS[3],
    categories: ODD_TEXTS.map((text) => [text, `${text} below`]),
    tags: ODD_TEXTS,
    i18n: { en: { title: ODD_TEXTS[0], description: ODD_TEXTS.join('\n') }, he: { title: ODD_TEXTS[1], description: ODD_TEXTS[4] } },
    attributes: {
      ...attributes,
      ['__proto__x']: 'x',
      constructor: 'c',
      zero: -0,
      tiny: 5e-324,
      huge: 1.7976931348623157e308,
      exact: 9007199254740991,
    },
    media: [{ url: `https://example.com/${encodeURIComponent(ODD_TEXTS[1] ?? '')}?a='b'`, alt: { en: ODD_TEXTS[2] } }],
    variants: ODD_TEXTS.map((text, i) => ({
      sku: `${i} ${text}`,
      gtin: text.slice(0, 12),
      options: { [text.slice(0, 60)]: text },
      attributes: { text },
    })),
  }
  const { id } = await writeOne(database.primary, putOf(document))
  const product = await adminProduct(database.primary, document.key)
  const { i18n, variants, attributes: stored, ...rest } = product
  expect(rest).toMatchObject({ key: document.key, brand: document.brand, categories: document.categories, tags: document.tags })
  expect(stored).toEqual({ ...document.attributes, zero: 0 })
  expect(i18n).toMatchObject(document.i18n)
  expect(variants).toMatchObject(document.variants)
  expect(product.media).toEqual(document.media)
  expect((await readModelOf(database.primary, id)).doc).toMatchObject({
    attributes: stored,
    tags: document.tags,
    variants: document.variants,
    i18n,
  })
  expect(await writeOne(database.primary, putOf(sentBack(product)))).toMatchObject({ outcome: 'unchanged' })
})

test('a document of 1 MiB and one with 2,000 variants are stored exactly', async () => {
  const text = 'Ein Satz mit Umlauten: äöü, „Zitat“, 🙂. '.repeat(9_000)
  const large = {
    key: 'A-3',
    status: 'active',
    title: 'Large',
    description: text,
    attributes: { a: 'x'.repeat(99_000), b: 'y'.repeat(99_000) },
  }
  const many = {
    key: 'A-4',
    status: 'active',
    title: 'Many',
    variants: Array.from({ length: 2_000 }, (_, i) => ({
      sku: `A-4-${i}`,
      options: { n: String(i) },
      prices: [{ channel: 'default', amount: 100 + i }],
      stock: i % 3 === 0 ? null : i,
    })),
  }
  const results = await writeAll(database.primary, [putOf(large), putOf(many)])
  expect(results).toMatchObject([{ ok: true }, { ok: true }])
  expect((await adminProduct(database.primary, 'A-3')).i18n['en']?.description).toBe(text)
  const product = await adminProduct(database.primary, 'A-4')
  expect(product.variants).toMatchObject(
    many.variants.map(({ prices, ...variant }) => ({ ...variant, prices: [{ ...prices[0], currency: 'USD' }] })),
  )
  expect((await readModelOf(database.primary, product.id)).doc?.variants).toHaveLength(2_000)
  expect(await writeAll(database.primary, [putOf(large), putOf(many)])).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }])
})

test('the work list shows the latest edited first, by status, bin, and how key, SKU or title begin', async () => {
  const work = (key: string, extra: Record<string, unknown>) => writeOne(database.primary, putOf({ key, title: `Work ${key}`, ...extra }))
  await work('WL-1', { status: 'draft', variants: [{ sku: 'odd_sku%1' }] })
  await work('WL-2', { status: 'archived' })
  await work('WL-3', { status: 'draft', title: 'Zebra' })
  await work('WL-4', { status: 'draft' })
  await writeOne(database.primary, { op: 'delete', product: { key: 'WL-4' }, ifVersion: null })
  await writeOne(database.primary, patchOf('WL-1', { tags: ['x'] }))
  expect(await keysOf({ q: 'wl-' })).toEqual(['WL-1', 'WL-3', 'WL-2'])
  expect(await keysOf({ q: 'WL-', status: 'draft' })).toEqual(['WL-1', 'WL-3'])
  expect(await keysOf({ q: 'WL-', deleted: true })).toEqual(['WL-4'])
  expect(await keysOf({ q: 'zeb' })).toEqual(['WL-3'])
  expect(await keysOf({ q: 'odd_sku%' })).toEqual(['WL-1'])
  expect(await keysOf({ q: 'odd-sku' })).toEqual([])
  const [entry] = await listAdminProducts(database.primary, { q: 'WL-1' }, null, 1)
  expect(entry).toMatchObject({ key: 'WL-1', title: 'Work WL-1', status: 'draft', version: 2, deletedAt: null })
})

test('walking the work list to its end shows each product once', async () => {
  const all = await keysOf({})
  const walked: string[] = []
  for (let after: string | null = null; ;) {
    const page = await listAdminProducts(database.primary, {}, after, 3)
    walked.push(...page.map(({ key }) => key))
    const last = page.at(-1)
    if (last === undefined) break
    after = adminListPosition(last)
    expect(isAdminListPosition(after)).toBe(true)
  }
  expect(walked).toEqual(all)
  expect(['', 'x/y', 7, `2026-01-01T00:00:00.000Z/'; --`].some(isAdminListPosition)).toBe(false)
})

test('the preview of a draft is what readers will see, and says that they do not yet', async () => {
  const draft = {
    key: 'PV-1',
    status: 'draft',
    brand: 'Acme',
    categories: [['A', 'B']],
    i18n: { en: { title: 'Shirt' }, de: { title: 'Hemd' } },
    variants: [{ sku: 'PV-1', prices: [{ channel: 'default', amount: 700 }] }],
  }
  const { id, rev } = await writeOne(database.primary, putOf(draft))
  const representation = { channel: 'default', locales: ['de', 'en'] }
  const preview = await previewProduct(database.primary, { id }, representation, Date.now())
  expect(preview).toMatchObject({ id, rev, version: 1, visible: false, locale: 'de' })
  expect(JSON.parse(preview?.body ?? '')).toMatchObject({
    title: 'Hemd',
    brand: { slug: 'acme' },
    price: { from: { amount: 700, currency: 'USD' } },
  })
  await writeOne(database.primary, patchOf('PV-1', { status: 'active', publishAt: '2999-01-01T00:00:00Z' }))
  const at = async (time: string) => (await previewProduct(database.primary, { id }, representation, Date.parse(time)))?.visible
  expect([await at('2998-01-01T00:00:00Z'), await at('2999-01-01T00:00:00Z')]).toEqual([false, true])
  expect(await previewProduct(database.primary, { key: 'none' }, representation, 0)).toBeNull()
})
