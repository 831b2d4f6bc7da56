/** Who has which SKU and slug: as the tables say, and as the writes of one batch change it, one after the other. */
import type { PoolClient } from 'pg'

interface SlugOwner {
  readonly productId: string
  /** Else it was the product's slug once, and leads there still. */
  readonly current: boolean
}

export interface Claims {
  /** @returns the id of the product that has it */
  keyOwner(key: string): string | undefined
  /** @returns the id of the product that sells it */
  skuOwner(sku: string): string | undefined
  slugOwner(locale: string, slug: string): SlugOwner | undefined
  takeKey(key: string, productId: string): void
  takeSku(sku: string, productId: string): void
  leaveSku(sku: string): void
  takeSlug(locale: string, slug: string, productId: string): void
  /** It stays as an old one until somebody else takes it. */
  leaveSlug(locale: string, slug: string, productId: string): void
}

export type SlugName = readonly [locale: string, slug: string]

export interface ClaimQuestion {
  readonly keys: readonly string[]
  readonly skus: readonly string[]
  readonly slugs: readonly SlugName[]
}

const READ_KEY_OWNERS = /* sql */ `select key as name, id as "productId" from product where key = any($1::text[])`
const READ_SKU_OWNERS = /* sql */ `select sku as name, product_id as "productId" from variant where sku = any($1::text[])`
const READ_SLUG_OWNERS = /* sql */ `
  select s.locale, s.slug, s.product_id as "productId", s.current
  from unnest($1::text[], $2::text[]) as wanted (locale, slug)
  join product_slug s on s.locale = wanted.locale and s.slug = wanted.slug`

/** Of these keys, SKUs and slugs only: about others the claims know nothing. */
export async function readClaims(client: PoolClient, { keys, skus, slugs }: ClaimQuestion): Promise<Claims> {
  const keyOwners = await readOwners(client, 'read-key-owners', READ_KEY_OWNERS, keys)
  const skuOwners = await readOwners(client, 'read-sku-owners', READ_SKU_OWNERS, skus)
  const slugOwners = await readSlugOwners(client, slugs)
  return {
    keyOwner: (key) => keyOwners.get(key),
    skuOwner: (sku) => skuOwners.get(sku),
    slugOwner: (locale, slug) => slugOwners.get(slugKey(locale, slug)),
    takeKey: (key, productId) => keyOwners.set(key, productId),
    takeSku: (sku, productId) => skuOwners.set(sku, productId),
    leaveSku: (sku) => skuOwners.delete(sku),
    takeSlug: (locale, slug, productId) => slugOwners.set(slugKey(locale, slug), { productId, current: true }),
    leaveSlug: (locale, slug, productId) => slugOwners.set(slugKey(locale, slug), { productId, current: false }),
  }
}

async function readOwners(client: PoolClient, name: string, text: string, wanted: readonly string[]): Promise<Map<string, string>> {
  if (wanted.length === 0) return new Map()
  const { rows } = await client.query<{ name: string; productId: string }>({ name, text, values: [wanted] })
  return new Map(rows.map((row) => [row.name, row.productId]))
}

async function readSlugOwners(client: PoolClient, slugs: readonly SlugName[]): Promise<Map<string, SlugOwner>> {
  if (slugs.length === 0) return new Map()
  const values = [slugs.map(([locale]) => locale), slugs.map(([, slug]) => slug)]
  const query = { name: 'read-slug-owners', text: READ_SLUG_OWNERS, values }
  const { rows } = await client.query<SlugOwner & { locale: string; slug: string }>(query)
  return new Map(rows.map(({ locale, slug, productId, current }) => [slugKey(locale, slug), { productId, current }]))
}

// A locale holds no slash.
function slugKey(locale: string, slug: string): string {
  return `${locale}/${slug}`
}
