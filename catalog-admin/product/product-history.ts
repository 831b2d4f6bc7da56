/** What became of a product: its versions, the latest first. */
import type { Pool, PoolClient } from 'pg'
import { versionedInput } from './complete-product.ts'
import { changedPointers } from './merge-patch.ts'
import type { ProductRef } from './product-write.ts'
import { readStoredProducts } from './stored-product.ts'

export interface HistoryEntry {
  readonly version: number
  /** Of the version: who made it and when; of the first one, who made the product. null where that is no longer known. */
  readonly changedBy: string | null
  readonly changedAt: string | null
  /** JSON pointers of what it changed against the version before; empty for the first. */
  readonly changedPointers: readonly string[]
}

// A version's row names who replaced it: that is who made the next one.
const READ_HISTORY = /* sql */ `
  select v.version::float8 as version, v.input, v.actor, (extract(epoch from v.at) * 1000)::float8 as "atMs"
  from product_version v
  where v.product_id = $1 and ($2::bigint is null or v.version < $2)
  order by v.version desc
  limit $3`

interface Row {
  readonly version: number
  readonly input: unknown
  readonly actor: string
  readonly atMs: number
}

/**
 * @param before only versions smaller than this; null for all
 * @returns null when there is no such product
 */
export async function readHistory(
  client: Pool | PoolClient,
  ref: ProductRef,
  before: number | null,
  limit: number,
): Promise<readonly HistoryEntry[] | null> {
  const [stored] = await readStoredProducts(client, [ref])
  if (stored === undefined) return null
  const { rows } = await client.query<Row>(READ_HISTORY, [stored.id, before, limit + 1])
  const current = { version: stored.version, input: versionedInput(stored.product) }
  const versions: readonly Pick<Row, 'version' | 'input'>[] = before === null || before > stored.version ? [current, ...rows] : rows
  return versions.slice(0, limit).map(({ version, input }, i) => {
    const earlier = rows.find((row) => row.version === version - 1)
    const previous = versions[i + 1]
    return {
      version,
      changedBy: earlier?.actor ?? null,
      changedAt: earlier === undefined ? null : new Date(earlier.atMs).toISOString(),
      changedPointers: previous === undefined ? [] : changedPointers(previous.input, input),
    }
  })
}
