/** Which words of a query find nothing at all, and what of the vocabulary is near to them. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import { toTsquery } from './search-words-sql.ts'
import { nearForms } from './spelling.ts'

export interface DoubtfulWord {
  /** Of the query's terms. */
  readonly term: number
  readonly word: string
  /** For to_tsquery. */
  readonly text: string
}

export interface NearWord {
  readonly term: number
  readonly word: string
  readonly products: number
}

const NEAR_AT_MOST = 30
/** So many products do not all lose a word unnoticed; and to look for one of them would cost the more, the more there are. */
const COMMON = 50

/** @returns rows of NearWord, for words that no product in any of the locales has: words of the vocabulary that still find something */
export function repairStatement(words: readonly DoubtfulWord[], locales: readonly string[]): SnapshotStatement {
  const forms = words.flatMap(({ term, word }) => nearForms(word).map((form) => ({ term, form })))
  // A word of the vocabulary is known without a look at the products: misspelt ones are in none.
  const text = /* sql */ `
    /* repair */
    with unknown as materialized (
      select asked.term, asked.word
      from unnest($1::int[], $2::text[], $3::text[]) as asked (term, word, query)
      where case
        when exists (select from read.term t where t.word = asked.word and t.locale = any ($4::text[])) then false
        else not ${isFound('asked.query', locales)} end)
    select distinct term, word, products
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
    where products >= ${COMMON} or ${isFound('near.word', locales)}`
  const values = [
    words.map(({ term }) => term),
    words.map(({ word }) => word),
    words.map((word) => word.text),
    locales,
    forms.map(({ term }) => term),
    forms.map(({ form }) => form),
  ]
  return { name: `repair-${locales.join('-')}`, text, values }
}

/** Whether any product has the word; counted, since for a first row alone the table would be scanned. The index finds all that have it before the first is seen: it is asked of rare words only. */
function isFound(query: string, locales: readonly string[]): string {
  const found = `select from read.search s where s.words @@ ${toTsquery(query, locales)} and s.locale = any ($4::text[]) limit 1000`
  return `((select count(*) from (${found}) as found) > 0)`
}
