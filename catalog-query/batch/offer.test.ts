import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProductDocument, VariantDocument } from '../../shared/product-document.ts'
import { publicVariant, renderProduct } from '../../shared/representation.ts'
import { offerOf } from './offer.ts'

// Words that break a careless scanner: quotes, braces, backslashes, and the very bytes that are searched for.
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('}', '{"id":"', '\\', '\\"', '","sku":"A","gtin":', '"sku":"A"', '💡{', 'A', 'B', 'sku', 'gtin', 'id', 'stock'),
)
const attributes = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 2 })), { maxKeys: 4 })
const variant: fc.Arbitrary<VariantDocument> = fc.record({
  id: fc.uuid(),
  sku: text.filter((sku) => sku !== ''),
  gtin: fc.option(text),
  options: fc.dictionary(text, text, { maxKeys: 2 }),
  attributes,
  prices: fc.oneof(
    fc.constant({}),
    fc.record({ default: fc.record({ amount: fc.nat(), currency: fc.constant('USD'), compareAt: fc.option(fc.nat()) }) }),
  ),
  stock: fc.option(fc.integer({ min: -2, max: 5 })),
})

function documentOf(variants: readonly VariantDocument[], own: ProductDocument['attributes'], title: string): ProductDocument {
  return {
    id: '0197a3b2-0000-7000-8000-000000000001',
    key: 'K',
    brand: null,
    categories: [],
    tags: [],
    popularity: 0,
    i18n: { en: { title, description: title, slug: 's' } },
    attributes: own,
    media: [],
    variants,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  }
}

const render = (document: ProductDocument) => ({
  body: Buffer.from(renderProduct(document, 7, { channel: 'default', locales: ['en'] }).body),
  rev: 7,
})

test('an offer cut out of the bytes is the variant that was rendered, whatever its neighbours say', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(variant, { selector: ({ sku }) => sku, maxLength: 4 }),
      attributes,
      text,
      text,
      (variants, own, title, stranger) => {
        const product = render(documentOf(variants, own, title))
        for (const one of variants) {
          const { sku, price, stock } = publicVariant(one, 'default')
          expect(offerOf(product, one.sku)).toEqual({ sku, price, stock, rev: 7 })
        }
        expect(variants.some(({ sku }) => sku === stranger) || offerOf(product, stranger) === null).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test('attributes that look like a variant are none', () => {
  const decoy = { id: '0197a3b2-0000-7000-8000-000000000002', sku: 'A', gtin: 'x', price: 1, stock: ['inStock'] }
  const real: VariantDocument = {
    id: '0197a3b2-0000-7000-8000-000000000003',
    sku: 'A',
    gtin: null,
    options: {},
    attributes: decoy,
    prices: { default: { amount: 5, currency: 'USD', compareAt: null } },
    stock: 0,
  }
  const other = { ...real, sku: 'B' }
  expect(offerOf(render(documentOf([other, real], decoy, 't')), 'A')?.price?.amount).toBe(5)
  expect(offerOf(render(documentOf([other], decoy, 't')), 'A')).toBeNull()
})
