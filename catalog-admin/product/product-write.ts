/** What can be done to products and what came of it: the port between the one write path and everything that writes. */
import type { PoolClient } from 'pg'
import type { CatalogError } from '../../shared/problem.ts'
import type { ProductInput } from './product-input.ts'

export interface WriteContext {
  /** The API client's id, or the name of a program: what the audit log and the versions say. */
  readonly actor: string
  readonly requestId: string | null
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

/** Writes of one call at most. */
export const MAX_WRITES = 500

/**
 * Applies the writes within the caller's transaction, with a number of statements that does not depend on how many they are.
 * No two of them may speak of one product. One that fails (a conflict, a taken SKU) fails alone: nothing of it is written.
 * @returns in the order of the writes
 * @throws RetryTransaction when another transaction got in between: inTransaction runs everything again
 */
export type WriteProducts = (client: PoolClient, writes: readonly ProductWrite[], context: WriteContext) => Promise<readonly WriteResult[]>
