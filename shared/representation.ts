/**
 * What a reader sees of a product: the document seen through one channel and one chain of locales.
 * Pure: the same document and code give the same bytes in the query server, the invalidator and the admin's preview.
 */
import type { AttributeValue, LocalizedText, ProductDocument, VariantDocument } from './product-document.ts'

/** More variants than this are a page of their own (`variantsNext`). */
export const VARIANTS_PER_PAGE = 100

export interface Representation {
  readonly channel: string
  /** Preferred first, the channel's default last: `['de-AT', 'de', 'en']`. */
  readonly locales: readonly string[]
}

/** `default/de-AT+de+en`: names a representation in cache keys and in the watermark. */
export function representationCode(representation: Representation): string {
  return `${representation.channel}/${representation.locales.join('+')}`
}

export function parseRepresentationCode(code: string): Representation {
  const [channel = '', locales = ''] = code.split('/')
  return { channel, locales: locales.split('+') }
}

export interface Money {
  readonly amount: number
  readonly currency: string
}

/** One variant as readers see it. */
export interface PublicVariant {
  readonly id: string
  readonly sku: string
  readonly gtin: string | null
  readonly options: Readonly<Record<string, string>>
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly price: (Money & { readonly compareAt: number | null }) | null
  readonly stock: { readonly inStock: boolean; readonly quantity: number | null }
}

export interface RenderedProduct {
  /** JSON text of `GET /v1/products/{id}`. */
  readonly body: string
  /** JSON text of the product's entry in a list. */
  readonly card: string
  /** The locale that the title came from: Content-Language. */
  readonly locale: string
}

/** @param representation its locales need not exist in the document: the first that does wins, else any */
export function renderProduct(document: ProductDocument, rev: number, representation: Representation): RenderedProduct {
  const { channel } = representation
  const locale = localeOf(document, representation)
  const content = document.i18n[locale]
  const identity = { id: document.id, key: document.key, rev }
  const text = { slug: content?.slug ?? document.key, title: content?.title ?? document.key }
  const price = priceRange(document.variants, channel)
  const inStock = document.variants.some(isInStock)
  const more = document.variants.length > VARIANTS_PER_PAGE
  const body = {
    ...identity,
    channel,
    locale,
    ...text,
    description: content?.description ?? null,
    brand: document.brand,
    categories: document.categories.map((category) => ({
      slug: category.slug,
      path: category.path.map((name) => localized(name, representation.locales) ?? category.slug),
    })),
    attributes: document.attributes,
    tags: document.tags,
    media: document.media.map((item) => ({ url: item.url, alt: localized(item.alt, representation.locales) })),
    price,
    inStock,
    variants: document.variants.slice(0, VARIANTS_PER_PAGE).map((variant) => publicVariant(variant, channel)),
    ...(more ? { variantsNext: variantsLink(document.id, representation, VARIANTS_PER_PAGE) } : {}),
    createdAt: document.createdAt,
    updatedAt: document.updatedAt,
  }
  const card = { ...identity, ...text, brand: document.brand, price, inStock, thumbnail: document.media[0]?.url ?? null }
  return { body: JSON.stringify(body), card: JSON.stringify(card), locale }
}

/** The page of variants that begins at `offset`, for `/v1/products/{id}/variants`. */
export function variantsLink(id: string, representation: Representation, offset: number): string {
  return `/v1/products/${id}/variants?channel=${representation.channel}&locale=${representation.locales[0] ?? ''}&cursor=${offset}`
}

function localeOf(document: ProductDocument, representation: Representation): string {
  return representation.locales.find((locale) => document.i18n[locale] !== undefined) ?? Object.keys(document.i18n)[0] ?? 'und'
}

/** The first of `locales` that the text has, else any; null when it has none at all. */
export function localized(text: LocalizedText, locales: readonly string[]): string | null {
  for (const locale of locales) if (text[locale] !== undefined) return text[locale]
  return Object.values(text)[0] ?? null
}

export function isInStock(variant: Pick<VariantDocument, 'stock'>): boolean {
  return variant.stock === null || variant.stock > 0
}

export function publicVariant(variant: VariantDocument, channel: string): PublicVariant {
  const price = variant.prices[channel]
  return {
    id: variant.id,
    sku: variant.sku,
    gtin: variant.gtin,
    options: variant.options,
    attributes: variant.attributes,
    price: price ? { amount: price.amount, currency: price.currency, compareAt: price.compareAt } : null,
    stock: { inStock: isInStock(variant), quantity: variant.stock },
  }
}

/** Lowest and highest price of the channel; `compareAt` is that of the cheapest variant. null when none has a price there. */
export function priceRange(
  variants: readonly VariantDocument[],
  channel: string,
): { from: Money; to: Money; compareAt: Money | null } | null {
  let lowest: VariantDocument['prices'][string] | undefined
  let highest: VariantDocument['prices'][string] | undefined
  for (const variant of variants) {
    const price = variant.prices[channel]
    if (price === undefined) continue
    if (lowest === undefined || price.amount < lowest.amount) lowest = price
    if (highest === undefined || price.amount > highest.amount) highest = price
  }
  if (lowest === undefined || highest === undefined) return null
  const money = (amount: number): Money => ({ amount, currency: lowest.currency })
  return { from: money(lowest.amount), to: money(highest.amount), compareAt: lowest.compareAt === null ? null : money(lowest.compareAt) }
}
