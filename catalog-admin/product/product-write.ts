/** What can be done to products and what came of it: the port between the one write path and everything that writes. */
import type { PoolClient } from 'pg'
import type { CatalogError } from '../../shared/problem.ts'
import type { ProductInput } from './product-input.ts'

export interface WriteContext {
  /** The API client's id, or the name of a program: what the audit log and the versions say. */
  readonly actor: string
  readonly requestId: string | null
  /** Called when PostgreSQL has been sent what will keep it busy longest: the caller's time for other work. Not where nothing is different. */
  readonly onSent?: (() => void) | undefined
}

/** null: no condition. `*`: whatever version there is. A number: exactly this one. */
export type VersionCondition = number | '*' | null

export type ProductRef = { readonly id: string } | { readonly key: string }

export type ProductWrite =
  /** The whole product by its key. `create`: refused with key-taken when there is one; `update`: not-found when there is none. */
  | {
      readonly op: 'put'
      readonly input: ProductInput
      readonly mode: 'upsert' | 'create' | 'update'
      readonly ifVersion: VersionCondition
    }
  /** A merge patch (RFC 7396) of the input document. `rebase`: an older version will do if what was changed since is not what the patch changes. */
  | {
      readonly op: 'patch'
      readonly product: ProductRef
      readonly patch: unknown
      readonly ifVersion: VersionCondition
      readonly onConflict: 'refuse' | 'rebase'
    }
  | { readonly op: 'delete'; readonly product: ProductRef; readonly ifVersion: VersionCondition }
  | { readonly op: 'restore'; readonly product: ProductRef; readonly ifVersion: VersionCondition }

export type WriteResult =
  | {
      readonly ok: true
      /** `unchanged`: it was so already; nothing was written, nothing is emitted. */
      readonly outcome: 'created' | 'updated' | 'deleted' | 'restored' | 'unchanged'
      readonly id: string
      readonly key: string
      readonly version: number
      readonly rev: number
    }
  | { readonly ok: false; readonly error: CatalogError }

/** Writes of one call at most: the lines of the largest block of an import. */
export const MAX_WRITES = 10_000

/**
 * Applies the writes within the caller's transaction, with the same statements however many they are; only the rows of search go in slices of 50 products.
 * No two of them may name one product (that is a mistake, and thrown). They take effect as if one came after the other: a SKU or a slug that
 * an earlier one gives up is free for a later one. One that fails (a conflict, a taken SKU) fails alone: nothing of it is written.
 *
 * - **Visible** is every difference that is written, also to a draft: `rev` orders the states of a product, and that readers get a 404 is one
 *   of its states. A write that makes no difference writes nothing at all.
 * - `version` counts edits of the product itself: its key, content and slugs. Prices, stock, the bin and the coming of publishAt do not raise it.
 * - The bin: a product in it keeps its key and SKUs, and lets go of its slugs, which lead to it until another product takes one. To a PUT by its
 *   key it is not there: it is `created` again, under its old id. `restore` gives it another slug where its own one is taken.
 * - A channel that does not exist and that a price with a currency names is made, with the product's first locale for its default.
 *   Brands, categories, attributes and locales are made when they are named.
 * @returns in the order of the writes
 * @throws RetryTransaction when another transaction got in between: inTransaction runs everything again
 */
export type WriteProducts = (client: PoolClient, writes: readonly ProductWrite[], context: WriteContext) => Promise<readonly WriteResult[]>
