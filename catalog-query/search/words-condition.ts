/** The words of a query as a condition on a row `l` of read.listing: what lists in other orders, counts and facets use. */
import type { Bind, FilterCondition } from '../list/list-filters.ts'
import type { SearchQuery } from './search-query.ts'
import { matchText, toTsquery, type WordCount } from './search-words-sql.ts'

/** What is looked for, and how much of it a product must have. */
export interface WantedWords {
  readonly words: SearchQuery
  readonly count: WordCount
  /** The reader's, preferred first: text in another language is not looked at. */
  readonly locales: readonly string[]
}

/** Matches that a list in another order than relevance is made of, and that are counted. */
const MATCHES_AT_MOST = 20_000

export function wordsCondition(wanted: WantedWords, bind: Bind): FilterCondition {
  const matches = matchesOf(wanted, bind)
  return {
    check: `exists (select from read.search s where s.product_id = l.product_id and ${matches})`,
    find: `l.product_id in (select s.product_id from read.search s where ${matches} limit ${MATCHES_AT_MOST})`,
  }
}

/**
 * On the alias `s` of read.search. The query is a select of its own, so that it is no constant to the planner: it then expects the same few rows
 * of any query and takes the index, where many alternatives would make a scan of the table look as cheap.
 */
export function matchesOf({ words, count, locales }: WantedWords, bind: Bind): string {
  return `s.words @@ (select ${toTsquery(bind(matchText(words, count, '')), locales)} || ${codeTsquery(words, bind)}) and s.locale = any (${bind(locales)}::text[])`
}

/** The whole query as the code of a product. */
export function codeTsquery({ code }: SearchQuery, bind: Bind): string {
  return `${bind(code === null ? '' : `'=${code}'`)}::tsquery`
}
