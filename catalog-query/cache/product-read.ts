/** What a read of one product gives, whichever tier answered: the ports between the cache and the HTTP routes. */
import type { PlannedOnce } from '../../shared/postgres.ts'
import type { ProductState } from '../../shared/product-document.ts'
import type { Representation } from '../../shared/representation.ts'
import type { Stamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'

export type Tier = 'memory' | 'redis' | 'replica' | 'primary'

/**
 * Why a database was asked (RFC 9211, `fwd`): it was not; no copy was there; one was there that nothing vouched for (and either its rev was
 * confirmed, then the tier is still the cache's, or it was loaded anew); one was there that the request's token does not accept.
 */
export type Forward = 'none' | 'miss' | 'stale' | 'request'

/** How far an answer, or a part of one, may be believed. */
export interface Vouching {
  /** The time that vouches for it. */
  readonly vouched: Stamp
  /** Any position strictly later contains this content: what a token given back has to cover (token-rule.ts). */
  readonly contained: Stamp
  /** Freshness is unknown (no replica or primary could be asked): last known content, to be marked stale. */
  readonly marked: boolean
}

/** Ready bytes: nothing on the hot path parses or serialises. */
export interface ProductRead extends Vouching {
  readonly id: string
  readonly state: ProductState
  /** 0 when absent. */
  readonly rev: number
  /** What leads to it (product-names.ts); empty unless visible. */
  readonly names: Buffer
  /** JSON of `GET /v1/products/{id}`; empty unless visible. */
  readonly body: Buffer
  /** JSON of the product's entry in a list; empty unless visible. */
  readonly card: Buffer
  /** Content-Language. */
  readonly locale: string
  /** Milliseconds since 1970 of the last visible change; Last-Modified. */
  readonly changedAtMs: number
  readonly tier: Tier
  readonly forward: Forward
  /** Milliseconds since 1970 when these bytes were rendered. */
  readonly renderedAtMs: number
}

/**
 * Reads one product from the first place that has it and may be trusted. A memory hit answers without a promise.
 * @throws CatalogError unavailable or overloaded, only when no tier at all can answer
 */
export type ReadProduct = (id: string, representation: Representation, token: ConsistencyToken | null) => ProductRead | Promise<ProductRead>

/** Many at once, in the order of the ids: one MGET a bucket, one statement for all that Redis lacks. @throws as ReadProduct */
export type ReadProducts = (
  ids: readonly string[],
  representation: Representation,
  token: ConsistencyToken | null,
) => Promise<readonly ProductRead[]>

export interface Snapshot<Row> {
  readonly rows: readonly Row[]
  readonly asOf: Stamp
  /** Any position strictly later contains these rows (token-rule.ts). */
  readonly contained: Stamp
  readonly tier: 'replica' | 'primary'
  /** No database could show that it is fresh: the newest of what there was, to be marked stale. */
  readonly marked: boolean
}

/**
 * Runs one read-only statement together with the clock row, in one snapshot, on a replica that counts: its asOf is at most B old and it
 * satisfies the token; else the next one, else the primary behind a limiter.
 * Rows are what the statement selects, as JSON (numbers stay numbers; a text column holds text).
 * @throws CatalogError unavailable when no database can answer in time; overloaded when a costly statement took too long
 */
export type ReadSnapshot = <Row>(statement: SnapshotStatement, token: ConsistencyToken | null) => Promise<Snapshot<Row>>

export interface SnapshotStatement extends PlannedOnce {
  /** Names the prepared statement. */
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
  /**
   * A list, a count, a search: how long it takes hangs on what is asked for, so one that takes too long is refused and says nothing of the
   * server. Absent: a look-up by key, which takes long only where the server is sick.
   */
  readonly costly?: true
}
