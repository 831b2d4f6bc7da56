/** The parts of the facets' statement, each a select of rows from what was counted in a set: `counted` is a table of attributes with their tokens and counts. */
import { FACET, facetToken } from '../../shared/facet-token.ts'
import { tokenOf, type Bind } from '../list/list-filters.ts'
import { selectRow } from './facet-row.ts'
import { CELL_EDGES } from './value-cells.ts'

/** Of one facet, besides those that are selected. */
const VALUES_AT_MOST = 50
const CATEGORIES_AT_MOST = 100
const ATTRIBUTES_AT_MOST = 12
/** An attribute that fewer of the products have is not worth a place. */
const COVERAGE_AT_LEAST = 0.05
/** Numbers of more values than this are offered as ranges. */
const TERMS_AT_MOST = 12
/** Of more values of about equal weight than a person reads each is worth less. */
const READABLE_VALUES = 24
/** What every product may have is below the ids of attributes. */
const FIRST_ATTRIBUTE_ID = 100

const VALUE_ID = 'token & 4294967295'

/** @param attributeId SQL, or one of FACET @returns a table of token and n */
function tokensOf(counted: string, attributeId: string | number): string {
  return `(select unnest(tokens) as token, unnest(counts) as n from ${counted} where attribute_id = ${attributeId})`
}

/** Those right below the category that the list is about, or the roots. */
export function categoryPart(counted: string, inCategory: boolean): string {
  const label = `jsonb_build_object('name', c.name, 'i18n', c.i18n)`
  const from = /* sql */ `
      from category c
      join ${tokensOf(counted, FACET.category)} k on k.token = (${tokenOf(FACET.category, 'c.id')})
      where c.parent_id ${inCategory ? '= (select category_id from resolved)' : 'is null'}
      order by k.n desc, c.id
      limit ${CATEGORIES_AT_MOST}`
  return selectRow({ part: 'value', facet: `'category'`, value: 'c.slug', count: 'k.n', label }, from)
}

/** The category that the list is about. @param size of the whole set, as SQL */
export function selectedCategoryPart(size: string): string {
  const label = `jsonb_build_object('name', c.name, 'i18n', c.i18n, 'selected', true)`
  const from = 'from category c where c.id = (select category_id from resolved)'
  return selectRow({ part: 'value', facet: `'category'`, value: 'c.slug', count: size, label }, from)
}

export function brandPart(counted: string): string {
  const from = /* sql */ `
      from (
        select token, n
        from ${tokensOf(counted, FACET.brand)} as brands
        order by n desc, token
        limit ${VALUES_AT_MOST}) as k
      join brand b on b.id = k.${VALUE_ID}`
  return selectRow({ part: 'value', facet: `'brand'`, value: 'b.slug', count: 'k.n', label: 'to_jsonb(b.name)' }, from)
}

/** @param slugs the parameter that holds them */
export function selectedBrandPart(counted: string, slugs: string): string {
  const from = /* sql */ `
      from brand b
      left join ${tokensOf(counted, FACET.brand)} k on k.token = (${tokenOf(FACET.brand, 'b.id')})
      where b.slug = any (${slugs}::text[])`
  return selectRow({ part: 'value', facet: `'brand'`, value: 'b.slug', count: 'coalesce(k.n, 0)', label: 'to_jsonb(b.name)' }, from)
}

export function tagPart(counted: string): string {
  const from = /* sql */ `
      from (
        select token, n
        from ${tokensOf(counted, FACET.tag)} as tags
        order by n desc, token
        limit ${VALUES_AT_MOST}) as k
      join facet_token t on t.id = k.token`
  return selectRow({ part: 'value', facet: `'tag'`, value: 't.value', count: 'k.n' }, from)
}

/** What is either so or not: a row at most. */
export function yesPart(name: 'inStock' | 'onSale', counted: string): string {
  const from = `from ${tokensOf(counted, FACET[name])} k where k.token = ${facetToken(FACET[name])}`
  return selectRow({ part: 'value', facet: `'${name}'`, value: `'true'`, count: 'k.n' }, from)
}

/** Selected values of a tag or an attribute that the dictionary knows. @param facet its name as SQL */
export function selectedValuesPart(
  facet: string,
  counted: string,
  { attributeId, values }: { attributeId: string; values: string },
): string {
  const from = /* sql */ `
      from facet_token t
      left join ${tokensOf(counted, attributeId)} k on k.token = t.id
      where t.attribute_id = ${attributeId} and t.value = any (${values}::text[])`
  return selectRow({ part: 'value', facet, value: 't.value', count: 'coalesce(k.n, 0)' }, from)
}

/** How many of a set are within a selected range. @param check filterCondition's, on the alias `l` */
export function selectedRangePart(facet: string, value: string, { set, check }: { set: string; check: string }): string {
  return selectRow({ part: 'range', facet, value, count: `(select count(*) from ${set} l where ${check})` })
}

export function pricePart(set: string, edges: string): string {
  const from = /* sql */ `
      from (
        select price_minor as low, price_minor as high, 1 as n
        from ${set}) as k
      ${CELLS(edges)}`
  return selectRow({ part: 'cell', facet: `'price'`, ...CELL_COLUMNS }, from)
}

const CELL_COLUMNS = { cell: 'c.cell', atEdge: 'c.at_edge', count: 'sum(k.n)', low: 'min(k.low)', high: 'max(k.high)' }

const CELLS = (edges: string): string => /* sql */ `
      cross join lateral (select width_bucket(k.low::float8, ${edges}::float8[]) as cell) as w
      cross join lateral (select w.cell, w.cell > 0 and k.low = (${edges}::float8[])[w.cell] as at_edge) as c
      group by c.cell, c.at_edge`

/** For `edges` above. */
export function bindEdges(bind: Bind): string {
  return bind(CELL_EDGES)
}

interface AttributeSource {
  /** A name for the tables made of it. */
  readonly name: string
  readonly counted: string
  /** Of the set, as SQL. */
  readonly size: string
  /** Codes that are counted elsewhere, as a parameter; or the one attribute, as SQL. */
  readonly except?: string
  readonly only?: string
}

/**
 * Which attributes are shown: those that many of the products have and that tell them apart.
 * A score is coverage × the chance that two products differ in it × how far its values can be read (24 of equal weight can, of 240 a tenth)
 * × how far they are shared at all (a serial number is not).
 * An attribute that is selected is shown in any case.
 */
export function attributeTables({ name, counted, size, except, only }: AttributeSource): readonly string[] {
  // null: no product is left with it (facet-answer.ts).
  const isRange = `case when c.variety is not null then a.kind = 'number' and c.variety > ${TERMS_AT_MOST} end`
  const sumOfSquares = 'c.squares / (c.covered * c.covered)'
  const isWorthAPlace = `c.attribute_id >= ${FIRST_ATTRIBUTE_ID} and c.covered >= ${COVERAGE_AT_LEAST} * ${size}`
  const source =
    only === undefined
      ? `from ${counted} c join attribute a on a.id = c.attribute_id where ${isWorthAPlace} and a.facetable and a.code <> all (${except}::text[])`
      : `from attribute a left join ${counted} c on c.attribute_id = a.id where a.id = ${only}`
  const chosen = /* sql */ `${name} as materialized (
      select *
      from (
        select a.id, a.code, a.labels, a.unit, c.tokens, c.counts, ${isRange} as is_range,
          least(1, c.covered / greatest(1, ${size})) * (1 - ${sumOfSquares})
            * case when ${isRange} then 1 else least(1, ${READABLE_VALUES} * ${sumOfSquares}) * (1 - c.variety / c.covered) end as score
        ${source}) as scored
      ${only === undefined ? 'where score > 0' : ''}
      order by score desc, code
      limit ${ATTRIBUTES_AT_MOST})`
  const tokens = /* sql */ `${name}_tokens as materialized (
      select token, n, code, row_number() over (partition by id order by n desc, token) as place
      from (select id, code, unnest(tokens) as token, unnest(counts) as n from ${name} where not is_range) as each)`
  return [chosen, tokens]
}

/** @param set the products that the attributes were counted in */
export function attributeParts(name: string, set: string, edges: string): readonly string[] {
  const attributes = selectRow(
    {
      part: 'attribute',
      facet: `'attr.' || code`,
      count: 'row_number() over (order by score desc, code)',
      label: 'labels',
      isRange: 'is_range',
      unit: 'unit',
    },
    `from ${name}`,
  )
  const terms = selectRow(
    { part: 'value', facet: `'attr.' || k.code`, value: 't.value', count: 'k.n' },
    `from ${name}_tokens k join facet_token t on t.id = k.token where k.place <= ${VALUES_AT_MOST}`,
  )
  // In the order of the dictionary's index, where neighbours are on one page: in that of the count, a look-up costs a third more.
  const cells = selectRow(
    { part: 'cell', facet: `'attr.' || k.code`, ...CELL_COLUMNS },
    `from (
        select k.code, k.n, t.number as low, t.number as high
        from (
          select code, token, n
          from (select code, unnest(tokens) as token, unnest(counts) as n from ${name} where is_range) as each
          order by token
          offset 0) as k
        join facet_token t on t.id = k.token
        where t.number is not null) as k
      ${CELLS(edges)}, k.code`,
  )
  return [attributes, terms, cells, neighboursPart(name, set, edges)]
}

/**
 * Of products with several numbers of one attribute, those next to each other: what is between two edges is a stretch of a product's numbers, so
 * with one less for each two neighbours in it the product counts once. Such products are few, and found without looking at each token again:
 * a row's tokens of one attribute stand together behind those of lower ids, so the one behind the attribute's first tells. (`offset 0`: asked row by
 * row and once, whatever the planner thinks.)
 */
function neighboursPart(name: string, set: string, edges: string): string {
  const tokensBelow = (id: string) => `width_bucket(${id}::bigint << 32, p.facets)`
  const from = /* sql */ `
      from (
        select code, number as high, lag(number) over (partition by product, id order by number) as low
        from (
          select product, id, code, (select number from facet_token where facet_token.id = token) as number
          from (
            select p.product, c.id, c.code, unnest(p.facets[${tokensBelow('c.id')} + 1 : ${tokensBelow('(c.id + 1)')}]) as token
            from (select row_number() over () as product, facets from ${set}) as p
            cross join lateral (
              select id, code
              from ${name}
              where is_range and p.facets[${tokensBelow('id')} + 2] >> 32 = id
              offset 0) as c
            where (select bool_or(is_range) from ${name})) as several
          offset 0) as numbered
        where number is not null) as k
      cross join lateral (select width_bucket(k.low, ${edges}::float8[]) as low, width_bucket(k.high, ${edges}::float8[]) as high) as c
      where k.low is not null
      group by k.code, c.low, c.high, k.low = (${edges}::float8[])[c.low], k.high = (${edges}::float8[])[c.high]`
  return selectRow({ part: 'neighbours', facet: `'attr.' || k.code`, count: 'count(*)', low: 'min(k.low)', high: 'min(k.high)' }, from)
}
