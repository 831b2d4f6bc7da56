/** Reads the rows of a list: from memory while their asOf may be trusted, else by one statement on a replica. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { cacheKey, type ListQuery } from './list-query.ts'
import { placeOf, type ListRow, type ListStart } from './list-row.ts'
import { listStatement } from './list-statement.ts'

/**
 * Nearest to the start first, at least one more than `limit` where there is more.
 * @throws CatalogError unavailable or overloaded
 */
export type ReadList = (
  request: { query: ListQuery; start: ListStart | null; skip: number; limit: number },
  token: ConsistencyToken | null,
) => Vouched<readonly ListRow[]> | Promise<Vouched<readonly ListRow[]>>

export const DEFAULT_LIMIT = 24
export const MAX_LIMIT = 100

/** Two lengths, not a hundred: pages of nearly any limit share one entry, and the statements stay few. One row more shows that there is more. */
export function rowsRead(limit: number): number {
  return (limit <= DEFAULT_LIMIT ? DEFAULT_LIMIT : MAX_LIMIT) + 1
}

/** A row's id, position and object, as V8 keeps them. */
const ROW_BYTES = 200

export function createListReader(readSnapshot: ReadSnapshot, options: { maxBytes: number }): ReadList {
  const cache = createSnapshotCache<readonly ListRow[]>({ maxBytes: options.maxBytes, sizeOf: (rows) => rows.length * ROW_BYTES })
  return ({ query, start, skip, limit }, token) => {
    const rows = rowsRead(limit)
    const place = start === null ? `${skip}` : `${start.direction} ${placeOf(start)}`
    return cache.read(`${rows} ${place} ${cacheKey(query)}`, token, async (withToken) => {
      const snapshot = await readSnapshot<ListRow>(listStatement(query, { start, skip, rows }), withToken)
      return vouchedBy(snapshot, snapshot.rows)
    })
  }
}
