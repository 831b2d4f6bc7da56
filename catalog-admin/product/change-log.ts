/** What a write leaves for others: revs, the audit log, the outbox that the relay empties, and a knock on its door. */
import type { PoolClient } from 'pg'
import { TIMELINE } from '../../shared/clock.ts'
import { allSent } from '../../shared/postgres.ts'
import { type CompleteProduct, versionedInput } from './complete-product.ts'
import { changedPointers } from './merge-patch.ts'
import type { Change } from './product-plan.ts'
import type { WriteContext } from './product-write.ts'
import { rowStatement, writeRows } from './row-statement.ts'

// The timeline comes from the server, never from a row: after a promotion its revs are above all earlier ones.
const DRAW_REVS = /* sql */ `
  select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs",
    (${TIMELINE} * 1099511627776 + nextval('catalog_rev'))::float8 as rev
  from generate_series(1, $1::int)`

/**
 * One rev a change and the primary's time, in a statement of its own, after the products are locked: of two writers of one product the later
 * one draws the greater rev. (A new product needs no lock: nobody else can know its id yet.)
 */
export async function drawRevs(client: PoolClient, count: number): Promise<{ readonly nowMs: number; readonly revs: readonly number[] }> {
  const query = { name: 'draw-revs', text: DRAW_REVS, values: [count] }
  const { rows } = await client.query<{ nowMs: number; rev: number }>(query)
  return { nowMs: rows[0]?.nowMs ?? 0, revs: rows.map((row) => row.rev).toSorted((a, b) => a - b) }
}

const INSERT_AUDIT = rowStatement(
  'insert-audit',
  { actor: 'text', request_id: 'text', action: 'text', resource_id: 'text', version: 'bigint', diff: 'json' },
  (rows) => /* sql */ `
  insert into audit_log (actor, request_id, action, resource, resource_id, version, diff)
  select actor, request_id, action, 'product', resource_id, version, diff
  from ${rows}`,
)

const INSERT_OUTBOX = rowStatement(
  'insert-outbox',
  { product_id: 'uuid', rev: 'bigint', type: 'text' },
  (rows) => /* sql */ `
  insert into outbox (product_id, rev, type)
  select product_id, rev, type
  from ${rows}`,
)

const NOTIFY = /* sql */ `notify outbox`

/** @param revs of the changes, in their order */
export async function logChanges(
  client: PoolClient,
  changes: readonly Change[],
  revs: readonly number[],
  context: WriteContext,
): Promise<void> {
  const events = changes.map((change, i) => ({ product_id: change.id, rev: revs[i] ?? 0, type: eventType(change) }))
  const audited = changes.map((change) => auditRow(change, context))
  await allSent([
    writeRows(client, INSERT_AUDIT, audited),
    writeRows(client, INSERT_OUTBOX, events),
    // Empty: PostgreSQL makes one of all that are equal. The relay polls too; this only wakes it.
    client.query(NOTIFY),
  ])
}

function eventType({ action }: Change): 'created' | 'updated' | 'deleted' {
  return action === 'created' || action === 'deleted' ? action : 'updated'
}

const MAX_LOGGED_POINTERS = 100

function auditRow({ id, action, version, stored, product }: Change, context: WriteContext) {
  const edited = stored !== null && stored.product !== product
  return {
    actor: context.actor,
    request_id: context.requestId,
    action: `product.${action}`,
    resource_id: id,
    version,
    diff: edited ? { changed: changedPointers(withOffers(stored.product), withOffers(product)).slice(0, MAX_LOGGED_POINTERS) } : null,
  }
}

/** Prices and stock by SKU beside the versioned input, so that a changed price is named and not the whole list of variants. */
function withOffers(product: CompleteProduct): Record<string, unknown> {
  const offers = product.variants.map(({ sku, prices, stock }) => [sku, { prices, stock }] as const)
  return { ...versionedInput(product), offers: Object.fromEntries(offers) }
}
