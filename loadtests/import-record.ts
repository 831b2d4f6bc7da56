/** One line of an NDJSON import, as api.md has it: what a client of the admin API sends. */
import type { AttributeValue } from '../shared/product-document.ts'

export interface ImportRecord {
  readonly key: string
  readonly status: 'draft' | 'active' | 'archived'
  /** RFC 3339 UTC; absent: as soon as it is active. */
  readonly publishAt?: string
  readonly brand?: string
  readonly categories: readonly (readonly string[])[]
  readonly tags: readonly string[]
  readonly popularity: number
  /** By locale. */
  readonly i18n: Readonly<Record<string, { readonly title: string; readonly description: string | null }>>
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly media: readonly { readonly url: string; readonly alt?: Readonly<Record<string, string>> }[]
  readonly variants: readonly ImportVariant[]
}

export interface ImportVariant {
  readonly sku: string
  readonly gtin?: string
  readonly options: Readonly<Record<string, string>>
  readonly prices: readonly ImportPrice[]
  /** Absent: untracked. */
  readonly stock?: number
}

export interface ImportPrice {
  readonly channel: string
  readonly currency: string
  /** In the currency's smallest unit. */
  readonly amount: number
  /** More than the amount. */
  readonly compareAt?: number
}
