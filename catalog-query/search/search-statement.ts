/** The one statement of a list by relevance: what the words match, as far as it is looked at, scored and put in order. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import type { ListFilters } from '../list/list-filters.ts'
import type { ListStretch } from '../list/list-statement.ts'
import { listScope, type ListScope } from '../list/list-scope.ts'
import { rankText, toTsquery } from './search-words-sql.ts'
import { codeMatchesOf, codeTsquery, isVeryCommon, matchesOf, matchTsquery, sampleMatchesOf, type WantedWords } from './words-condition.ts'

export interface SearchList {
  /** The channel's code. */
  readonly channel: string
  readonly filters: ListFilters
  readonly wanted: WantedWords
}

/** What has the words in its title or names is scored first. */
const LIST_DEPTH: SearchDepth = { matches: 10_000, scored: 1_000 }
/** Of words in more products than these, it is looked whether the filters leave few. */
const FEW_MATCHES = 1_000
/** So much of what would be scored is enough of the sample. */
const SAMPLE_ENOUGH = 1 / 3
/** Twice as many are looked at: those that are taken are of all ages, where the sample has no more than that. */
const SAMPLE_LOOKED_AT = 2
/** With filters fewer are enough, and more are looked at, since most may not pass. */
const SAMPLE_FILTERED = { lookedAt: 2_000, enough: 150 }
/** Expected in the sample by the vocabulary, which knows titles and names alone, for each that is enough: below it is not looked at. */
const SAMPLE_EXPECTED = 4 / 3
/** So few that each of them is looked at, and none is missed for a word that very many have. */
const FEW_FILTERED = 2_000

/** Of D description, C attributes, B names and codes, A title. */
const WEIGHTS = '{0.1, 0.3, 0.6, 1}'
/** The best of the wordings counts, not their sum: what is called both a laptop and a notebook is rather a bag for either. */
const SYNONYM_WEIGHT = 0.95

/**
 * How relevant a row of `titled` or `others` is. Depends on the product and the query alone, never on other products: the place of a product
 * that did not change stays, so that a walk by keyset meets it once.
 *
 * - ts_rank over every form: about the mean, over the words, of the best field that each is in;
 * - ts_rank_cd: words that stand together, in the title above all;
 * - how much of the title the query is: of two products that have all words, the one with the shorter title is more of what was asked for;
 * - the query is the name of its category;
 * - popularity and stock, which only order what the words leave equal.
 */
const score = (bound: {
  readonly match: string
  /** The words as they were typed, then its other wordings. */
  readonly ranks: readonly string[]
  readonly code: string
  readonly category: string
  readonly terms: string
}): string => /* sql */ `
  round((
    greatest(${bound.ranks.map((rank, i) => `${i === 0 ? '' : `${SYNONYM_WEIGHT} * `}ts_rank('${WEIGHTS}', words, ${rank})`).join(', ')})
    + 0.25 * ts_rank_cd('${WEIGHTS}', words, ${bound.match}, 32)
    + case when in_title then 0.1 + 0.2 * least(1, ${bound.terms}::int::float8 / title_words) else 0 end
    + 0.05 * ln(1 + least(greatest(popularity, 0), 1e9)) / 20
    - case when in_stock then 0 else 0.05 end
    + case when words @@ ${bound.category} then 0.3 else 0 end
    + case when words @@ ${bound.code} then 10 else 0 end)::numeric, 6)`

/** How much is looked at (of words in more products than that the rest is not found, unless the filters leave few), and how much of it is scored. */
export interface SearchDepth {
  readonly matches: number
  readonly scored: number
}

/** @returns a statement planned for its values where it has filters, else one of few with a name */
export function searchStatement(
  { channel, filters, wanted }: SearchList,
  { start, skip, rows }: ListStretch,
  depth: SearchDepth = LIST_DEPTH,
): SnapshotStatement {
  const scope = listScope({ channel, filters })
  const { bind } = scope
  const { words, missing, locales } = wanted
  // Each a select of its own: worked out once, where a plan without the values would do it for every row.
  const code = `(select ${codeTsquery(words, bind)})`
  const match = `(select ${matchTsquery(wanted, '', bind)})`
  const titled = `s.words @@ (select (${matchTsquery(wanted, 'AB', bind)}) || ${code})`
  const wordings = [words, ...words.wordings]
  const ranks = wordings.map((wording) => `(select ${toTsquery(bind(rankText(wording)), locales)})`)
  const terms = bind(words.terms.length)
  const category = `(select ${bind(wordings.map((wording) => `'${wording.category}'`).join(' | '))}::tsquery)`
  const row = listedRow(scope)
  const candidates = (inTitle: boolean, only: string) => /* sql */ `
      select m.product_id, m.place, m.in_title, row.popularity, row.in_stock
      from matched m
      cross join lateral ${row} as row
      where ${inTitle ? '' : 'not '}m.in_title ${only}
      limit ${depth.scored}`
  const backwards = start?.direction === 'prev'
  const direction = backwards ? 'asc' : 'desc'
  const place =
    start === null ? '' : `where (position, id) ${backwards ? '>' : '<'} (${bind(start.position)}::numeric, ${bind(start.id)}::uuid)`
  const name = [
    'search',
    depth.scored,
    missing,
    wordings.length,
    ...locales,
    ...filters.keys(),
    ...(start === null ? [] : [start.direction]),
    rows,
  ].join('-')
  const text = /* sql */ `
    /* search */
    with ${[scope.resolved, ...sampledRows(scope, wanted, depth), ...matchedRows(scope, wanted, { depth, titled })].join(',\n    ')},
    titled as materialized (
      select product_id, place, true as in_title, popularity, in_stock
      from sampled
      where (select yes from in_sample)
      union all
      (${candidates(true, '')})),
    left_over as materialized (select ${depth.scored} - count(*) as missing from titled),
    others as materialized (${candidates(false, 'and (select missing from left_over) > 0')}),
    scored as (
      select candidate.product_id as id, max(${score({ match, ranks, code, category, terms })}) as position
      from (select * from titled union all select * from others) as candidate
      join read.search s on s.ctid = candidate.place
      group by candidate.product_id)
    select id, 0 as leg, position::float8 as position
    from scored
    ${place}
    order by scored.position ${direction}, id ${direction}
    limit ${rows} offset ${skip}`
  const isPlain = scope.checks.length === 0 && skip === 0
  return { name: isPlain ? name : '', text, values: scope.values, costly: true, plannedOnce: isPlain }
}

/**
 * As tables: `sampled`, what very many have in their title, among the sample and with its row of the list, as much as is enough; and whether it is
 * (`in_sample`), so that nothing else need be looked at. Where filters leave so few of the sample that it is not, it was in vain. In the order of a hash, since
 * the index finds the oldest first.
 */
function sampledRows(scope: ListScope, wanted: WantedWords, { matches, scored }: SearchDepth): readonly string[] {
  const { checks, findNear, bind } = scope
  const isFiltered = checks.length > 0 || findNear !== null
  const mostEnough = Math.ceil(SAMPLE_ENOUGH * scored)
  const isWorthIt = wanted.missing > 0 ? 'false' : isVeryCommon(wanted, Math.ceil(SAMPLE_EXPECTED * mostEnough), bind)
  const lookedAt = Math.min(isFiltered ? SAMPLE_FILTERED.lookedAt : SAMPLE_LOOKED_AT * mostEnough, matches)
  const enough = isFiltered ? Math.min(SAMPLE_FILTERED.enough, mostEnough) : mostEnough
  // A product has a row for each locale.
  const rows = (products: number) => products * wanted.locales.length
  const inSample = /* sql */ `
          select s.product_id, s.ctid as place
          from read.search s
          where ${isWorthIt} and ${sampleMatchesOf(wanted, bind)}`
  // Read only where the channel has too few of the first.
  const later = isFiltered ? '' : `union all (${inSample} limit ${rows(matches - lookedAt)} offset ${rows(lookedAt)})`
  return [
    /* sql */ `sampled as materialized (
      select m.product_id, m.place, row.popularity, row.in_stock
      from (
        (select product_id, place
        from (${inSample}
          limit ${rows(lookedAt)}) as first
        order by uuid_hash(product_id))
        ${later}) as m
      cross join lateral ${listedRow(scope)} as row
      limit ${rows(enough)})`,
    `in_sample as materialized (select count(distinct product_id) >= ${enough} as yes from sampled)`,
  ]
}

/**
 * As tables, of which the last is `matched`, read as far as it is needed: product_id, place (ctid) and in_title of what has the words,
 * unless the sample is enough. Found by the words; where they are in very many and the filters leave few, by the filters.
 */
function matchedRows(
  { bind, findNear }: ListScope,
  wanted: WantedWords,
  { depth, titled }: { readonly depth: SearchDepth; readonly titled: string },
): readonly string[] {
  const columns = `s.product_id, s.ctid as place, ${titled} as in_title`
  const matches = matchesOf(wanted, bind)
  const byWords = (condition: string, limit: number) => /* sql */ `
        (select ${columns}
        from read.search s
        where ${condition}
        limit ${limit})`
  // Before anything else: of a word that very many have they would be left out by chance.
  const coded = byWords(codeMatchesOf(wanted, bind), depth.scored)
  const matched = (selects: readonly string[]) => `matched as materialized (${[coded, ...selects].join('\n        union all\n        ')})`
  const inAll = `not (select yes from in_sample) and ${matches}`
  if (findNear === null) return [matched([byWords(inAll, depth.matches)])]
  const many = /* sql */ `many as materialized (
      select count(*) > ${FEW_MATCHES} as yes
      from (
        select
        from read.search s
        where ${inAll}
        limit ${FEW_MATCHES + 1}) as first)`
  // Read as far as it is needed. A table of its own is planned as all that is found, by an index: of the first few, a scan of the table would look cheap.
  const near = /* sql */ `near as materialized (
      select l.product_id
      from read.listing l
      where (select yes from many) and ${findNear})`
  const few = /* sql */ `few as materialized (
      select product_id
      from near
      limit ${FEW_FILTERED + 1})`
  const areFew = /* sql */ `are_few as materialized (
      select (select yes from many) and count(*) <= ${FEW_FILTERED} as yes
      from few)`
  const byFilters = /* sql */ `
        (select ${columns}
        from few
        cross join lateral (
          select s.product_id, s.ctid, s.words
          from read.search s
          where s.product_id = few.product_id and ${matches}
          offset 0) as s
        where (select yes from are_few))`
  return [many, near, few, areFew, matched([byWords(`not (select yes from are_few) and ${inAll}`, depth.matches), byFilters])]
}

/** The row of a match in the list, or none. With a limit of its own it is always looked up by its key, never joined by reading the table. */
function listedRow({ range, checks }: ListScope): string {
  const conditions = ['l.product_id = m.product_id', range, ...checks.map(({ sql }) => sql)]
  return /* sql */ `(
        select l.popularity, l.in_stock
        from read.listing l
        where ${conditions.join(' and ')}
        limit 1)`
}
