/** A product with nothing left open: what is stored, and what a write makes of it. */
import { hash } from 'node:crypto'
import type { CanonicalVariant, ProductInput } from './product-input.ts'

export interface CompletePrice {
  /** The channel's code. */
  readonly channel: string
  readonly currency: string
  /** In the currency's smallest unit. */
  readonly amount: number
  readonly compareAt: number | null
}

export interface CompleteVariant extends Omit<CanonicalVariant, 'prices' | 'stock'> {
  readonly id: string
  /** In order of channel codes. */
  readonly prices: readonly CompletePrice[]
  /** null: untracked, always in stock. */
  readonly stock: number | null
}

export type CompleteTexts = Readonly<Record<string, { readonly title: string; readonly description: string | null; readonly slug: string }>>

/** An input document whose slugs are made, and whose variants have their ids, prices and stock. */
export interface CompleteProduct extends Omit<ProductInput, 'i18n' | 'variants'> {
  readonly i18n: CompleteTexts
  readonly variants: readonly CompleteVariant[]
}

export interface StoredProduct {
  readonly id: string
  readonly version: number
  readonly rev: number
  /** Milliseconds since 1970, as all times here. */
  readonly createdMs: number
  readonly updatedMs: number
  readonly deletedMs: number | null
  readonly product: CompleteProduct
}

/** The content alone as canonical text: no prices and stock, which are compared apart, and no slugs, which may be left to us. */
export function contentText(product: ProductInput | CompleteProduct): string {
  return JSON.stringify([
    product.status,
    product.publishAt,
    product.brand,
    product.categories,
    product.tags,
    product.popularity,
    Object.entries(product.i18n).map(([locale, text]) => [locale, text.title, text.description]),
    product.attributes,
    product.media,
    product.variants.map((variant) => [variant.sku, variant.gtin, variant.options, variant.attributes]),
  ])
}

/** SHA-256 in hex. Equal hashes mean equal content; different ones prove nothing (a brand may have been renamed since). */
export function contentHash(text: string): string {
  return hash('sha256', text, 'hex')
}

/** As the input document: what GET shows and a merge patch is applied to. Without prices and stock: what a version keeps. */
export function versionedInput(product: CompleteProduct): Record<string, unknown> {
  return { ...product, variants: product.variants.map(({ sku, gtin, options, attributes }) => ({ sku, gtin, options, attributes })) }
}
