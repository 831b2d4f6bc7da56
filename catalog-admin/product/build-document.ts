/** The public document of a product, from the product and what it refers to. */
import type { ProductDocument, ProductState, VariantDocument } from '../../shared/product-document.ts'
import type { References } from '../reference/references.ts'
import type { CompleteProduct, CompleteVariant } from './complete-product.ts'

export interface Dates {
  /** Milliseconds since 1970. */
  readonly createdMs: number
  readonly updatedMs: number
}

export function buildDocument(id: string, product: CompleteProduct, dates: Dates, references: References): ProductDocument {
  const brand = references.brandOf(product)
  return {
    id,
    key: product.key,
    brand: brand === null ? null : { slug: brand.slug, name: brand.name },
    categories: references.categoriesOf(product).map((category) => ({ id: category.id, slug: category.slug, path: category.path })),
    tags: product.tags,
    popularity: product.popularity,
    i18n: product.i18n,
    attributes: product.attributes,
    media: product.media,
    variants: product.variants.map(variantDocument),
    createdAt: new Date(dates.createdMs).toISOString(),
    updatedAt: new Date(dates.updatedMs).toISOString(),
  }
}

function variantDocument(variant: CompleteVariant): VariantDocument {
  const { id, sku, gtin, options, attributes, stock } = variant
  const prices = variant.prices.map(({ channel, amount, currency, compareAt }) => [channel, { amount, currency, compareAt }] as const)
  return { id, sku, gtin, options, attributes, prices: Object.fromEntries(prices), stock }
}

/** Readers see it when it is active, its time has come, and it is not in the bin. @param nowMs milliseconds since 1970 */
export function stateOf(product: Pick<CompleteProduct, 'status' | 'publishAt'>, deleted: boolean, nowMs: number): ProductState {
  if (deleted) return 'deleted'
  return product.status === 'active' && (product.publishAt === null || Date.parse(product.publishAt) <= nowMs) ? 'visible' : 'hidden'
}
