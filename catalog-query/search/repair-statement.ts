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

/** @returns rows of NearWord, for words that no product in any of the locales has: words of the vocabulary that still find something */
export function repairStatement(words: readonly DoubtfulWord[], locales: readonly string[]): SnapshotStatement {
  const forms = words.flatMap(({ term, word }) => nearForms(word).map((form) => ({ term, form })))
  const text = /* sql */ `
    /* repair */
    with unknown as materialized (
      select asked.term, asked.word
      from unnest($1::int[], $2::text[], $3::text[]) as asked (term, word, query)
      where not exists (select from read.search s where s.words @@ ${toTsquery('asked.query', locales)} and s.locale = any ($4::text[])))
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
    where exists (select from read.search s where s.words @@ ${toTsquery('near.word', locales)} and s.locale = any ($4::text[]))`
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
