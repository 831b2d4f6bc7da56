/** Which words of a query to look for where no product has all but one of them: those that products have at all, the rarest first. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import type { Wording } from './search-query.ts'
import { termText, toTsquery } from './search-words-sql.ts'

export interface WordCount {
  /** Of the query's terms. */
  readonly term: number
  /** That have it, in any locale of the reader's; no more are counted than COUNTED_AT_MOST. */
  readonly products: number
}

const COUNTED_AT_MOST = 2_000
/** Every choice of half of them is looked for: 20 of six. */
const WORDS_AT_MOST = 6

/** @returns rows of WordCount */
export function countWordsStatement({ terms }: Wording, locales: readonly string[]): SnapshotStatement {
  const text = /* sql */ `
    /* word counts */
    select asked.term, (
        select count(*)
        from (
          select
          from read.search s
          where s.words @@ ${toTsquery('asked.query', locales)} and s.locale = any ($3::text[])
          limit ${COUNTED_AT_MOST}) as found)::int as products
    from unnest($1::int[], $2::text[]) as asked (term, query)`
  const queries = terms.map((term) => termText(term, { prefixFrom: Infinity, fields: '' }))
  return { name: `word-counts-${locales.join('-')}`, text, values: [terms.map((_, i) => i), queries, locales], costly: true }
}

/** @returns the rarest of the words that there are, in the order in which they were typed; '' for none */
export function knownWords({ terms }: Wording, counts: readonly WordCount[]): string {
  const known = counts.filter(({ products }) => products > 0).toSorted((a, b) => a.products - b.products || a.term - b.term)
  const kept = known.slice(0, WORDS_AT_MOST).toSorted((a, b) => a.term - b.term)
  return kept.map(({ term }) => terms[term]?.text ?? '').join(' ')
}
