/** What a list needs of a search engine: one function. Ours is PostgreSQL (search/search-reader.ts); another one would stand behind the same. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { Vouched } from '../cache/snapshot-cache.ts'
import type { ListFilters } from './list-filters.ts'
import type { ListRow } from './list-row.ts'
import type { ListStretch } from './list-statement.ts'

/**
 * How much of the query the products have: all of its words, all after its spelling was repaired, all but one, or as many as any product has. In this order they are tried; a
 * row's `leg` is the number of its step, so that the pages of a walk stay on the first one's.
 */
export const SEARCH_MATCHES = ['all', 'repaired', 'most', 'some'] as const
export type SearchMatch = (typeof SEARCH_MATCHES)[number]

export interface SearchRequest {
  /** The channel's code. */
  readonly channel: string
  readonly filters: ListFilters
  /** The reader's, preferred first. */
  readonly locales: readonly string[]
  /** Whatever a shopper typed. */
  readonly q: string
  readonly stretch: ListStretch
}

export interface SearchResult {
  /** Most relevant first; for a `prev` page nearest to its start first. */
  readonly rows: readonly ListRow[]
  readonly match: SearchMatch
  /** The query as it was understood, where a word of it was taken for another; else null. */
  readonly repaired: string | null
  /** Names what the query was taken for in all: two pages belong to one walk only where it is the same. */
  readonly takenFor: string
}

/** Any text is a query, never an error. @throws CatalogError unavailable or overloaded */
export type SearchProducts = (request: SearchRequest, token: ConsistencyToken | null) => Promise<Vouched<SearchResult>>
