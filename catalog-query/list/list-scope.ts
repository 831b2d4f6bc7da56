/** Which rows of read.listing a request is about, as SQL: the channel, the category, and the filters, with whatever they name resolved once. */
import { FACET } from '../../shared/facet-token.ts'
import { wordsCondition, type WantedWords } from '../search/words-condition.ts'
import {
  ALL_CATEGORIES,
  attributeOf,
  categoryId,
  filterCondition,
  tokenOf,
  type Bind,
  type ListFilterName,
  type ListFilters,
} from './list-filters.ts'
import { parseRange } from './number-range.ts'

export interface ListScope {
  /** For `with`: a row that the conditions refer to. */
  readonly resolved: string
  /** The rows of the category (or of all) in the channel, on columns without an alias: what every index but one begins with. */
  readonly range: string
  /** On the alias `l`, one each filter but the category: cheap on a single row. */
  readonly checks: readonly { readonly name: ListFilterName | 'q'; readonly sql: string }[]
  /** On the alias `l`, all in all: the same products by whichever index has fewest of them. */
  readonly find: string
  /** The same of the category and those filters alone that an index has ready and that may leave few; null where there are none. */
  readonly findNear: string | null
  readonly values: readonly unknown[]
  readonly bind: Bind
}

/** @param query without its order @param values of the statement so far, where it is about several lists; more are added */
export function listScope(
  {
    channel,
    filters,
    wanted,
  }: { readonly channel: string; readonly filters: ListFilters; /** Words that they have, too. */ readonly wanted?: WantedWords },
  values: unknown[] = [],
): ListScope {
  const bind: Bind = (value) => `$${values.push(value)}`
  const [category] = filters.get('category') ?? []
  const resolved = /* sql */ `resolved as materialized (
      select (select id from channel where code = ${bind(channel)}) as channel_id,
        ${category === undefined ? ALL_CATEGORIES : categoryId(category, bind)} as category_id)`
  const inChannel = 'channel_id = (select channel_id from resolved)'
  const range = `${inChannel} and category_id = ${category === undefined ? ALL_CATEGORIES : '(select category_id from resolved)'}`
  const conditions = [
    ...[...filters].flatMap(([name, sought]) => (name === 'category' ? [] : [{ name, ...filterCondition(name, sought, bind) }])),
    ...(wanted === undefined ? [] : [{ name: 'q' as const, ...wordsCondition(wanted, bind) }]),
  ]
  const found = findRange(filters, inChannel, range)
  const narrowing = conditions.filter(({ name }) => name !== 'q' && !BROAD.has(name) && isTokens(name, filters.get(name) ?? []))
  return {
    resolved,
    range,
    checks: conditions.map(({ name, check }) => ({ name, sql: check })),
    find: [found, ...conditions.map(({ find }) => find)].join('\n        and '),
    findNear:
      narrowing.length === 0 && category === undefined ? null : [found, ...narrowing.map(({ find }) => find)].join('\n        and '),
    values,
    bind,
  }
}

/** Most products are in stock, and a sale is of many: an index would gather them all to find that out. */
const BROAD: ReadonlySet<string> = new Set<ListFilterName>(['inStock', 'onSale'])

/**
 * Filters that the index of facets holds one against the other, so that it finds no more than what passes all of them. A range is put together from
 * many values, each found for itself.
 */
export function countTokens(filters: ListFilters): number {
  return [...filters].filter(([name, values]) => isTokens(name, values)).length
}

function isTokens(name: ListFilterName, values: readonly string[]): boolean {
  if (name === 'price' || name === 'updatedSince') return false
  return attributeOf(name) === null || values.every((value) => parseRange(value) === null)
}

/** Whether the index of facets can find them; it holds each product once, with its categories as tokens. */
export function hasFacetFilter(filters: ListFilters): boolean {
  const others: readonly ListFilterName[] = ['category', 'price', 'updatedSince']
  return [...filters.keys()].some((name) => !others.includes(name))
}

function findRange(filters: ListFilters, inChannel: string, range: string): string {
  if (!hasFacetFilter(filters)) return range
  const all = `${inChannel} and category_id = ${ALL_CATEGORIES}`
  if (!filters.has('category')) return all
  return `${all} and l.facets @> array[${tokenOf(FACET.category, '(select category_id from resolved)')}]`
}
