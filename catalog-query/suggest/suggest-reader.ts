/** Reads suggestions: from memory, for up to 60 s where many are asked for; else by two statements on a replica, a third where the spelling has to be repaired. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { createSpareTime } from '../cache/spare-time.ts'
import { vouchingOf } from '../http/answer-headers.ts'
import type { ListRow } from '../list/list-row.ts'
import type { InterpreterOptions, InterpretQuery } from '../search/query-meaning.ts'
import type { SearchQuery } from '../search/search-query.ts'
import { searchStatement } from '../search/search-statement.ts'
import { PREFIX_LENGTH } from '../search/search-words-sql.ts'
import type { UnderstandQuery } from '../search/synonyms.ts'
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
const DEPTH = { matches: 2_000, scored: 200 }
const REFRESH_AFTER = 0.5
const ENTRY_BYTES = 3_000

export function createSuggestReader(
  readSnapshot: ReadSnapshot,
  interpret: InterpretQuery,
  { maxBytes, understand }: InterpreterOptions,
): ReadSuggestions {
  const { trustUs, spend } = createSpareTime()
  const cache = createSnapshotCache<Suggestions>({ maxBytes, sizeOf: () => ENTRY_BYTES, trustUs, refreshAfter: REFRESH_AFTER })
  return (request, token) => {
    const query = understand(request.q, request.locales)
    const key = `${request.channel} ${request.locales.join()} ${query.text}`
    const parts = { readSnapshot, interpret, understand }
    return cache.read(key, token, (withToken) => spend(() => suggest(parts, { ...request, query }, withToken)))
  }
}

interface SuggestParts {
  readonly readSnapshot: ReadSnapshot
  readonly interpret: InterpretQuery
  readonly understand: UnderstandQuery
}

async function suggest(
  parts: SuggestParts,
  request: SuggestRequest & { readonly query: SearchQuery },
  token: ConsistencyToken | null,
): Promise<Vouched<Suggestions>> {
  const typed = await suggestFor(parts, request, token)
  if (!isEmpty(typed.value) || request.query.terms.length === 0) return typed
  const meaning = await parts.interpret({ ...request, filters: new Map(), match: null }, token)
  const { repaired, wanted } = meaning.value
  if (repaired === null) return { ...typed, ...vouchingOf([typed, meaning]) }
  const meant = await suggestFor(parts, { ...request, query: wanted.words }, token)
  return { ...meant, ...vouchingOf([typed, meaning, meant]), value: { ...meant.value, repaired } }
}

function isEmpty({ products, names }: Suggestions): boolean {
  return products.length === 0 && names.length === 0
}

async function suggestFor(
  { readSnapshot, understand }: SuggestParts,
  { channel, locales, query }: SuggestRequest & { readonly query: SearchQuery },
  token: ConsistencyToken | null,
): Promise<Vouched<Suggestions>> {
  const stretch = { start: null, skip: 0, rows: PRODUCTS_AT_MOST }
  const wanted = { words: isFirstLetter(query) ? understand(query.text.slice(0, -2), locales) : query, missing: 0, locales }
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
function isFirstLetter({ terms }: SearchQuery): boolean {
  return terms.length > 1 && terms.at(-1)?.text.length === 1
}
