/** The orders that a list may have: each is one index of read.listing, walked forwards or backwards. */

export const LIST_SORTS = ['popular', 'newest', 'price', '-price'] as const
export type ListSort = (typeof LIST_SORTS)[number]
export const DEFAULT_SORT: ListSort = 'popular'

export interface SortOrder {
  /** Of read.listing; ties are broken by product_id in the same direction, so the order is total. */
  readonly column: string
  readonly direction: 'asc' | 'desc'
  /** The column as a number that a cursor can carry exactly. */
  readonly toPosition: string
  /** That number, the parameter `$n`, as the column's type again. */
  readonly fromPosition: (parameter: string) => string
  /** Whether a number out of a cursor can be the column's. */
  readonly isPosition: (value: number) => boolean
}

const popularity: Omit<SortOrder, 'direction'> = {
  column: 'popularity',
  toPosition: 'popularity',
  fromPosition: (parameter) => `${parameter}::real`,
  // PostgreSQL refuses what overflows or vanishes as a real.
  isPosition: (value) => Number.isFinite(Math.fround(value)) && (Math.fround(value) !== 0 || value === 0),
}

// Microseconds: a JS Date would lose three digits, and with them the order of what was created in one millisecond.
const createdAt: Omit<SortOrder, 'direction'> = {
  column: 'created_at',
  toPosition: '(extract(epoch from created_at) * 1000000)::bigint',
  fromPosition: (parameter) => `timestamptz 'epoch' + ${parameter}::bigint * interval '1 microsecond'`,
  isPosition: (value) => Number.isSafeInteger(value),
}

const price: Omit<SortOrder, 'direction'> = {
  column: 'price_minor',
  toPosition: 'price_minor',
  fromPosition: (parameter) => `${parameter}::bigint`,
  isPosition: (value) => Number.isSafeInteger(value),
}

export const SORT_ORDERS: Readonly<Record<ListSort, SortOrder>> = {
  popular: { ...popularity, direction: 'desc' },
  newest: { ...createdAt, direction: 'desc' },
  price: { ...price, direction: 'asc' },
  '-price': { ...price, direction: 'desc' },
}
