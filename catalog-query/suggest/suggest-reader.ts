/** Reads suggestions: from memory for up to 60 s, else by two statements on a replica; a third where the spelling has to be repaired. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { vouchingOf } from '../http/answer-headers.ts'
import type { ListRow } from '../list/list-row.ts'
import type { InterpretQuery } from '../search/query-meaning.ts'
import { parseQuery, type SearchQuery } from '../search/search-query.ts'
import { searchStatement } from '../search/search-statement.ts'
import { PREFIX_LENGTH } from '../search/search-words-sql.ts'
import { nameStatement, popularStatement, prefixText, type NameRow } from './suggest-statement.ts'

export interface SuggestRequest {
  /** The channel's code. */
  readonly channel: string
  /** The reader's, preferred first. */
  readonly locales: readonly string[]
  /** As it was typed so far. */
  readonly q: string
}

export interface Suggestions {
  /** Ids, most relevant first. */
  readonly products: readonly string[]
  readonly names: readonly NameRow[]
  /** The query as it was understood; null where it is suggested for as it is. */
  readonly repaired: string | null
}

/** @throws CatalogError unavailable or overloaded */
export type ReadSuggestions = (
  request: SuggestRequest,
  token: ConsistencyToken | null,
) => Vouched<Suggestions> | Promise<Vouched<Suggestions>>

const PRODUCTS_AT_MOST = 6
/** Suggestions are asked for at each key: less is looked at than for a list. */
const DEPTH = { matches: 2_000, scored: 300 }
/** consistency.md, point 9. */
const TRUST_US = 60_000_000
const REFRESH_AFTER = 0.5
const ENTRY_BYTES = 3_000

export function createSuggestReader(readSnapshot: ReadSnapshot, interpret: InterpretQuery, options: { maxBytes: number }): ReadSuggestions {
  const cache = createSnapshotCache<Suggestions>({
    ...options,
    sizeOf: () => ENTRY_BYTES,
    trustUs: () => TRUST_US,
    refreshAfter: REFRESH_AFTER,
  })
  return (request, token) => {
    const query = parseQuery(request.q)
    const key = `${request.channel} ${request.locales.join()} ${query.text}`
    return cache.read(key, token, (withToken) => suggest({ readSnapshot, interpret }, { ...request, query }, withToken))
  }
}

async function suggest(
  { readSnapshot, interpret }: { readSnapshot: ReadSnapshot; interpret: InterpretQuery },
  request: SuggestRequest & { readonly query: SearchQuery },
  token: ConsistencyToken | null,
): Promise<Vouched<Suggestions>> {
  const typed = await suggestFor(readSnapshot, request, token)
  if (!isEmpty(typed.value) || request.query.terms.length === 0) return typed
  const meaning = await interpret({ ...request, filters: new Map(), match: null }, token)
  const { repaired, wanted } = meaning.value
  if (repaired === null) return { ...typed, ...vouchingOf([typed, meaning]) }
  const meant = await suggestFor(readSnapshot, { ...request, query: wanted.words }, token)
  return { ...meant, ...vouchingOf([typed, meaning, meant]), value: { ...meant.value, repaired } }
}

function isEmpty({ products, names }: Suggestions): boolean {
  return products.length === 0 && names.length === 0
}

async function suggestFor(
  readSnapshot: ReadSnapshot,
  { channel, locales, query }: SuggestRequest & { readonly query: SearchQuery },
  token: ConsistencyToken | null,
): Promise<Vouched<Suggestions>> {
  const stretch = { start: null, skip: 0, rows: PRODUCTS_AT_MOST }
  const wanted = { words: withoutFirstLetter(query), count: 'all' as const, locales }
  const products =
    query.terms.length > 1 || query.text.length >= PREFIX_LENGTH
      ? searchStatement({ channel, filters: new Map(), wanted }, stretch, DEPTH)
      : popularStatement(channel, { text: prefixText(query, 'AB'), locales, rows: PRODUCTS_AT_MOST })
  const [found, names] = await Promise.all([
    readSnapshot<ListRow>(products, token),
    readSnapshot<NameRow>(nameStatement(channel, { text: prefixText(query, ''), query }), token),
  ])
  const value = { products: found.rows.map(({ id }) => id), names: names.rows, repaired: null }
  return { ...vouchedBy(found, value), ...vouchingOf([vouchedBy(found, null), vouchedBy(names, null)]) }
}

/** One letter after other words says too little to be looked for. */
function withoutFirstLetter(query: SearchQuery): SearchQuery {
  const last = query.terms.at(-1)?.text ?? ''
  return query.terms.length > 1 && last.length === 1 ? parseQuery(query.text.slice(0, -2)) : query
}
