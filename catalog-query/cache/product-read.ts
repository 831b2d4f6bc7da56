/** What a read of one product gives, whichever tier answered: the ports between the cache and the HTTP routes. */
import type { ProductState } from '../../shared/product-document.ts'
import type { Representation } from '../../shared/representation.ts'
import type { Stamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'

export type Tier = 'memory' | 'redis' | 'replica' | 'primary'

/** Ready bytes: nothing on the hot path parses, serialises or compresses. */
export interface ProductRead {
  readonly id: string
  readonly state: ProductState
  /** 0 when absent. */
  readonly rev: number
  /** JSON of `GET /v1/products/{id}`; empty unless visible. */
  readonly body: Buffer
  /** The same compressed, or null when too small to be worth it. */
  readonly gzip: Buffer | null
  readonly brotli: Buffer | null
  /** JSON of the product's entry in a list; empty unless visible. */
  readonly card: Buffer
  /** Content-Language. */
  readonly locale: string
  /** Milliseconds since 1970 of the last visible change; Last-Modified. */
  readonly changedAtMs: number
  readonly tier: Tier
  /** The time that vouches for this answer. */
  readonly vouched: Stamp
  /** Any position strictly later contains this content: what a token given back has to cover (token-rule.ts). */
  readonly contained: Stamp
  /** Milliseconds since 1970 when these bytes were rendered: Age. */
  readonly renderedAtMs: number
  /** Freshness is unknown (no replica or primary could be asked): a last known copy, to be marked stale. */
  readonly marked: boolean
}

/**
 * Reads one product from the first place that has it and may be trusted. A memory hit answers without a promise.
 * @throws CatalogError unavailable or overloaded, only when no tier at all can answer
 */
export type ReadProduct = (id: string, representation: Representation, token: ConsistencyToken | null) => ProductRead | Promise<ProductRead>

export interface Snapshot<Row> {
  readonly rows: readonly Row[]
  readonly asOf: Stamp
  /** Any position strictly later contains these rows (token-rule.ts). */
  readonly contained: Stamp
  readonly tier: 'replica' | 'primary'
  /** No database could show that it is fresh: the newest of what there was, to be marked stale. Never set for a read with a token. */
  readonly marked: boolean
}

/**
 * Runs one read-only statement together with the clock row, in one snapshot, on a replica that counts: its asOf is at most B old and it
 * satisfies the token; else the next one, else the primary behind a limiter.
 * Rows are what the statement selects, as JSON (numbers stay numbers; a text column holds text).
 * @throws CatalogError unavailable when no database can answer in time
 */
export type ReadSnapshot = <Row>(statement: SnapshotStatement, token: ConsistencyToken | null) => Promise<Snapshot<Row>>

export interface SnapshotStatement {
  /** Names the prepared statement. */
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}
