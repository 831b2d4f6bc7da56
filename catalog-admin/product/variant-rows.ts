/** The rows of variants, with their prices and stock. Only what differs is written. */
import type { PoolClient } from 'pg'
import type { Channel } from '../reference/channels.ts'
import type { CompleteVariant } from './complete-product.ts'
import { type Change, hasEqualPrices } from './product-plan.ts'
import { writeColumns, writeRows } from './write-rows.ts'

interface VariantChange {
  readonly productId: string
  readonly position: number
  readonly before: CompleteVariant | null
  readonly after: CompleteVariant
  readonly moved: boolean
}

export async function writeVariantRows(
  client: PoolClient,
  changes: readonly Change[],
  channels: ReadonlyMap<string, Channel>,
): Promise<void> {
  const variants = changes.flatMap(changedVariants)
  // Before the new ones: a SKU may go from one product of the batch to the next.
  await writeColumns(client, 'delete-variants', DELETE_VARIANTS, droppedVariants(changes))
  await writeRows(client, 'write-variants', WRITE_VARIANTS, variants.filter(isDifferent).map(variantRow))
  await writePrices(client, variants, channels)
  await writeStock(client, variants)
}

function changedVariants({ id, stored, product }: Change): readonly VariantChange[] {
  if (stored?.product === product) return []
  const places = new Map(stored?.product.variants.map((variant, position) => [variant.id, { variant, position }]))
  return product.variants.map((after, position) => {
    const known = places.get(after.id)
    return { productId: id, position, before: known?.variant ?? null, after, moved: known?.position !== position }
  })
}

function droppedVariants(changes: readonly Change[]): readonly [string][] {
  return changes.flatMap(({ stored, product }) => {
    if (stored === null || stored.product === product) return []
    const kept = new Set(product.variants.map((variant) => variant.id))
    return stored.product.variants.filter((variant) => !kept.has(variant.id)).map(({ id }): [string] => [id])
  })
}

const DELETE_VARIANTS = /* sql */ `delete from variant where id = any($1::uuid[])`

const WRITE_VARIANTS = /* sql */ `
  insert into variant (id, product_id, sku, position, options, attributes, gtin)
  select id, product_id, sku, position, options, attributes, gtin
  from json_to_recordset($1::json) as r (id uuid, product_id uuid, sku text, position smallint, options jsonb, attributes jsonb, gtin text)
  on conflict (id) do update
  set position = excluded.position, options = excluded.options, attributes = excluded.attributes, gtin = excluded.gtin`

function isDifferent({ before, after, moved }: VariantChange): boolean {
  return moved || before === null || contentOf(before) !== contentOf(after)
}

function contentOf({ gtin, options, attributes }: CompleteVariant): string {
  return JSON.stringify([gtin, options, attributes])
}

function variantRow({ productId, position, after }: VariantChange) {
  const { id, sku, options, attributes, gtin } = after
  return { id, product_id: productId, sku, position, options, attributes, gtin }
}

const DELETE_PRICES = /* sql */ `
  delete from price
  using unnest($1::uuid[], $2::smallint[]) as r (variant_id, channel_id)
  where price.variant_id = r.variant_id and price.channel_id = r.channel_id`

const WRITE_PRICES = /* sql */ `
  insert into price (variant_id, channel_id, amount_minor, compare_at_minor)
  select variant_id, channel_id, amount, compare_at
  from unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bigint[]) as r (variant_id, channel_id, amount, compare_at)
  on conflict (variant_id, channel_id) do update
  set amount_minor = excluded.amount_minor, compare_at_minor = excluded.compare_at_minor`

async function writePrices(client: PoolClient, variants: readonly VariantChange[], channels: ReadonlyMap<string, Channel>): Promise<void> {
  const gone: [string, number][] = []
  const written: [string, number, number, number | null][] = []
  const idOf = (code: string): number => channels.get(code)?.id ?? 0
  for (const { before, after } of variants) {
    for (const price of before?.prices ?? []) {
      if (!after.prices.some(({ channel }) => channel === price.channel)) gone.push([after.id, idOf(price.channel)])
    }
    for (const price of after.prices) {
      const known = before?.prices.filter(({ channel }) => channel === price.channel) ?? []
      if (!hasEqualPrices(known, [price])) written.push([after.id, idOf(price.channel), price.amount, price.compareAt])
    }
  }
  await writeColumns(client, 'delete-prices', DELETE_PRICES, gone)
  await writeColumns(client, 'write-prices', WRITE_PRICES, written)
}

const DELETE_STOCK = /* sql */ `delete from stock where variant_id = any($1::uuid[])`

const WRITE_STOCK = /* sql */ `
  insert into stock (variant_id, quantity)
  select variant_id, quantity
  from unnest($1::uuid[], $2::int[]) as r (variant_id, quantity)
  on conflict (variant_id) do update set quantity = excluded.quantity, updated_at = now()`

async function writeStock(client: PoolClient, variants: readonly VariantChange[]): Promise<void> {
  const gone: [string][] = []
  const written: [string, number][] = []
  for (const { before, after } of variants) {
    if (after.stock === (before?.stock ?? null)) continue
    if (after.stock === null) gone.push([after.id])
    else written.push([after.id, after.stock])
  }
  await writeColumns(client, 'delete-stock', DELETE_STOCK, gone)
  await writeColumns(client, 'write-stock', WRITE_STOCK, written)
}
