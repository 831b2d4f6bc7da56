/** The filters that a list may have, whatever lists: each is a condition on a row of read.listing. A new one is one entry here and its parameter. */
import { FACET, facetToken, facetValue } from '../../shared/facet-token.ts'
import { parseRange, rangeCondition, type NumberRange } from './number-range.ts'

/** Of the attribute `color`: `attr.color`. */
export type AttributeFilterName = `attr.${string}`
export type ListFilterName = 'brand' | 'category' | 'tag' | 'price' | 'inStock' | 'onSale' | 'updatedSince' | AttributeFilterName

/** Values by name, sorted, each once; several values of one name mean any of them. */
export type ListFilters = ReadonlyMap<ListFilterName, readonly string[]>

/** Takes a value and gives its `$n`. */
export type Bind = (value: unknown) => string

/** A filter as SQL on the alias `l` of read.listing. Whatever it names is resolved within the statement, so that one snapshot vouches for all of it. */
export interface FilterCondition {
  /** On one row: cheap, and independent of how many rows match. */
  readonly check: string
  /** What finds the rows by an index, where another condition than `check` does so. */
  readonly find: string
}

const MAX_INT4 = 2_147_483_647

/** Without a filter by category: the row that stands for all of them. */
export const ALL_CATEGORIES = 0

export function attributeOf(name: ListFilterName): string | null {
  return name.startsWith('attr.') ? name.slice('attr.'.length) : null
}

/** @param category is left to the caller: it says which rows, not only whether */
export function filterCondition(name: Exclude<ListFilterName, 'category'>, values: readonly string[], bind: Bind): FilterCondition {
  const attribute = attributeOf(name)
  if (attribute !== null) return attributeCondition(attribute, values, bind)
  switch (name) {
    case 'brand':
      return anyToken(`select ${tokenOf(FACET.brand, 'id')} from brand where slug = any (${bind(values)}::text[])`)
    case 'tag':
      return anyToken(`select id from facet_token where attribute_id = ${FACET.tag} and value = any (${bind(values)}::text[])`)
    case 'inStock':
      return both(`l.facets @> array[${facetToken(FACET.inStock)}]::bigint[]`)
    case 'onSale':
      return both(`l.facets @> array[${facetToken(FACET.onSale)}]::bigint[]`)
    case 'price':
      return both(anyRange(values.map(parseRange), (value) => `${bind(value)}::bigint`)('l.price_minor'))
    default:
      return updatedSince(values[0] ?? '', bind)
  }
}

/** The id of the category that a slug or an id names, as SQL; null where there is none. A slug of digits is a slug first. */
export function categoryId(value: string, bind: Bind): string {
  const slug = bind(value)
  return `(
    select id
    from category
    where slug = ${slug} or id = ${bind(toId(value))}::int
    order by slug = ${slug} desc
    limit 1)`
}

/** An integer of shared/facet-token.ts as SQL. */
export function tokenOf(attributeId: number, valueId: string): string {
  return `${attributeId}::bigint << 32 | ${valueId}`
}

function attributeCondition(code: string, values: readonly string[], bind: Bind): FilterCondition {
  const attribute = `(select id from attribute where code = ${bind(code)})`
  const exact = `select id from facet_token where attribute_id = ${attribute} and value = any (${bind(values.flatMap(spellings))}::text[])`
  const ranges = values.map(parseRange).filter((range) => range !== null)
  if (ranges.length === 0) return anyToken(exact)
  // Bound once: a parameter that stands in neither condition of a statement would have no type.
  const within = anyRange(ranges, (value) => `${bind(value)}::float8`)
  return {
    // By the row's own tokens, of which few are this attribute's: a range may have a million.
    check: `(${anyToken(exact).check} or exists (
          select
          from unnest(l.facets) as token
          where token >> 32 = ${attribute} and ${within('(select number from facet_token where id = token)')}))`,
    // A value at a time: GIN takes steps by the product of values and matches when it is given thousands at once (1,800 values: 330 ms or more, so: 70 to
    // 150). By where the rows are: they are at hand, a look-up of each by its id would cost five times as much.
    find: `l.ctid = any (array(
          select m.ctid
          from (${exact} union all select id from facet_token where attribute_id = ${attribute} and ${within('number')}) as token
          join read.listing m on m.facets @> array[token.id] and m.category_id = ${ALL_CATEGORIES} and m.channel_id = (select channel_id from resolved)))`,
  }
}

/** `2.0` is also the number that is written `2`. */
export function spellings(value: string): readonly string[] {
  return /^-?\d{1,20}\.\d{1,10}$/.test(value) ? [value, facetValue(Number(value))] : [value]
}

function anyToken(select: string): FilterCondition {
  return both(`l.facets && array(${select})`)
}

function both(sql: string): FilterCondition {
  return { check: sql, find: sql }
}

/** @returns the condition on a column */
function anyRange(ranges: readonly (NumberRange | null)[], bind: (value: number) => string): (column: string) => string {
  const bound = ranges.map((range) => (range === null ? () => 'false' : rangeCondition(range, bind)))
  return (column) => `(${bound.map((condition) => condition(column)).join(' or ')})`
}

/** Products are told apart by their own row: a change of a title alone would else rewrite every listing row of it. */
function updatedSince(value: string, bind: Bind): FilterCondition {
  const since = `${bind(value)}::timestamptz`
  return {
    check: `exists (select from product p where p.id = l.product_id and p.updated_at >= ${since})`,
    find: `l.product_id in (select p.id from product p where p.updated_at >= ${since})`,
  }
}

function toId(text: string): number | null {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Infinity
  return id <= MAX_INT4 ? id : null
}
