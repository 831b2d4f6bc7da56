/** The words of a query as a condition on a row `l` of read.listing: what lists in other orders, counts and facets use. */
import { SAMPLE_MARK, SAMPLED_EVERY } from '../../shared/search-words.ts'
import type { Bind, FilterCondition } from '../list/list-filters.ts'
import type { SearchQuery } from './search-query.ts'
import { matchText, PREFIX_LENGTH, toTsquery } from './search-words-sql.ts'

/** What is looked for, and how much of it a product must have. */
export interface WantedWords {
  readonly words: SearchQuery
  /** How many of the words it may lack. */
  readonly missing: number
  /** The reader's, preferred first: text in another language is not looked at. */
  readonly locales: readonly string[]
}

/** Names what is looked for: in the keys of caches, and in what a cursor is bound to. */
export function wantedKey({ words, missing, locales }: WantedWords): string {
  return `${missing} ${words.text} ${locales.join()}`
}

/** Products of a word, from which on it is common. */
const COMMON = 5_000
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
export function matchesOf(wanted: WantedWords, bind: Bind): string {
  return has(`(${matchTsquery(wanted, '', bind)}) || ${codeTsquery(wanted.words, bind)}`, wanted, bind)
}

const has = (query: string, { locales }: WantedWords, bind: Bind): string =>
  `s.words @@ (select ${query}) and s.locale = any (${bind(locales)}::text[])`

/** What has all the words in its title and names, among the products that have these marked; each lexeme of the query gets the mark, whatever stands behind it. */
export function sampleMatchesOf(wanted: WantedWords, bind: Bind): string {
  const query = matchTsquery({ ...wanted, missing: 0 }, '', bind)
  return has(`regexp_replace((${query})::text, '''((?:[^'']|'''')+)''', '''${SAMPLE_MARK}\\1''', 'g')::tsquery`, wanted, bind)
}

/** What the whole query is the code of. */
export function codeMatchesOf(wanted: WantedWords, bind: Bind): string {
  return has(codeTsquery(wanted.words, bind), wanted, bind)
}

/**
 * Whether each of the words is in so many products that the sample has `enough` of it, as SQL: the last one as matchTsquery takes it, whole where it is
 * common, else with all that it may become. By the locale that has most, since a product may have a word in each.
 */
export function isVeryCommon({ words, locales }: WantedWords, enough: number, bind: Bind): string {
  const terms = words.terms.map(({ text }) => text)
  const last = terms.at(-1) ?? ''
  const ends = last.length < PREFIX_LENGTH ? terms : [...terms.slice(0, -1), `${last}${LAST_CHARACTER}`]
  return /* sql */ `coalesce((
        select bool_and(coalesce(case when whole >= ${COMMON} then whole else begun end, 0) >= ${SAMPLED_EVERY * enough})
        from unnest(${bind(terms)}::text[], ${bind(ends)}::text[]) as term (from_word, to_word)
        cross join lateral (
          select max(whole) as whole, max(begun) as begun
          from (
            select max(t.products) filter (where t.word = term.from_word) as whole, sum(t.products) as begun
            from read.term t
            where t.locale = any (${bind(locales)}::text[]) and t.word >= term.from_word and t.word <= term.to_word
            group by t.locale) as in_locale) as known), false)`
}

/** Behind every other. */
const LAST_CHARACTER = '\u{10FFFF}'

/**
 * The words as a tsquery. A last word that very many products have is taken as it is: for one that may go on, the index first gathers all
 * products with any of its endings (of 287,000 products with "black", 60 ms and more).
 * @param fields only these weights; '' for all
 */
export function matchTsquery({ words, missing, locales }: WantedWords, fields: '' | 'AB', bind: Bind): string {
  const query = (goesOn: boolean) => toTsquery(bind(matchText(words, { missing, fields, goesOn })), locales)
  const common = /* sql */ `exists (
          select
          from read.term t
          where t.locale = any (${bind(locales)}::text[]) and t.word = ${bind(words.terms.at(-1)?.text ?? '')} and t.products >= ${COMMON})`
  return `case when ${common} then ${query(false)} else ${query(true)} end`
}

/** The whole query as the code of a product. */
export function codeTsquery({ code }: SearchQuery, bind: Bind): string {
  return `${bind(code === null ? '' : `'=${code}'`)}::tsquery`
}
