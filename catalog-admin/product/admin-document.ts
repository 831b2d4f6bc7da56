/** A product as those see it who edit it: the input document in its long form, and what the catalog adds to it. */
import type { Pool, PoolClient } from 'pg'
import type { CompleteProduct } from './complete-product.ts'
import type { ProductRef } from './product-write.ts'
import { readStoredProducts } from './stored-product.ts'

export interface AdminProduct extends CompleteProduct {
  readonly id: string
  readonly version: number
  readonly rev: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly deletedAt: string | null
}

/** @returns null when there is none; one in the bin is found */
export async function readAdminProduct(client: Pool | PoolClient, ref: ProductRef): Promise<AdminProduct | null> {
  const [stored] = await readStoredProducts(client, [ref])
  if (stored === undefined) return null
  const { id, version, rev, createdMs, updatedMs, deletedMs, product } = stored
  return {
    id,
    version,
    rev,
    createdAt: toTime(createdMs),
    updatedAt: toTime(updatedMs),
    deletedAt: deletedMs === null ? null : toTime(deletedMs),
    ...product,
  }
}

function toTime(ms: number): string {
  return new Date(ms).toISOString()
}
