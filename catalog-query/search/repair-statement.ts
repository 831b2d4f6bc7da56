/** Which words of a query find nothing at all, what of the vocabulary is near to them, and which two words shops write as one. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import type { Wording } from './search-query.ts'
import { PREFIX_LENGTH, termText, toTsquery } from './search-words-sql.ts'
import { nearestWord, nearForms, REPAIRED_LENGTH_AT_LEAST, splitForms } from './spelling.ts'

interface DoubtfulWord {
  /** Of the query's terms. */
  readonly term: number
  readonly word: string
  /** For to_tsquery. */
  readonly text: string
}

export interface DoubtfulParts {
  readonly words: readonly DoubtfulWord[]
  /** Two neighbours as one word: `head phones`. */
  readonly pairs: readonly { readonly term: number; readonly word: string }[]
}

export interface NearWord {
  readonly term: number
  /** Or two, with a blank: `harddrive` is `hard drive`. */
  readonly word: string
  readonly products: number
  /** Instead of the term and the next one. */
  readonly joins: boolean
}

const LETTERS = /^[\p{L}\p{M}]+$/u

export function doubtfulParts({ terms }: Wording): DoubtfulParts {
  const words = terms.flatMap((term, i) => {
    if (!LETTERS.test(term.text) || term.text.length < REPAIRED_LENGTH_AT_LEAST) return []
    const prefixFrom = i === terms.length - 1 ? PREFIX_LENGTH : Infinity
    return [{ term: i, word: term.text, text: termText(term, { prefixFrom, fields: '' }) }]
  })
  const pairs = terms.slice(0, -1).flatMap(({ text }, term) => {
    const word = `${text}${terms[term + 1]?.text}`
    return LETTERS.test(word) ? [{ term, word }] : []
  })
  return { words, pairs }
}

/** The query's text with the near words in place of those that find nothing. */
export function repairedText({ terms }: Wording, near: readonly NearWord[]): string {
  const join = near.filter(({ joins }) => joins).toSorted((a, b) => b.products - a.products)[0]
  const known = Map.groupBy(
    near.filter(({ joins }) => !joins),
    ({ term }) => term,
  )
  const texts = terms.map(({ text }, i) => {
    if (i === join?.term) return join.word
    if (join !== undefined && i === join.term + 1) return ''
    return nearestWord(text, known.get(i) ?? []) ?? text
  })
  return texts.filter((text) => text !== '').join(' ')
}

const NEAR_AT_MOST = 30
/** So many products do not all lose a word unnoticed; and to look for one of them would cost the more, the more there are. */
const COMMON = 50

/** @returns rows of NearWord, for words that no product in any of the locales has: words of the vocabulary that still find something */
export function repairStatement({ words, pairs }: DoubtfulParts, locales: readonly string[]): SnapshotStatement {
  const forms = words.flatMap(({ term, word }) => nearForms(word).map((form) => ({ term, form })))
  const splits = words.flatMap(({ term, word }) => splitForms(word).map(([left, right]) => ({ term, left, right })))
  // A word of the vocabulary is known without a look at the products: misspelt ones are in none.
  const text = /* sql */ `
    /* repair */
    with unknown as materialized (
      select asked.term, asked.word
      from unnest($1::int[], $2::text[], $3::text[]) as asked (term, word, query)
      where case
        when exists (select from read.term t where t.word = asked.word and t.locale = any ($4::text[])) then false
        else not ${isFound('asked.query', locales)} end)
    select distinct term, word, products, false as joins
    from (
      select unknown.term, near.word, near.products
      from unknown
      cross join lateral (
        select t.word, t.products
        from read.term t
        where t.word % unknown.word and t.locale = any ($4::text[])
        order by similarity(t.word, unknown.word) desc
        limit ${NEAR_AT_MOST}) as near
      union all
      select unknown.term, t.word, t.products
      from unknown
      join unnest($5::int[], $6::text[]) as form (term, word) using (term)
      join read.term t on t.word = form.word and t.locale = any ($4::text[])) as near
    where products >= ${COMMON} or ${isFound('near.word', locales)}
    union all
    select split.term, split.first || ' ' || split.second, least(l.products, r.products), false
    from unknown
    join unnest($7::int[], $8::text[], $9::text[]) as split (term, first, second) using (term)
    join read.term l on l.word = split.first and l.locale = any ($4::text[])
    join read.term r on r.word = split.second and r.locale = l.locale
    where ${isFound(`split.first || ' & ' || split.second`, locales)}
    union all
    select pair.term, t.word, t.products, true
    from unnest($10::int[], $11::text[]) as pair (term, word)
    join read.term t on t.word = pair.word and t.locale = any ($4::text[])
    where ${isFound('t.word', locales)}`
  const values = [
    words.map(({ term }) => term),
    words.map(({ word }) => word),
    words.map((word) => word.text),
    locales,
    forms.map(({ term }) => term),
    forms.map(({ form }) => form),
    splits.map(({ term }) => term),
    splits.map(({ left }) => left),
    splits.map(({ right }) => right),
    pairs.map(({ term }) => term),
    pairs.map(({ word }) => word),
  ]
  return { name: `repair-${locales.join('-')}`, text, values, costly: true, plannedOnce: true }
}

/** Whether any product has the word; counted, since for a first row alone the table would be scanned. The index finds all that have it before the first is seen: it is asked of rare words only. */
function isFound(query: string, locales: readonly string[]): string {
  const found = `select from read.search s where s.words @@ ${toTsquery(query, locales)} and s.locale = any ($4::text[]) limit 1000`
  return `((select count(*) from (${found}) as found) > 0)`
}
