/** The orders that a list may have: each is a walk along an index of read.listing, or along two of them one after the other. */

import { SEARCH_MATCHES } from './search-products.ts'

export const LIST_SORTS = ['popular', 'newest', 'price', '-price', 'title', 'manual'] as const
export type ListSort = (typeof LIST_SORTS)[number]
export const DEFAULT_SORT: ListSort = 'popular'

/** One index's walk. */
export interface SortLeg {
  /** Of read.listing; ties are broken by product_id in the same direction, so the order is total. */
  readonly column: string
  readonly direction: 'asc' | 'desc'
  /** Where there are other legs: which rows are on this one, on the category's own row `l`. */
  readonly only?: string
  /** The same on the row `l` of all categories; absent: this leg is so short that all of it may be looked at. */
  readonly onlyFound?: string
  /** The column of `l` as a number or a text that a cursor can carry exactly. */
  readonly toPosition: string
  /** What a cursor carries, the parameter `$n`, as the column's type again. */
  readonly fromPosition: (parameter: string) => string
  /** What a cursor carries, read; null where it cannot be the column's. */
  readonly parsePosition: (text: string) => number | string | null
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/

function numberThat(isPosition: (value: number) => boolean): SortLeg['parsePosition'] {
  return (text) => (NUMBER.test(text) && isPosition(Number(text)) ? Number(text) : null)
}

const popularity: Omit<SortLeg, 'direction'> = {
  column: 'popularity',
  toPosition: 'l.popularity',
  fromPosition: (parameter) => `${parameter}::real`,
  // PostgreSQL refuses what overflows or vanishes as a real.
  parsePosition: numberThat((value) => Number.isFinite(Math.fround(value)) && (Math.fround(value) !== 0 || value === 0)),
}

// Microseconds: a JS Date would lose three digits, and with them the order of what was created in one millisecond.
const createdAt: Omit<SortLeg, 'direction'> = {
  column: 'created_at',
  toPosition: '(extract(epoch from l.created_at) * 1000000)::bigint',
  fromPosition: (parameter) => `timestamptz 'epoch' + ${parameter}::bigint * interval '1 microsecond'`,
  parsePosition: numberThat((value) => Number.isSafeInteger(value) && Math.abs(value) < MAX_TIME_US),
}
/** In the year 2255; PostgreSQL goes further. */
const MAX_TIME_US = 9_000_000_000_000_000

const price: Omit<SortLeg, 'direction'> = {
  column: 'price_minor',
  toPosition: 'l.price_minor',
  fromPosition: (parameter) => `${parameter}::bigint`,
  parsePosition: numberThat((value) => Number.isSafeInteger(value)),
}

const TITLE_KEY_LENGTH_AT_MOST = 200

const title: Omit<SortLeg, 'direction'> = {
  column: 'title_key',
  toPosition: 'l.title_key',
  fromPosition: (parameter) => `${parameter}::text`,
  parsePosition: (text) => (text.length <= TITLE_KEY_LENGTH_AT_MOST ? text : null),
}

const MAX_INT4 = 2_147_483_647

const manualPosition: Omit<SortLeg, 'direction'> = {
  column: 'manual_position',
  toPosition: 'l.manual_position::float8',
  fromPosition: (parameter) => `${parameter}::int`,
  parsePosition: numberThat((value) => Number.isInteger(value) && Math.abs(value) <= MAX_INT4),
}

const NOT_PLACED = /* sql */ `not exists (
          select from category_order o where o.category_id = (select category_id from resolved) and o.product_id = l.product_id)`

/** By relevance: a leg each for how much of the query the products have (search-products.ts). Not an index's walk. */
export const RELEVANCE_LEGS: readonly Pick<SortLeg, 'parsePosition'>[] = SEARCH_MATCHES.map(() => ({
  parsePosition: numberThat((value) => Math.abs(value) < 1_000),
}))

export const SORT_LEGS: Readonly<Record<ListSort, readonly SortLeg[]>> = {
  popular: [{ ...popularity, direction: 'desc' }],
  newest: [{ ...createdAt, direction: 'desc' }],
  price: [{ ...price, direction: 'asc' }],
  '-price': [{ ...price, direction: 'desc' }],
  title: [{ ...title, direction: 'asc' }],
  // What a person has put first, then the rest as it would be without them.
  manual: [
    { ...manualPosition, direction: 'asc', only: 'l.manual_position is not null' },
    { ...popularity, direction: 'desc', only: 'l.manual_position is null', onlyFound: NOT_PLACED },
  ],
}
