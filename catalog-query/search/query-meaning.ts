/** What a query is taken for: all of its words, else with its spelling repaired, else most of them. The same for every page and order. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot, Snapshot, SnapshotStatement } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { vouchingOf } from '../http/answer-headers.ts'
import type { ListFilters } from '../list/list-filters.ts'
import { canonicalQuery } from '../list/list-query.ts'
import { listScope } from '../list/list-scope.ts'
import { DEFAULT_SORT } from '../list/list-sorts.ts'
import type { SearchMatch } from '../list/search-products.ts'
import { repairStatement, type NearWord } from './repair-statement.ts'
import { parseQuery, type SearchQuery } from './search-query.ts'
import { PREFIX_LENGTH, termText } from './search-words-sql.ts'
import { nearestWord, REPAIRED_LENGTH_AT_LEAST } from './spelling.ts'
import { matchesOf, type WantedWords } from './words-condition.ts'

export interface QueryMeaning {
  readonly wanted: WantedWords
  readonly match: SearchMatch
  readonly repaired: string | null
}

export interface AskedQuery {
  readonly channel: string
  readonly filters: ListFilters
  readonly locales: readonly string[]
  readonly q: string
  /** What the page before was made of, and this one is therefore too; null for a first page. */
  readonly match: SearchMatch | null
}

/** @throws CatalogError unavailable or overloaded */
export type InterpretQuery = (asked: AskedQuery, token: ConsistencyToken | null) => Vouched<QueryMeaning> | Promise<Vouched<QueryMeaning>>

const ENTRY_BYTES = 2_000
/** Looked at for one that is in the list: as many as a list by relevance looks at. */
const MATCHES_AT_MOST = 10_000

export function createInterpreter(readSnapshot: ReadSnapshot, options: { maxBytes: number }): InterpretQuery {
  const cache = createSnapshotCache<QueryMeaning>({ maxBytes: options.maxBytes, sizeOf: () => ENTRY_BYTES })
  return (asked, token) => {
    const words = parseQuery(asked.q)
    const list = canonicalQuery({ channel: asked.channel, filters: asked.filters, sort: DEFAULT_SORT })
    return cache.read(`${asked.match} ${words.text} ${asked.locales.join()} ${list}`, token, (withToken) =>
      interpret(earliestOf(readSnapshot, withToken), asked, words),
    )
  }
}

/**
 * The words that no product has are repaired before any is left out: `samsnug galaxy` means Samsung's, not whatever is called galaxy.
 * Of what the repaired words find nothing either, most will do.
 */
async function interpret(
  read: EarliestRead,
  { channel, filters, locales, match }: AskedQuery,
  words: SearchQuery,
): Promise<Vouched<QueryMeaning>> {
  const finds = async (wanted: WantedWords) => (await read(existsStatement({ channel, filters }, wanted))).rows.length > 0
  const typed: WantedWords = { words, count: 'all', locales }
  const found = await finds(typed)
  if (match === null ? found || words.terms.length === 0 : match === 'all')
    return read.vouch({ wanted: typed, match: 'all', repaired: null })
  const repaired = await repair(read, typed)
  const meant: WantedWords = { ...typed, words: repaired ?? words }
  const spelling = repaired?.text ?? null
  if (repaired !== null && (match === null ? await finds(meant) : match === 'repaired')) {
    return read.vouch({ wanted: meant, match: 'repaired', repaired: spelling })
  }
  return read.vouch({ wanted: { ...meant, count: 'most' }, match: 'most', repaired: spelling })
}

async function repair(read: EarliestRead, { words, locales }: WantedWords): Promise<SearchQuery | null> {
  const doubtful = words.terms.flatMap((term, i) => {
    const isWord = /^[\p{L}\p{M}]+$/u.test(term.text) && term.text.length >= REPAIRED_LENGTH_AT_LEAST
    return isWord
      ? [
          {
            term: i,
            word: term.text,
            text: termText(term, { prefixFrom: i === words.terms.length - 1 ? PREFIX_LENGTH : Infinity, fields: '' }),
          },
        ]
      : []
  })
  if (doubtful.length === 0) return null
  const { rows } = await read<NearWord>(repairStatement(doubtful, locales))
  const known = Map.groupBy(rows, ({ term }) => term)
  const texts = words.terms.map(({ text }, i) => nearestWord(text, known.get(i) ?? []) ?? text)
  const repaired = parseQuery(texts.join(' '))
  return repaired.text === words.text ? null : repaired
}

/** A table of its own for what the words match, made as far as it is read: planned with the limit of one row, that row would be looked for by a scan. */
export function existsStatement(list: { readonly channel: string; readonly filters: ListFilters }, wanted: WantedWords): SnapshotStatement {
  const scope = listScope(list)
  const checks = scope.checks.map(({ sql }) => `and ${sql}`).join(' ')
  const matches = matchesOf(wanted, scope.bind)
  const text = /* sql */ `
    /* meaning */
    with ${scope.resolved},
    matched as materialized (select s.product_id from read.search s where ${matches} limit ${MATCHES_AT_MOST})
    select true as found
    from matched s
    cross join lateral (
      select
      from read.listing l
      where l.product_id = s.product_id and ${scope.range} ${checks}
      limit 1) as row
    limit 1`
  const name = ['meaning', wanted.count, ...wanted.locales, ...list.filters.keys()].join('-')
  return { name: scope.checks.length === 0 ? name : '', text, values: scope.values }
}

interface EarliestRead {
  <Row>(statement: SnapshotStatement): Promise<Snapshot<Row>>
  /** A value that hangs on everything read: as old as the oldest of it. */
  vouch<Value>(value: Value): Vouched<Value>
}

/** Reads that may come from several replicas, one after the other. */
function earliestOf(readSnapshot: ReadSnapshot, token: ConsistencyToken | null): EarliestRead {
  const seen: Vouched<null>[] = []
  const read = async <Row>(statement: SnapshotStatement): Promise<Snapshot<Row>> => {
    const snapshot = await readSnapshot<Row>(statement, token)
    seen.push(vouchedBy(snapshot, null))
    return snapshot
  }
  const vouch = <Value>(value: Value): Vouched<Value> => ({
    ...vouchingOf(seen),
    tier: seen.some(({ tier }) => tier === 'primary') ? 'primary' : 'replica',
    value,
  })
  return Object.assign(read, { vouch })
}
