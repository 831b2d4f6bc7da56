/** Makes visible what had been told to wait for its time: nobody edits it, so its version and updatedAt stay. */
import type { PoolClient } from 'pg'
import { readChannels } from '../reference/channels.ts'
import type { Change } from './product-plan.ts'
import { readStoredProducts } from './stored-product.ts'
import { writeChanges } from './write-changes.ts'

// Whoever is being edited just now is left out: the edit itself sees that its time has come.
const LOCK_DUE = /* sql */ `
  select id
  from product
  where due_at <= clock_timestamp()
  order by due_at
  limit $1
  for no key update skip locked`

/** Within the caller's transaction. @returns how many it published: call again while that is `limit` */
export async function publishDue(client: PoolClient, limit: number): Promise<number> {
  const { rows } = await client.query<{ id: string }>({ name: 'lock-due', text: LOCK_DUE, values: [limit] })
  if (rows.length === 0) return 0
  const stored = await readStoredProducts(client, rows)
  const changes = stored.map((one): Change => {
    return { id: one.id, action: 'published', stored: one, product: one.product, deleted: false, version: one.version }
  })
  await writeChanges(client, changes, { channels: await readChannels(client), newChannels: [] }, { actor: 'worker', requestId: null })
  return changes.length
}
