/** Commits a visible change of a product as the write path does, reduced to what relay and invalidators see of it. */
import type { Pool } from 'pg'
import { inTransaction } from '../../shared/postgres.ts'
import { TIMELINE } from '../../shared/clock.ts'
import { nowUs } from '../../shared/stamp.ts'
import type { ProductDocument, ProductState } from '../../shared/product-document.ts'

export interface CommittedProduct {
  readonly rev: number
  /** When the commit was acknowledged, by this host's clock: microseconds since 1970. */
  readonly acknowledgedUs: number
}

const UPSERT = /* sql */ `
  insert into read.product (product_id, rev, state, doc, changed_at)
  values ($1, ${TIMELINE}::bigint * 1099511627776 + nextval('catalog_rev'), $2, $3, clock_timestamp())
  on conflict (product_id) do update
  set rev = excluded.rev, state = excluded.state, doc = excluded.doc, changed_at = excluded.changed_at
  returning rev`

const ANNOUNCE = /* sql */ `
  insert into outbox (product_id, rev, type)
  values ($1, $2, 'updated')`

/** @param beforeCommit to hold the transaction open */
export async function commitProduct(
  pool: Pool,
  change: { id: string; state?: ProductState; doc: ProductDocument | null },
  beforeCommit: () => Promise<void> = () => Promise.resolve(),
): Promise<CommittedProduct> {
  const rev = await inTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [change.id])
    const doc = change.doc === null ? null : JSON.stringify(change.doc)
    const { rows } = await client.query<{ rev: string }>(UPSERT, [change.id, change.state ?? 'visible', doc])
    const written = Number(rows[0]?.rev)
    await client.query(ANNOUNCE, [change.id, written])
    await client.query('notify outbox')
    await beforeCommit()
    return written
  })
  return { rev, acknowledgedUs: nowUs() }
}

export function tinyDocument(id: string, title: string): ProductDocument {
  return {
    id,
    key: `key-${id}`,
    brand: { slug: 'acme', name: 'Acme' },
    categories: [{ id: 1, slug: 'jackets', path: [{ en: 'Jackets' }] }],
    tags: ['new'],
    popularity: 0.5,
    i18n: { en: { title, description: 'Warm.', slug: `slug-${id}` } },
    attributes: { color: 'red' },
    media: [],
    variants: [
      {
        id,
        sku: `sku-${id}`,
        gtin: null,
        options: { size: 'M' },
        attributes: {},
        prices: { default: { amount: 1999, currency: 'USD', compareAt: null } },
        stock: 3,
      },
    ],
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  }
}
