/** Who has which SKU and slug: as the tables say, and as the writes of one batch change it, one after the other. */
import type { PoolClient } from 'pg'

export interface SlugOwner {
  readonly productId: string
  /** Else it was the product's slug once, and leads there still. */
  readonly current: boolean
}

export interface Claims {
  /** @returns the id of the product that sells it */
  skuOwner(sku: string): string | undefined
  slugOwner(locale: string, slug: string): SlugOwner | undefined
  takeSku(sku: string, productId: string): void
  leaveSku(sku: string): void
  takeSlug(locale: string, slug: string, productId: string): void
  /** It stays as an old one until somebody else takes it. */
  leaveSlug(locale: string, slug: string, productId: string): void
}

export type SlugName = readonly [locale: string, slug: string]

const READ_SKU_OWNERS = /* sql */ `select sku, product_id as "productId" from variant where sku = any($1::text[])`
const READ_SLUG_OWNERS = /* sql */ `
  select s.locale, s.slug, s.product_id as "productId", s.current
  from unnest($1::text[], $2::text[]) as wanted (locale, slug)
  join product_slug s on s.locale = wanted.locale and s.slug = wanted.slug`

/** Of these SKUs and slugs only: about others the claims know nothing. */
export async function readClaims(client: PoolClient, skus: ReadonlySet<string>, slugs: readonly SlugName[]): Promise<Claims> {
  const skuOwners = new Map<string, string>()
  if (skus.size > 0) {
    const query = { name: 'read-sku-owners', text: READ_SKU_OWNERS, values: [[...skus]] }
    const { rows } = await client.query<{ sku: string; productId: string }>(query)
    for (const row of rows) skuOwners.set(row.sku, row.productId)
  }
  const slugOwners = new Map<string, SlugOwner>()
  if (slugs.length > 0) {
    const columns = [slugs.map(([locale]) => locale), slugs.map(([, slug]) => slug)]
    const query = { name: 'read-slug-owners', text: READ_SLUG_OWNERS, values: columns }
    const { rows } = await client.query<SlugOwner & { locale: string; slug: string }>(query)
    for (const { locale, slug, productId, current } of rows) slugOwners.set(slugKey(locale, slug), { productId, current })
  }
  return createClaims(skuOwners, slugOwners)
}

function createClaims(skuOwners: Map<string, string>, slugOwners: Map<string, SlugOwner>): Claims {
  return {
    skuOwner: (sku) => skuOwners.get(sku),
    slugOwner: (locale, slug) => slugOwners.get(slugKey(locale, slug)),
    takeSku: (sku, productId) => skuOwners.set(sku, productId),
    leaveSku: (sku) => skuOwners.delete(sku),
    takeSlug: (locale, slug, productId) => slugOwners.set(slugKey(locale, slug), { productId, current: true }),
    leaveSlug: (locale, slug, productId) => slugOwners.set(slugKey(locale, slug), { productId, current: false }),
  }
}

// A locale holds no slash.
function slugKey(locale: string, slug: string): string {
  return `${locale}/${slug}`
}
