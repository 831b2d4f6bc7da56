/** The sample catalog is what the tour promises: complete, unique, storable, and the same at every start. */
import { expect, test } from 'vitest'
import { parseProductInput } from '../../catalog-admin/product/parse-product-input.ts'
import type { ProductInput } from '../../catalog-admin/product/product-input.ts'
import { slugify } from '../../catalog-admin/product/slug.ts'
import { sampleChannels } from './sample-channels.ts'
import { SAMPLE_LEAVES, sampleProducts } from './sample-products.ts'

const products: readonly ProductInput[] = [...sampleProducts()].map((document) => {
  const parsed = parseProductInput(document)
  if (!parsed.ok) throw new Error(`${document.key}: ${JSON.stringify(parsed.errors)}`)
  return parsed.input
})
const variants = products.flatMap((product) => product.variants)
const share = (part: number, whole: number) => part / whole

test('there are about 300 products in 30 leaves of a tree three levels deep, at least five a leaf', () => {
  expect(products.length).toBeGreaterThanOrEqual(280)
  expect(products.length).toBeLessThanOrEqual(320)
  const leaves = Map.groupBy(products, (product) => JSON.stringify(product.categories[0]))
  expect(leaves.size).toBe(SAMPLE_LEAVES.length)
  expect(leaves.size).toBeGreaterThanOrEqual(28)
  for (const [path, inLeaf] of leaves) {
    expect(JSON.parse(path)).toHaveLength(3)
    expect(inLeaf.length).toBeGreaterThanOrEqual(5)
  }
})

test('keys, SKUs and the slugs made from titles are unique', () => {
  expect(new Set(products.map((product) => product.key)).size).toBe(products.length)
  expect(new Set(variants.map((variant) => variant.sku)).size).toBe(variants.length)
  for (const locale of ['en', 'de']) {
    const slugs = products.map((product) => slugify(product.i18n[locale]!.title))
    expect(slugs.filter((slug, i) => slugs.indexOf(slug) !== i)).toEqual([])
  }
})

test('every product has its texts in English and in German, and they differ', () => {
  for (const product of products) {
    const { en, de } = product.i18n
    expect(en!.description!.length, product.key).toBeGreaterThan(30)
    expect(de!.description!.length, product.key).toBeGreaterThan(30)
    expect(de!.title, product.key).not.toBe(en!.title)
    expect(de!.description, product.key).not.toBe(en!.description)
  }
})

test('prices are in the currency of their channel, and every product is sold in the default one', () => {
  const currencies = new Map(sampleChannels.map((channel) => [channel.code, channel.currency]))
  for (const variant of variants) {
    expect(variant.prices!.map((price) => price.channel)).toContain('default')
    for (const price of variant.prices!) expect(price.currency).toBe(currencies.get(price.channel))
  }
})

test('there is something of everything: sales, sold out, untracked, drafts, one scheduled, products of one channel', () => {
  const onSale = variants.filter((variant) => variant.prices!.some((price) => price.compareAt !== null))
  expect(share(onSale.length, variants.length)).toBeGreaterThan(0.05)
  expect(share(onSale.length, variants.length)).toBeLessThan(0.35)
  expect(variants.some((variant) => variant.stock === 0)).toBe(true)
  expect(variants.some((variant) => variant.stock === undefined)).toBe(true)
  expect(products.some((product) => product.variants.every((variant) => variant.stock === 0))).toBe(true)
  const drafts = products.filter((product) => product.status === 'draft')
  expect(drafts.length).toBeGreaterThanOrEqual(3)
  expect(drafts.length).toBeLessThanOrEqual(20)
  expect(products.filter((product) => product.publishAt !== null && product.status === 'active')).toHaveLength(1)
  expect(products.some((product) => product.variants.every((variant) => variant.prices!.length === 1))).toBe(true)
  expect(new Set(products.flatMap((product) => product.tags)).size).toBeGreaterThan(5)
})

test('attributes are texts, numbers, booleans and lists', () => {
  const kinds = new Set(
    products.flatMap((product) => Object.values(product.attributes).map((value) => (Array.isArray(value) ? 'list' : typeof value))),
  )
  expect([...kinds].sort()).toEqual(['boolean', 'list', 'number', 'string'])
})

test('a second call gives the same documents', () => {
  expect([...sampleProducts()]).toEqual([...sampleProducts()])
})
