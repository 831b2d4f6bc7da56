/** From a business key to a product: key, SKU or slug, read in per-turn batches, kept as hints for as long as they are vouched for. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { Vouching } from '../cache/product-read.ts'

export type LookUp =
  | { readonly by: 'key' | 'sku'; readonly value: string }
  /** The first of `locales` (a representation's chain) that has the slug, wins. */
  | { readonly by: 'slug'; readonly value: string; readonly locales: readonly string[] }

export interface FoundId extends Vouching {
  /** null: no product has it. */
  readonly id: string | null
  /** Of a slug that is not in use any more: the one that is, in the same locale. */
  readonly movedTo: string | null
}

/** A hint that is still vouched for answers without a promise. @throws CatalogError unavailable or overloaded when no database answers */
export type FindProductId = (lookUp: LookUp, token: ConsistencyToken | null) => FoundId | Promise<FoundId>
