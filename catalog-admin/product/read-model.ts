/** What readers are answered from: a document a product in read.product, its rows in the lists of read.listing, and its words in read.search. */
import type { PoolClient } from 'pg'
import { allSent } from '../../shared/postgres.ts'
import { FACET, facetToken } from '../../shared/facet-token.ts'
import { isInStock } from '../../shared/representation.ts'
import type { ProductState } from '../../shared/product-document.ts'
import { addFacetTokens, type FacetTokens, type FacetValue } from '../reference/facet-tokens.ts'
import type { Channel } from '../reference/channels.ts'
import type { References } from '../reference/references.ts'
import { buildDocument, stateOf } from './build-document.ts'
import { facetsOf, facetValuesOf } from './listing-facets.ts'
import { areAllNew, type Change } from './product-plan.ts'
import { upsertRows, upsertStatement } from './row-statement.ts'
import { titleIn, titleKey } from './title-key.ts'
import { writeSearchRows } from './search-rows.ts'

export interface ReadModelContext {
  readonly references: References
  readonly channels: ReadonlyMap<string, Channel>
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** @param revs of the changes, in their order */
export async function writeReadModel(
  client: PoolClient,
  changes: readonly Change[],
  revs: readonly number[],
  context: ReadModelContext,
): Promise<void> {
  const states = changes.map(({ product, deleted }) => stateOf(product, deleted, context.nowMs))
  const listed = changes.filter((_, i) => states[i] === 'visible')
  await allSent([
    // Asks for its tokens first, so that the others are worked out until the answer is there.
    writeListings(client, changes, listed, context),
    writeSearchRows(client, changes, listed, context.references),
    writeDocuments(client, changes, revs, states, context),
  ])
}

async function writeListings(
  client: PoolClient,
  changes: readonly Change[],
  listed: readonly Change[],
  context: ReadModelContext,
): Promise<void> {
  const values = listed.map(({ product }) => facetValuesOf(product, context.references))
  const tokens = await addFacetTokens(client, new Map(values.flatMap((some) => [...some])))
  const rows = listed.flatMap((change, i) => listingRows(change, { values: values[i] ?? new Map<string, FacetValue>(), tokens }, context))
  await allSent([deleteListings(client, changes, rows), upsertRows(client, WRITE_LISTINGS, rows, areAllNew(changes))])
}

const WRITE_DOCUMENTS = upsertStatement(
  'documents',
  { id: 'uuid', rev: 'bigint', state: 'text', doc: 'text', changed_at: 'timestamptz' },
  {
    insert: (rows) => /* sql */ `
  insert into read.product (product_id, rev, state, doc, changed_at)
  select id, rev, state, doc, changed_at
  from ${rows}`,
    onConflict: /* sql */ `(product_id) do update
  set rev = excluded.rev, state = excluded.state, doc = excluded.doc, changed_at = excluded.changed_at`,
  },
)

async function writeDocuments(
  client: PoolClient,
  changes: readonly Change[],
  revs: readonly number[],
  states: readonly ProductState[],
  context: ReadModelContext,
): Promise<void> {
  const rows = changes.map((change, i) => documentRow(change, revs[i] ?? 0, states[i] ?? 'hidden', context))
  await upsertRows(client, WRITE_DOCUMENTS, rows, areAllNew(changes))
}

function documentRow(change: Change, rev: number, state: ProductState, { references, nowMs }: ReadModelContext) {
  const { id, stored, product } = change
  const dates = {
    createdMs: stored?.createdMs ?? nowMs,
    updatedMs: change.action === 'published' ? (stored?.updatedMs ?? nowMs) : nowMs,
  }
  const doc = state === 'visible' ? JSON.stringify(buildDocument(id, product, dates, references)) : null
  return { id, rev, state, doc, changed_at: new Date(nowMs).toISOString() }
}

interface ListingRow {
  readonly channel_id: number
  readonly category_id: number
  readonly product_id: string
  readonly price_minor: number
  readonly popularity: number
  readonly created_at: string
  readonly in_stock: boolean
  readonly title_key: string
  readonly facets: readonly number[]
}

const EVERYTHING = 0

/** One a channel with a price in it, times each category, each of its ancestors, and 0 for all. */
function listingRows(
  change: Change,
  { values, tokens }: { values: ReadonlyMap<string, FacetValue>; tokens: FacetTokens },
  { references, channels, nowMs }: ReadModelContext,
): readonly ListingRow[] {
  const { id, product, stored } = change
  const categories = new Set(references.categoriesOf(product).flatMap((category) => [...category.ancestors, category.id]))
  const facets = facetsOf(product, categories, values, { references, tokens })
  const common = {
    product_id: id,
    // A real holds it; what is too small for one is nought.
    popularity: Math.fround(product.popularity),
    created_at: new Date(stored?.createdMs ?? nowMs).toISOString(),
    in_stock: product.variants.some(isInStock),
  }
  return [...pricesByChannel(change)].flatMap(([code, { lowest, onSale }]) => {
    const channel = channels.get(code)
    const row = {
      ...common,
      channel_id: channel?.id ?? 0,
      price_minor: lowest,
      title_key: titleKey(titleIn(product.i18n, channel?.defaultLocale ?? '')),
      facets: onSale ? [...facets, facetToken(FACET.onSale)] : facets,
    }
    return [EVERYTHING, ...categories].map((category_id) => ({ ...row, category_id }))
  })
}

function pricesByChannel({ product }: Change): ReadonlyMap<string, { readonly lowest: number; readonly onSale: boolean }> {
  const channels = new Map<string, { lowest: number; onSale: boolean }>()
  for (const { channel, amount, compareAt } of product.variants.flatMap((variant) => variant.prices)) {
    const known = channels.get(channel)
    channels.set(channel, {
      lowest: Math.min(amount, known?.lowest ?? amount),
      onSale: compareAt !== null || known?.onSale === true,
    })
  }
  return channels
}

const DELETE_LISTINGS = /* sql */ `
  delete from read.listing l
  where l.product_id = any($1::uuid[])
    and not exists (
      select from unnest($2::smallint[], $3::int[], $4::uuid[]) as r (channel_id, category_id, product_id)
      where r.channel_id = l.channel_id and r.category_id = l.category_id and r.product_id = l.product_id)`

async function deleteListings(client: PoolClient, changes: readonly Change[], rows: readonly ListingRow[]): Promise<void> {
  const replaced = changes.filter(({ stored }) => stored !== null).map(({ id }) => id)
  if (replaced.length === 0) return
  const values = [replaced, rows.map((row) => row.channel_id), rows.map((row) => row.category_id), rows.map((row) => row.product_id)]
  await client.query({ name: 'delete-listings', text: DELETE_LISTINGS, values })
}

const WRITE_LISTINGS = upsertStatement(
  'listings',
  {
    channel_id: 'smallint',
    category_id: 'int',
    product_id: 'uuid',
    price_minor: 'bigint',
    popularity: 'float8',
    created_at: 'timestamptz',
    in_stock: 'boolean',
    title_key: 'text',
    facets: 'bigint[]',
  },
  {
    insert: (rows) => /* sql */ `
  insert into read.listing as l
    (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, manual_position, title_key, facets)
  select channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock,
    (select o.position from category_order o where o.category_id = r.category_id and o.product_id = r.product_id),
    title_key, facets
  from ${rows}`,
    onConflict: /* sql */ `(channel_id, category_id, product_id) do update
  set price_minor = excluded.price_minor, popularity = excluded.popularity, in_stock = excluded.in_stock,
    title_key = excluded.title_key, facets = excluded.facets
  where (l.price_minor, l.popularity, l.in_stock, l.title_key, l.facets)
    is distinct from (excluded.price_minor, excluded.popularity, excluded.in_stock, excluded.title_key, excluded.facets)`,
  },
)
