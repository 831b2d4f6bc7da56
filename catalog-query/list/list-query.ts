/** What a list request asks for, in its one canonical form: the key of caches and what a cursor is bound to. */
import { createHash } from 'node:crypto'
import type { ListFilterName, ListFilters } from './list-filters.ts'
import { wantedKey, type WantedWords } from '../search/words-condition.ts'
import { DEFAULT_SORT, type ListSort } from './list-sorts.ts'

/** Which products, in which order: all of a list but the page. */
export interface ListQuery {
  readonly channel: string
  /** A name is here only if the request has it. */
  readonly filters: ListFilters
  readonly sort: ListSort
  /** What a shopper typed, in canonical form. */
  readonly q?: string
  /** What `q` is taken for. */
  readonly wanted?: WantedWords
}

/** The order of a list with `q` unless another is asked for. */
export const RELEVANCE = 'relevance'

const DEFAULT_CHANNEL = 'default'

/** A list as it is asked for. */
export type AskedList = Omit<ListQuery, 'sort'> & { readonly sort: ListSort | typeof RELEVANCE }

/** Names and values sorted, values each once; a filter without a value is dropped. */
export function canonicalFilters(filters: Readonly<Partial<Record<ListFilterName, readonly string[] | undefined>>>): ListFilters {
  const entries = Object.entries(filters).filter((entry): entry is [ListFilterName, readonly string[]] => (entry[1]?.length ?? 0) > 0)
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return new Map(sorted.map(([name, values]) => [name, [...new Set(values)].sort()]))
}

/** `brand=acme&brand=bolt&category=jackets&sort=price`: names sorted, defaults dropped; ready to be a URL's query. */
export function canonicalQuery(query: AskedList): string {
  const pairs: [string, string][] = []
  for (const [name, values] of query.filters) for (const value of values) pairs.push([name, value])
  if (query.channel !== DEFAULT_CHANNEL) pairs.push(['channel', query.channel])
  if (query.q !== undefined) pairs.push(['q', query.q])
  if (query.sort !== (query.q === undefined ? DEFAULT_SORT : RELEVANCE)) pairs.push(['sort', query.sort])
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&')
}

/** Names whatever is read of the query: the same `q` may be taken for something else in another language, or tomorrow. */
export function cacheKey(query: ListQuery): string {
  const { wanted } = query
  return wanted === undefined ? canonicalQuery(query) : `${canonicalQuery(query)} ${wantedKey(wanted)}`
}

/** Raised when a cursor's meaning changes (an order's columns, a filter's meaning): cursors of an older release are then refused. */
const QUERY_FORMAT = 2
const BINDING_LENGTH = 12

/** Short and URL-safe: what a cursor carries to show which query and release it belongs to. Not a secret. */
export function queryBinding(canonical: string): string {
  return createHash('sha256').update(`${QUERY_FORMAT}?${canonical}`).digest('base64url').slice(0, BINDING_LENGTH)
}
