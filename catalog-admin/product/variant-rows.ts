/** The rows of variants, with their prices and stock. Only what differs is written. */
import type { PoolClient } from 'pg'
import { allSent } from '../../shared/postgres.ts'
import type { Channel } from '../reference/channels.ts'
import type { CompleteVariant } from './complete-product.ts'
import { areAllNew, type Change, hasEqualPrices } from './product-plan.ts'
import { rowStatement, upsertRows, upsertStatement, writeRows } from './row-statement.ts'

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
  await allSent([
    // Before the new ones: a SKU may go from one product of the batch to the next.
    writeRows(client, DELETE_VARIANTS, droppedVariants(changes)),
    upsertRows(client, WRITE_VARIANTS, variants.filter(isDifferent).map(variantRow), areAllNew(changes)),
    writePrices(client, variants, channels, areAllNew(changes)),
    writeStock(client, variants, areAllNew(changes)),
  ])
}

function changedVariants({ id, stored, product }: Change): readonly VariantChange[] {
  if (stored?.product === product) return []
  const places = new Map(stored?.product.variants.map((variant, position) => [variant.id, { variant, position }]))
  return product.variants.map((after, position) => {
    const known = places.get(after.id)
    return { productId: id, position, before: known?.variant ?? null, after, moved: known?.position !== position }
  })
}

function droppedVariants(changes: readonly Change[]): readonly { readonly id: string }[] {
  return changes.flatMap(({ stored, product }) => {
    if (stored === null || stored.product === product) return []
    const kept = new Set(product.variants.map((variant) => variant.id))
    return stored.product.variants.filter((variant) => !kept.has(variant.id))
  })
}

const DELETE_VARIANTS = rowStatement(
  'delete-variants',
  { id: 'uuid' },
  (rows) => /* sql */ `
  delete from variant
  using ${rows}
  where variant.id = r.id`,
)

const WRITE_VARIANTS = upsertStatement(
  'variants',
  { id: 'uuid', product_id: 'uuid', sku: 'text', position: 'smallint', options: 'json', attributes: 'json', gtin: 'text' },
  {
    insert: (rows) => /* sql */ `
  insert into variant (id, product_id, sku, position, options, attributes, gtin)
  select id, product_id, sku, position, options, attributes, gtin
  from ${rows}`,
    onConflict: /* sql */ `(id) do update
  set position = excluded.position, options = excluded.options, attributes = excluded.attributes, gtin = excluded.gtin`,
  },
)

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

const DELETE_PRICES = rowStatement(
  'delete-prices',
  { variant_id: 'uuid', channel_id: 'smallint' },
  (rows) => /* sql */ `
  delete from price
  using ${rows}
  where price.variant_id = r.variant_id and price.channel_id = r.channel_id`,
)

const WRITE_PRICES = upsertStatement(
  'prices',
  { variant_id: 'uuid', channel_id: 'smallint', amount: 'bigint', compare_at: 'bigint' },
  {
    insert: (rows) => /* sql */ `
  insert into price (variant_id, channel_id, amount_minor, compare_at_minor)
  select variant_id, channel_id, amount, compare_at
  from ${rows}`,
    onConflict: /* sql */ `(variant_id, channel_id) do update
  set amount_minor = excluded.amount_minor, compare_at_minor = excluded.compare_at_minor`,
  },
)

async function writePrices(
  client: PoolClient,
  variants: readonly VariantChange[],
  channels: ReadonlyMap<string, Channel>,
  areNew: boolean,
): Promise<void> {
  const idOf = (code: string): number => channels.get(code)?.id ?? 0
  const gone = variants.flatMap(({ before, after }) =>
    (before?.prices ?? [])
      .filter((price) => !after.prices.some(({ channel }) => channel === price.channel))
      .map((price) => ({ variant_id: after.id, channel_id: idOf(price.channel) })),
  )
  const written = variants.flatMap(({ before, after }) =>
    after.prices
      .filter((price) => !hasEqualPrices(before?.prices.filter(({ channel }) => channel === price.channel) ?? [], [price]))
      .map(({ channel, amount, compareAt }) => ({ variant_id: after.id, channel_id: idOf(channel), amount, compare_at: compareAt })),
  )
  await allSent([writeRows(client, DELETE_PRICES, gone), upsertRows(client, WRITE_PRICES, written, areNew)])
}

const DELETE_STOCK = rowStatement(
  'delete-stock',
  { variant_id: 'uuid' },
  (rows) => /* sql */ `
  delete from stock
  using ${rows}
  where stock.variant_id = r.variant_id`,
)

const WRITE_STOCK = upsertStatement(
  'stock',
  { variant_id: 'uuid', quantity: 'int' },
  {
    insert: (rows) => /* sql */ `
  insert into stock (variant_id, quantity)
  select variant_id, quantity
  from ${rows}`,
    onConflict: /* sql */ `(variant_id) do update set quantity = excluded.quantity, updated_at = now()`,
  },
)

async function writeStock(client: PoolClient, variants: readonly VariantChange[], areNew: boolean): Promise<void> {
  const changed = variants.filter(({ before, after }) => after.stock !== (before?.stock ?? null))
  const rows = changed.map(({ after }) => ({ variant_id: after.id, quantity: after.stock }))
  const untracked = rows.filter(({ quantity }) => quantity === null)
  const counted = rows.filter(({ quantity }) => quantity !== null)
  await allSent([writeRows(client, DELETE_STOCK, untracked), upsertRows(client, WRITE_STOCK, counted, areNew)])
}
