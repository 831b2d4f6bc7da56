/** Earlier versions of products: what a late editor's version is compared with. */
import type { PoolClient } from 'pg'

export interface ProductVersion {
  readonly productId: string
  readonly version: number
  /** What the product was then, as an input document without prices and stock; null when that version was never replaced, or never was. */
  readonly input: unknown
  /** Who made the version that the product has now, and when (milliseconds since 1970). */
  readonly changedBy: string | null
  readonly changedMs: number | null
}

const READ_VERSIONS = /* sql */ `
  select wanted.product_id as "productId", wanted.version::float8 as version, base.input,
    latest.actor as "changedBy",
    (extract(epoch from latest.at) * 1000)::float8 as "changedMs"
  from unnest($1::uuid[], $2::bigint[]) as wanted (product_id, version)
  join product p on p.id = wanted.product_id
  left join product_version base on base.product_id = wanted.product_id and base.version = wanted.version
  left join product_version latest on latest.product_id = wanted.product_id and latest.version = p.version - 1`

/** @returns by product id */
export async function readVersions(
  client: PoolClient,
  wanted: readonly { readonly productId: string; readonly version: number }[],
): Promise<ReadonlyMap<string, ProductVersion>> {
  if (wanted.length === 0) return new Map()
  const columns = [wanted.map((one) => one.productId), wanted.map((one) => one.version)]
  const { rows } = await client.query<ProductVersion>({ name: 'read-versions', text: READ_VERSIONS, values: columns })
  return new Map(rows.map((row) => [row.productId, row]))
}
