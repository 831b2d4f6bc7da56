/** Search in PostgreSQL, on a replica: what the query means, then the products that have it, most relevant first. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy } from '../cache/snapshot-cache.ts'
import { vouchingOf } from '../http/answer-headers.ts'
import { canonicalQuery } from '../list/list-query.ts'
import { placeOf, type ListRow } from '../list/list-row.ts'
import { DEFAULT_SORT } from '../list/list-sorts.ts'
import { SEARCH_MATCHES, type SearchProducts, type SearchRequest } from '../list/search-products.ts'
import type { FindsProducts, InterpreterOptions, InterpretQuery } from './query-meaning.ts'
import { searchStatement } from './search-statement.ts'
import { wantedKey, type WantedWords } from './words-condition.ts'

/** A row's id, position and object, as V8 keeps them. */
const ROW_BYTES = 200

export function createSearch(
  readSnapshot: ReadSnapshot,
  interpret: InterpretQuery,
  { maxBytes, understand }: InterpreterOptions,
): SearchProducts {
  const cache = createSnapshotCache<readonly ListRow[]>({ maxBytes, sizeOf: (rows) => rows.length * ROW_BYTES })

  function read(request: SearchRequest, wanted: WantedWords, token: ConsistencyToken | null) {
    return cache.read(keyOf(request, wanted), token, async (withToken) => {
      const snapshot = await readSnapshot<ListRow>(searchStatement({ ...request, wanted }, request.stretch), withToken)
      return vouchedBy(snapshot, snapshot.rows)
    })
  }

  return async (request, token) => {
    const { start, skip } = request.stretch
    const isFirst = start === null && skip === 0
    // Of this request: with a token, what was just read of a replica that had its LSN is not taken from the cache.
    const pages = new Map<string, ReturnType<typeof read>>()
    const readPage = (wanted: WantedWords, withToken: ConsistencyToken | null) => {
      const key = wantedKey(wanted)
      const page = pages.get(key) ?? read(request, wanted, withToken)
      pages.set(key, page)
      return page
    }
    const before = start === null ? null : (SEARCH_MATCHES[start.leg] ?? null)
    if (before === 'all' || isFirst) {
      // Mostly there are products with all words: a first page that has rows needs no other question.
      const { q, locales } = request
      const wanted = { words: understand(q, locales), missing: 0, locales }
      const typed = await readPage(wanted, token)
      if (before === 'all' || typed.value.length > 0)
        return { ...typed, value: { rows: typed.value, match: 'all', repaired: null, takenFor: wantedKey(wanted) } }
    }
    // What is read of a first page to learn whether there is anything is the first page.
    const finds: FindsProducts = async (wanted, withToken) => {
      const page = await readPage(wanted, withToken)
      return { ...page, value: page.value.length > 0 }
    }
    const meaning = await interpret({ ...request, match: before, ...(isFirst ? { finds } : {}) }, token)
    const { wanted, match, repaired } = meaning.value
    const rows = await readPage(wanted, token)
    const tier = meaning.tier === 'memory' ? rows.tier : meaning.tier
    const value = {
      rows: rows.value.map((row) => ({ ...row, leg: SEARCH_MATCHES.indexOf(match) })),
      match,
      repaired,
      takenFor: wantedKey(wanted),
    }
    return { ...vouchingOf([meaning, rows]), tier, value }
  }
}

function keyOf({ channel, filters, stretch }: SearchRequest, wanted: WantedWords): string {
  const place = stretch.start === null ? `${stretch.skip}` : `${stretch.start.direction} ${placeOf(stretch.start)}`
  return `${stretch.rows} ${place} ${wantedKey(wanted)} ${canonicalQuery({ channel, filters, sort: DEFAULT_SORT })}`
}
