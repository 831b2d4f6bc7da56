/** What a list request asks for, in its one canonical form: the key of caches and what a cursor is bound to. */
import { createHash } from 'node:crypto'
import type { ListFilterName, ListFilters } from './list-filters.ts'
import { DEFAULT_SORT, type ListSort } from './list-sorts.ts'

/** Which products, in which order: all of a list but the page. */
export interface ListQuery {
  readonly channel: string
  /** A name is here only if the request has it. */
  readonly filters: ListFilters
  readonly sort: ListSort
}

const DEFAULT_CHANNEL = 'default'

/** Names and values sorted, values each once; a filter without a value is dropped. */
export function canonicalFilters(filters: Readonly<Partial<Record<ListFilterName, readonly string[] | undefined>>>): ListFilters {
  const entries = Object.entries(filters).filter((entry): entry is [ListFilterName, readonly string[]] => (entry[1]?.length ?? 0) > 0)
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return new Map(sorted.map(([name, values]) => [name, [...new Set(values)].sort()]))
}

/** `brand=acme&brand=bolt&category=jackets&sort=price`: names sorted, defaults dropped; ready to be a URL's query. */
export function canonicalQuery(query: ListQuery): string {
  const pairs: [string, string][] = []
  for (const [name, values] of query.filters) for (const value of values) pairs.push([name, value])
  if (query.channel !== DEFAULT_CHANNEL) pairs.push(['channel', query.channel])
  if (query.sort !== DEFAULT_SORT) pairs.push(['sort', query.sort])
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&')
}

/** Raised when a cursor's meaning changes (an order's columns, a filter's meaning): cursors of an older release are then refused. */
const QUERY_FORMAT = 2
const BINDING_LENGTH = 12

/** Short and URL-safe: what a cursor carries to show which query and release it belongs to. Not a secret. */
export function queryBinding(canonical: string): string {
  return createHash('sha256').update(`${QUERY_FORMAT}?${canonical}`).digest('base64url').slice(0, BINDING_LENGTH)
}
