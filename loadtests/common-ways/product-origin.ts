/** Reads a product from the replicas by turns; when one fails from the next, and at last from the primary. */
import type { Pool } from 'pg'
import type { CachedProduct } from './way.ts'

export type OriginTier = 'replica' | 'primary'

export interface Origin {
  readonly tier: OriginTier
  readonly pool: Pool
}

interface ProductRow {
  readonly rev: string
  readonly doc: string
}

const FIND_PRODUCT = /* sql */ `
  select rev, doc
  from read.product
  where product_id = $1 and state = 'visible'`

/** @param onRead told of each statement that was answered @returns null when there is no such product */
export function createProductOrigin(
  replicas: readonly Pool[],
  primary: Pool,
  onRead: (tier: OriginTier) => void,
): (id: string) => Promise<CachedProduct | null> {
  let turn = 0

  async function readFrom({ tier, pool }: Origin, id: string): Promise<CachedProduct | null> {
    const { rows } = await pool.query<ProductRow>({ name: 'find-product', text: FIND_PRODUCT, values: [id] })
    onRead(tier)
    const row = rows[0]
    if (row === undefined) return null
    return {
      rev: Number(row.rev),
      body: `{"id":"${id}","rev":${row.rev},"product":${row.doc}}`,
      readAtMs: performance.timeOrigin + performance.now(),
    }
  }

  return async (id) => {
    const begin = turn++ % replicas.length
    const inTurn = [...replicas.slice(begin), ...replicas.slice(0, begin)]
    for (const pool of inTurn) {
      try {
        return await readFrom({ tier: 'replica', pool }, id)
      } catch {
        // The next one is asked.
      }
    }
    return await readFrom({ tier: 'primary', pool: primary }, id)
  }
}
