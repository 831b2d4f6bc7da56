/** Finds the products of a list: along an index of read.listing, or by relevance, or what the words find in another order. */
import { invalidParameter } from '../../shared/problem.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { Vouched } from '../cache/snapshot-cache.ts'
import type { InterpretQuery } from '../search/query-meaning.ts'
import { parseQuery } from '../search/search-query.ts'
import { wantedKey } from '../search/words-condition.ts'
import type { ReadCount, ListCount } from './list-count.ts'
import { checkBinding, decodeCursor, parseCursor } from './list-cursor.ts'
import type { ListFilters } from './list-filters.ts'
import { vouchingOf } from '../http/answer-headers.ts'
import { canonicalQuery, queryBinding, RELEVANCE, type ListQuery } from './list-query.ts'
import { rowsRead, type ReadList } from './list-reader.ts'
import { startOf, type ListRow, type ListStart } from './list-row.ts'
import { DEFAULT_SORT, RELEVANCE_LEGS, SORT_LEGS, type ListSort } from './list-sorts.ts'
import { SEARCH_MATCHES, type SearchMatch, type SearchProducts } from './search-products.ts'

export interface FindRequest {
  /** The channel's code. */
  readonly channel: string
  /** The reader's, preferred first. */
  readonly locales: readonly string[]
  readonly filters: ListFilters
  /** As it was typed. */
  readonly q: string | undefined
  readonly sort: ListSort | typeof RELEVANCE | undefined
  readonly cursor: string | undefined
  /** Rows left out first. */
  readonly skip: number
  readonly limit: number
  readonly counted: boolean
}

export interface FoundProducts {
  /** Nearest to the start first. */
  readonly rows: Vouched<readonly ListRow[]>
  /** How many there are in all: to be called once, beside whatever else the page needs. null: nobody has asked. */
  readonly readCount: (() => Promise<Vouched<ListCount>>) | null
  /** What `q` was taken for; null without one. */
  readonly search: Vouched<{ readonly match: SearchMatch; readonly repaired: string | null }> | null
  readonly start: ListStart | null
  /** The list's parameters in canonical form. */
  readonly canonical: string
  /** queryBinding() */
  readonly binding: string
}

/** @throws CatalogError invalid-parameter, invalid-cursor, unavailable or overloaded */
export type FindProducts = (request: FindRequest, token: ConsistencyToken | null) => Promise<FoundProducts>

export interface FinderParts {
  readonly readList: ReadList
  readonly readCount: ReadCount
  readonly interpret: InterpretQuery
  readonly searchProducts: SearchProducts
}

export function createFinder(parts: FinderParts): FindProducts {
  return async (request, token) => {
    const { q, sort } = request
    checkOrder(request)
    if (q === undefined) return await findListed(parts, { ...request, sort: sort === RELEVANCE ? undefined : sort }, token)
    return sort === undefined || sort === RELEVANCE
      ? await findRelevant(parts, { ...request, q }, token)
      : await findOrdered(parts, { ...request, q, sort }, token)
  }
}

function checkOrder({ sort, filters, q }: FindRequest): void {
  if (sort === 'manual' && !filters.has('category')) {
    throw refusedSort('category', 'sort=manual is the order of one category: name it by category')
  }
  if (sort === RELEVANCE && q === undefined) throw refusedSort('q', 'sort=relevance is how well products match q: name it')
}

function refusedSort(code: string, message: string): Error {
  return invalidParameter([{ parameter: 'sort', code, message }])
}

async function findListed(
  parts: FinderParts,
  { channel, filters, sort = DEFAULT_SORT, cursor, ...request }: FindRequest & { sort: ListSort | undefined },
  token: ConsistencyToken | null,
): Promise<FoundProducts> {
  const query: ListQuery = { channel, filters, sort }
  const canonical = canonicalQuery(query)
  const binding = queryBinding(canonical)
  const start = startOf(decodeCursor(cursor, binding), SORT_LEGS[sort])
  return { ...(await readListed(parts, { ...request, query, start }, token)), search: null, start, canonical, binding }
}

type SearchedRequest = FindRequest & { readonly q: string }

async function findRelevant(
  { interpret, searchProducts, readCount }: FinderParts,
  { channel, filters, locales, cursor, skip, limit, counted, ...request }: SearchedRequest,
  token: ConsistencyToken | null,
): Promise<FoundProducts> {
  const q = parseQuery(request.q).text
  const canonical = canonicalQuery({ channel, filters, q, sort: RELEVANCE })
  const asked = parseCursor(cursor)
  const start = startOf(asked, RELEVANCE_LEGS)
  const stretch = { start, skip, rows: rowsRead(limit) }
  const found = await searchProducts({ channel, filters, locales, q, stretch }, token)
  const { rows, takenFor, ...search } = found.value
  const binding = searchBinding(canonical, search.match, takenFor)
  checkBinding(asked, binding)
  const countMatches = async () => {
    const meaning = await interpret({ channel, filters, locales, q, match: search.match }, token)
    const counting = await readCount({ channel, filters, q, sort: DEFAULT_SORT, wanted: meaning.value.wanted }, token)
    // What is counted hangs on what the words were taken for.
    return { ...counting, ...vouchingOf([meaning, counting]) }
  }
  return {
    rows: { ...found, value: rows },
    search: { ...found, value: search },
    readCount: counted ? countMatches : null,
    start,
    canonical,
    binding,
  }
}

async function findOrdered(
  parts: FinderParts,
  { channel, filters, locales, sort, cursor, ...request }: SearchedRequest & { readonly sort: ListSort },
  token: ConsistencyToken | null,
): Promise<FoundProducts> {
  const q = parseQuery(request.q).text
  const canonical = canonicalQuery({ channel, filters, q, sort })
  const meaning = await parts.interpret({ channel, filters, locales, q, match: null }, token)
  const { wanted, match, repaired } = meaning.value
  const binding = searchBinding(canonical, match, wantedKey(wanted))
  const start = startOf(decodeCursor(cursor, binding), SORT_LEGS[sort])
  const listed = await readListed(parts, { ...request, query: { channel, filters, q, sort, wanted }, start }, token)
  return { ...listed, search: { ...meaning, value: { match, repaired } }, start, canonical, binding }
}

/** Of a list that has become another one, since the query is taken for something else by now, there is no next page. */
function searchBinding(canonical: string, match: SearchMatch, takenFor: string): string {
  return queryBinding(`${canonical} ${SEARCH_MATCHES.indexOf(match)} ${takenFor}`)
}

interface ListedRequest {
  readonly query: ListQuery
  readonly start: ListStart | null
  readonly skip: number
  readonly limit: number
  readonly counted: boolean
}

async function readListed(
  { readList, readCount }: FinderParts,
  { counted, ...request }: ListedRequest,
  token: ConsistencyToken | null,
): Promise<Pick<FoundProducts, 'rows' | 'readCount'>> {
  const rows = await readList(request, token)
  const countAll = async () => countOfWhole(rows, request) ?? (await readCount(request.query, token))
  return { rows, readCount: counted ? countAll : null }
}

/** A list that ends on its first page is counted by its rows, so that the two agree. @returns null where there may be more */
function countOfWhole(
  rows: Vouched<readonly ListRow[]>,
  { start, skip, limit }: Pick<ListedRequest, 'start' | 'skip' | 'limit'>,
): Vouched<ListCount> | null {
  const count = rows.value.length
  return start === null && skip === 0 && count < rowsRead(limit) ? { ...rows, value: { value: count, relation: 'eq' } } : null
}
