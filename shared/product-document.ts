/** The whole public document of a product, all channels and locales: what `read.product.doc` and events carry. */

export type LocalizedText = Readonly<Record<string, string>>
export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[]

/** `hidden`: exists, but is a draft, archived or not yet published. `absent`: never existed (rev 0). */
export type ProductState = 'visible' | 'hidden' | 'deleted' | 'absent'

export interface ProductDocument {
  readonly id: string
  readonly key: string
  readonly brand: { readonly slug: string; readonly name: string } | null
  /** Each with its names from the root down, one localized text a level. */
  readonly categories: readonly { readonly id: number; readonly slug: string; readonly path: readonly LocalizedText[] }[]
  readonly tags: readonly string[]
  readonly popularity: number
  /** By locale; at least one. */
  readonly i18n: Readonly<Record<string, { readonly title: string; readonly description: string | null; readonly slug: string }>>
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly media: readonly { readonly url: string; readonly alt: LocalizedText }[]
  readonly variants: readonly VariantDocument[]
  /** RFC 3339 UTC with milliseconds. */
  readonly createdAt: string
  readonly updatedAt: string
}

export interface VariantDocument {
  readonly id: string
  readonly sku: string
  readonly gtin: string | null
  readonly options: Readonly<Record<string, string>>
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** By channel code; amounts in the currency's minor unit. */
  readonly prices: Readonly<Record<string, { readonly amount: number; readonly currency: string; readonly compareAt: number | null }>>
  /** null: untracked, always in stock. */
  readonly stock: number | null
}
