/** What a name that is still being typed may become: brands and categories by the words of their names, and the popular products that begin so. */
import { FACET } from '../../shared/facet-token.ts'
import type { SnapshotStatement } from '../cache/product-read.ts'
import { tokenOf } from '../list/list-filters.ts'
import type { Wording } from '../search/search-query.ts'

export interface NameRow {
  readonly kind: 'brand' | 'category'
  readonly id: number
  readonly slug: string
  /** Of a brand. */
  readonly name: string | null
  /** Of a category: its names from the root down, one localized text a level. */
  readonly path: readonly Readonly<Record<string, string>>[] | null
}

export const NAMES_AT_MOST = 4
/** Names that fit, of which those that nothing is sold of are left out. */
const NAMES_LOOKED_AT = 20

// A slug is a name without case and accents, with dashes for blanks: what begins with the query is what most people mean.
const nearest = (alias: string) => `order by (starts_with(${alias}.slug, $3)) desc, length(${alias}.slug), ${alias}.slug`

/** Popular products among which a brand is looked for before the index of facets, which gathers all products of a brand to show that there is one. */
const BRANDS_AMONG = 100

/** @returns rows of NameRow. @param text prefixText() of the query */
export function nameStatement(channel: string, { text, query }: { text: string; query: Wording }): SnapshotStatement {
  const sql = /* sql */ `
    /* suggest names */
    with asked as materialized (select (select id from channel where code = $1) as channel_id, to_tsquery('simple', $2) as words),
    popular as materialized (
      ${mostPopular('facets', { channelId: '(select channel_id from asked)', limit: BRANDS_AMONG })}),
    brands as materialized (
      select b.id, b.slug, b.name
      from brand b
      where to_tsvector('simple', replace(b.slug, '-', ' ')) @@ (select words from asked)
      ${nearest('b')}
      limit ${NAMES_LOOKED_AT}),
    categories as materialized (
      select c.id, c.slug, c.ancestors, c.i18n
      from category c
      where (to_tsvector('simple', replace(c.slug, '-', ' ')) || jsonb_to_tsvector('simple', c.i18n, '["string"]')) @@ (select words from asked)
      order by cardinality(c.ancestors), length(c.slug), c.slug
      limit ${NAMES_LOOKED_AT})
    (select 'brand' as kind, b.id, b.slug, b.name, null::json as path
    from brands b
    where case
      when exists (select from popular where facets @> array[${tokenOf(FACET.brand, 'b.id')}]) then true
      else exists (
        select
        from read.listing l
        where l.channel_id = (select channel_id from asked) and l.category_id = 0 and l.facets @> array[${tokenOf(FACET.brand, 'b.id')}])
      end
    ${nearest('b')}
    limit ${NAMES_AT_MOST})
    union all
    (select 'category', c.id, c.slug, null, (
        select json_agg(level.i18n order by level.place)
        from (
          select a.i18n, link.place
          from unnest(c.ancestors) with ordinality as link (id, place)
          join category a on a.id = link.id
          union all
          select c.i18n, 100) as level)
    from categories c
    where exists (
      select
      from read.listing l
      where l.channel_id = (select channel_id from asked) and l.category_id = c.id)
    limit ${NAMES_AT_MOST})`
  return { name: 'suggest-names', text: sql, values: [channel, text, query.text.replaceAll(' ', '-')], costly: true, plannedOnce: true }
}

/** Popular products that are looked at, each by its key, for the beginning of a word. */
const POPULAR_LOOKED_AT = 1_000

/**
 * For a beginning that is too short to be searched for, being in half the vocabulary: a popular product that has it is found among the first.
 * It is no word yet, and so has neither a stem nor a meaning that would make it a stop word.
 * @returns rows of ListRow
 */
export function popularStatement(
  channel: string,
  { text, locales, rows }: { text: string; locales: readonly string[]; rows: number },
): SnapshotStatement {
  const sql = /* sql */ `
    /* suggest popular */
    select l.product_id as id, 0 as leg, 0 as position
    from (
      ${mostPopular('product_id, popularity', { channelId: '(select id from channel where code = $1)', limit: POPULAR_LOOKED_AT })}) as l
    cross join lateral (
      select
      from read.search s
      where s.product_id = l.product_id and s.locale = any ($3::text[]) and s.words @@ to_tsquery('simple', $2)
      limit 1) as begins
    order by l.popularity desc, l.product_id desc
    limit ${rows}`
  return { name: 'suggest-popular', text: sql, values: [channel, text, locales], costly: true, plannedOnce: true }
}

function mostPopular(columns: string, { channelId, limit }: { readonly channelId: string; readonly limit: number }): string {
  return /* sql */ `select ${columns}
      from read.listing
      where channel_id = ${channelId} and category_id = 0
      order by popularity desc, product_id desc
      limit ${limit}`
}

/** All words, the last of which may go on, however short it is. @param fields only these weights */
export function prefixText({ terms }: Wording, fields: '' | 'AB'): string {
  const words = terms.map(({ text }) => text.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== '')).flat()
  return words.map((word, i) => `${word}${label(i === words.length - 1, fields)}`).join(' & ')
}

function label(last: boolean, fields: string): string {
  const letters = `${last ? '*' : ''}${fields}`
  return letters === '' ? '' : `:${letters}`
}
