/** Products as they are in the tables: the lock, the quick look that finds out whether a write changes anything, and all of them. */
import type { Pool, PoolClient, QueryResultRow } from 'pg'
import type { AttributeValue, LocalizedText } from '../../shared/product-document.ts'
import type { StoredProduct } from './complete-product.ts'
import type { ProductRef } from './product-write.ts'

export interface LockedProduct {
  readonly id: string
  readonly key: string
  readonly version: number
  readonly contentHash: string
  readonly deleted: boolean
}

// In the order of keys, so that two writers never wait for each other in a circle.
// Nothing else is read here: what this statement waited for, its own snapshot does not show.
const LOCK_PRODUCTS = /* sql */ `
  select id, key, version::float8 as version, encode(content_hash, 'hex') as "contentHash", deleted_at is not null as deleted
  from product
  where key = any($1::text[]) or id = any($2::uuid[])
  order by key
  for no key update`

export async function lockProducts(client: PoolClient, refs: readonly ProductRef[]): Promise<readonly LockedProduct[]> {
  return await rowsOf<LockedProduct>(client, 'lock-products', LOCK_PRODUCTS, [keysOf(refs), idsOf(refs)])
}

/** What a write is compared with when its content is known to be equal. */
export interface ProductGlance {
  readonly id: string
  readonly rev: number
  /** By locale. */
  readonly slugs: Readonly<Record<string, string>>
  readonly variants: readonly {
    readonly sku: string
    readonly stock: number | null
    readonly prices: readonly GlancedPrice[]
  }[]
}

interface GlancedPrice {
  readonly channel: string
  readonly amount: number
  readonly compareAt: number | null
}

const PRICES_OF_VARIANT = (columns: string): string => /* sql */ `
  coalesce((
    select json_agg(json_build_object(${columns}) order by c.code collate "C")
    from price
    join channel c on c.id = price.channel_id
    where price.variant_id = v.id), '[]')`

const GLANCE = /* sql */ `
  select p.id,
    r.rev::float8 as rev,
    coalesce((select json_object_agg(s.locale, s.slug) from product_slug s where s.product_id = p.id and s.current), '{}') as slugs,
    (
      select json_agg(json_build_object(
        'sku', v.sku,
        'stock', s.quantity,
        'prices', ${PRICES_OF_VARIANT(`'channel', c.code, 'amount', price.amount_minor, 'compareAt', price.compare_at_minor`)}))
      from variant v
      left join stock s on s.variant_id = v.id
      where v.product_id = p.id
    ) as variants
  from unnest($1::uuid[]) as p (id)
  join read.product r on r.product_id = p.id`

/** Call it after the lock, as a statement of its own. */
export async function glanceAtProducts(client: PoolClient, ids: readonly string[]): Promise<readonly ProductGlance[]> {
  return ids.length === 0 ? [] : await rowsOf<ProductGlance>(client, 'glance-at-products', GLANCE, [ids])
}

interface StoredRow extends Omit<StoredProduct, 'product'> {
  readonly key: string
  readonly status: 'draft' | 'active' | 'archived'
  readonly publishMs: number | null
  readonly brand: string | null
  readonly categories: readonly (readonly string[])[] | null
  readonly tags: readonly string[]
  readonly popularity: number
  readonly i18n: Readonly<Record<string, { title: string; description: string | null; slug: string }>>
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly media: readonly { url: string; alt: LocalizedText }[]
  readonly variants: readonly {
    id: string
    sku: string
    gtin: string | null
    options: Readonly<Record<string, string>>
    attributes: Readonly<Record<string, AttributeValue>>
    prices: readonly { channel: string; currency: string; amount: number; compareAt: number | null }[]
    stock: number | null
  }[]
}

const milliseconds = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

const READ_PRODUCTS = /* sql */ `
  select p.id, p.key, p.status, p.tags, p.popularity, p.i18n, p.attributes, p.media,
    p.version::float8 as version,
    r.rev::float8 as rev,
    b.name as brand,
    ${milliseconds('p.publish_at')} as "publishMs",
    ${milliseconds('p.created_at')} as "createdMs",
    ${milliseconds('p.updated_at')} as "updatedMs",
    ${milliseconds('p.deleted_at')} as "deletedMs",
    (
      select json_agg((
        select json_agg(step.name order by cardinality(step.ancestors))
        from category step
        where step.id = any(c.ancestors || c.id)) order by pc.position)
      from product_category pc
      join category c on c.id = pc.category_id
      where pc.product_id = p.id
    ) as categories,
    (
      select json_agg(json_build_object(
        'id', v.id,
        'sku', v.sku,
        'gtin', v.gtin,
        'options', v.options,
        'attributes', v.attributes,
        'prices', ${PRICES_OF_VARIANT(`'channel', c.code, 'currency', c.currency, 'amount', price.amount_minor, 'compareAt', price.compare_at_minor`)},
        'stock', s.quantity) order by v.position)
      from variant v
      left join stock s on s.variant_id = v.id
      where v.product_id = p.id
    ) as variants
  from product p
  join read.product r on r.product_id = p.id
  left join brand b on b.id = p.brand_id
  where p.id = any($1::uuid[]) or p.key = any($2::text[])`

/** Whole products, in no order. */
export async function readStoredProducts(client: Pool | PoolClient, refs: readonly ProductRef[]): Promise<readonly StoredProduct[]> {
  if (refs.length === 0) return []
  return (await rowsOf<StoredRow>(client, 'read-stored-products', READ_PRODUCTS, [idsOf(refs), keysOf(refs)])).map(toStored)
}

function idsOf(refs: readonly ProductRef[]): readonly string[] {
  return refs.flatMap((ref) => ('id' in ref ? [ref.id] : []))
}

function keysOf(refs: readonly ProductRef[]): readonly string[] {
  return refs.flatMap((ref) => ('key' in ref ? [ref.key] : []))
}

function toStored(row: StoredRow): StoredProduct {
  const { id, version, rev, createdMs, updatedMs, deletedMs } = row
  const product = {
    key: row.key,
    status: row.status,
    publishAt: row.publishMs === null ? null : new Date(row.publishMs).toISOString(),
    brand: row.brand,
    categories: row.categories ?? [],
    tags: row.tags,
    popularity: row.popularity,
    i18n: row.i18n,
    attributes: row.attributes,
    media: row.media,
    variants: row.variants,
  }
  return { id, version, rev, createdMs, updatedMs, deletedMs, product }
}

async function rowsOf<T>(client: Pool | PoolClient, name: string, text: string, values: unknown[]): Promise<readonly T[]> {
  return (await client.query<T & QueryResultRow>({ name, text, values })).rows
}
