/** What a query is taken for: all of its words, else with its spelling repaired, else most of them, else some. The same for every page and order. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot, Snapshot, SnapshotStatement } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { vouchingOf } from '../http/answer-headers.ts'
import type { ListFilters } from '../list/list-filters.ts'
import { canonicalQuery } from '../list/list-query.ts'
import { listScope } from '../list/list-scope.ts'
import { DEFAULT_SORT } from '../list/list-sorts.ts'
import type { SearchMatch } from '../list/search-products.ts'
import { countWordsStatement, knownWords, type WordCount } from './fewer-words.ts'
import { doubtfulParts, repairedText, repairStatement, type NearWord } from './repair-statement.ts'
import type { SearchQuery } from './search-query.ts'
import type { UnderstandQuery } from './synonyms.ts'
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
  /** Whether products have the words, where whoever asks reads those that have anyway; absent: it is looked for one. */
  readonly finds?: FindsProducts
}

export type FindsProducts = (wanted: WantedWords, token: ConsistencyToken | null) => Promise<Vouched<boolean>>

/** @throws CatalogError unavailable or overloaded */
export type InterpretQuery = (asked: AskedQuery, token: ConsistencyToken | null) => Vouched<QueryMeaning> | Promise<Vouched<QueryMeaning>>

const ENTRY_BYTES = 2_000
/** Looked at for one that is in the list: as many as a list by relevance looks at. */
const MATCHES_AT_MOST = 10_000

export interface InterpreterOptions {
  readonly maxBytes: number
  readonly understand: UnderstandQuery
}

export function createInterpreter(readSnapshot: ReadSnapshot, { maxBytes, understand }: InterpreterOptions): InterpretQuery {
  const cache = createSnapshotCache<QueryMeaning>({ maxBytes, sizeOf: () => ENTRY_BYTES })
  return (asked, token) => {
    const words = understand(asked.q, asked.locales)
    const list = canonicalQuery({ channel: asked.channel, filters: asked.filters, sort: DEFAULT_SORT })
    return cache.read(`${asked.match} ${words.text} ${asked.locales.join()} ${list}`, token, (withToken) =>
      interpret(partsOf(readSnapshot, { asked, token: withToken, understand }), asked, words),
    )
  }
}

interface Interpreting {
  readonly read: EarliestRead
  readonly finds: (wanted: WantedWords) => Promise<boolean>
  readonly understand: UnderstandQuery
}

function partsOf(
  readSnapshot: ReadSnapshot,
  { asked, token, understand }: { asked: AskedQuery; token: ConsistencyToken | null; understand: UnderstandQuery },
): Interpreting {
  const read = earliestOf(readSnapshot, token)
  const { finds } = asked
  const findsAny =
    finds === undefined
      ? async (wanted: WantedWords) => (await read(existsStatement(asked, wanted))).rows.length > 0
      : async (wanted: WantedWords) => read.note(await finds(wanted, token))
  return { read, understand, finds: findsAny }
}

/**
 * The words that no product has are repaired before any is left out: `samsnug galaxy` means Samsung's, not whatever is called galaxy.
 * Of what the repaired words find nothing either, all but one will do; then as many as any product has.
 */
async function interpret(
  parts: Interpreting,
  { locales, match }: Pick<AskedQuery, 'locales' | 'match'>,
  words: SearchQuery,
): Promise<Vouched<QueryMeaning>> {
  const { read, finds } = parts
  const typed: WantedWords = { words, missing: 0, locales }
  const found = await finds(typed)
  if (match === null ? found || words.terms.length === 0 : match === 'all')
    return read.vouch({ wanted: typed, match: 'all', repaired: null })
  const repaired = await repair(parts, typed)
  const meant: WantedWords = { ...typed, words: repaired ?? words }
  const spelling = repaired?.text ?? null
  if (repaired !== null && (match === null ? await finds(meant) : match === 'repaired')) {
    return read.vouch({ wanted: meant, match: 'repaired', repaired: spelling })
  }
  const most = { ...meant, missing: 1 }
  // Of two words, all but one is what there is to find.
  if (match === 'most' || (match === null && (meant.words.terms.length < 3 || (await finds(most))))) {
    return read.vouch({ wanted: most, match: 'most', repaired: spelling })
  }
  const some = await fewerWords(parts, meant)
  return read.vouch({ wanted: some ?? most, match: some === null ? 'most' : 'some', repaired: spelling })
}

/** As many of the words that there are as any product has. @returns null when there is none of them */
async function fewerWords({ read, understand, finds }: Interpreting, { words, locales }: WantedWords): Promise<WantedWords | null> {
  const { rows } = await read<WordCount>(countWordsStatement(words, locales))
  const known = understand(knownWords(words, rows), locales)
  for (let missing = 0; missing < known.terms.length; missing++) {
    const some = { words: known, missing, locales }
    if (await finds(some)) return some
  }
  return null
}

async function repair({ read, understand }: Interpreting, { words, locales }: WantedWords): Promise<SearchQuery | null> {
  const doubtful = doubtfulParts(words)
  if (doubtful.words.length === 0 && doubtful.pairs.length === 0) return null
  const { rows } = await read<NearWord>(repairStatement(doubtful, locales))
  const repaired = understand(repairedText(words, rows), locales)
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
  const name = ['meaning', wanted.missing, ...wanted.locales, ...list.filters.keys()].join('-')
  return { name: scope.checks.length === 0 ? name : '', text, values: scope.values, costly: true }
}

interface EarliestRead {
  <Row>(statement: SnapshotStatement): Promise<Snapshot<Row>>
  /** What was read by somebody else for it. */
  note<Value>(read: Vouched<Value>): Value
  /** A value that hangs on everything read: as old as the oldest of it. */
  vouch<Value>(value: Value): Vouched<Value>
}

/** Reads that may come from several replicas, one after the other. */
function earliestOf(readSnapshot: ReadSnapshot, token: ConsistencyToken | null): EarliestRead {
  const seen: Vouched<unknown>[] = []
  const note = <Value>(other: Vouched<Value>): Value => {
    seen.push(other)
    return other.value
  }
  const read = async <Row>(statement: SnapshotStatement): Promise<Snapshot<Row>> => {
    const snapshot = await readSnapshot<Row>(statement, token)
    return note(vouchedBy(snapshot, snapshot))
  }
  const vouch = <Value>(value: Value): Vouched<Value> => ({
    ...vouchingOf(seen),
    tier: seen.some(({ tier }) => tier === 'primary') ? 'primary' : 'replica',
    value,
  })
  return Object.assign(read, { note, vouch })
}
