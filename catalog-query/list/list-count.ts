/** How many products a list has, counted up to a limit: the same for every order and page of it. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot, SnapshotStatement } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { cacheKey, type ListQuery } from './list-query.ts'
import { listScope } from './list-scope.ts'
import { DEFAULT_SORT } from './list-sorts.ts'

export interface ListCount {
  readonly value: number
  /** `gte`: there are more, and nobody has counted them. */
  readonly relation: 'eq' | 'gte'
}

/** @throws CatalogError unavailable or overloaded */
export type ReadCount = (query: ListQuery, token: ConsistencyToken | null) => Vouched<ListCount> | Promise<Vouched<ListCount>>

const COUNT_AT_MOST = 10_000
const ENTRY_BYTES = 100

export function createListCounter(readSnapshot: ReadSnapshot, options: { maxBytes: number }): ReadCount {
  const cache = createSnapshotCache<ListCount>({ maxBytes: options.maxBytes, sizeOf: () => ENTRY_BYTES })
  return (query, token) => {
    const key = cacheKey({ ...query, sort: DEFAULT_SORT })
    return cache.read(key, token, async (withToken) => {
      const snapshot = await readSnapshot<{ count: number }>(countStatement(query), withToken)
      const count = snapshot.rows[0]?.count ?? 0
      const relation = count > COUNT_AT_MOST ? 'gte' : 'eq'
      return vouchedBy<ListCount>(snapshot, { value: Math.min(count, COUNT_AT_MOST), relation })
    })
  }
}

function countStatement(query: Pick<ListQuery, 'channel' | 'filters' | 'wanted'>): SnapshotStatement {
  const { resolved, find, checks, values } = listScope(query)
  const text = /* sql */ `
    /* count */
    with ${resolved}
    select count(*)::int as count
    from (
      select
      from read.listing l
      where ${find}
      limit ${COUNT_AT_MOST + 1}) as counted`
  return { name: checks.length === 0 ? `count-${query.filters.has('category') ? 'category' : 'all'}` : '', text, values, costly: true }
}
