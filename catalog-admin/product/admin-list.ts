/** The work list: products as those see them who edit them, the latest edited first. */
import type { Pool, PoolClient } from 'pg'

export interface AdminListFilter {
  readonly status?: 'draft' | 'active' | 'archived'
  /** true: what is in the bin; else what is not. */
  readonly deleted?: boolean
  /** How its key, one of its SKUs or one of its titles begins, whatever the case. */
  readonly q?: string
}

export interface AdminListEntry {
  readonly id: string
  readonly key: string
  /** Of its first locale. */
  readonly title: string | null
  readonly status: 'draft' | 'active' | 'archived'
  readonly version: number
  readonly rev: number
  readonly updatedAt: string
  readonly deletedAt: string | null
}

// `q` is looked for along the list, not in an index: the latest edited are found at once, a rare word in a large catalog takes seconds.
const LIST_PRODUCTS = /* sql */ `
  select p.id, p.key, p.status,
    (select text.value ->> 'title' from json_each(p.i18n) as text limit 1) as title,
    p.version::float8 as version,
    r.rev::float8 as rev,
    (extract(epoch from p.updated_at) * 1000)::float8 as "updatedMs",
    (extract(epoch from p.deleted_at) * 1000)::float8 as "deletedMs"
  from product p
  join read.product r on r.product_id = p.id
  where (p.deleted_at is not null) = $1
    and ($2::text is null or p.status = $2)
    and ($3::text is null or p.key ilike $3
      or exists (select from variant v where v.product_id = p.id and v.sku ilike $3)
      or exists (select from json_each(p.i18n) as text where text.value ->> 'title' ilike $3))
    and ($4::timestamptz is null or (p.updated_at, p.id) < ($4, $5::uuid))
  order by p.updated_at desc, p.id desc
  limit $6`

type Row = Omit<AdminListEntry, 'updatedAt' | 'deletedAt'> & { readonly updatedMs: number; readonly deletedMs: number | null }

/** @param after adminListPosition of the entry before; null for the first page */
export async function listAdminProducts(
  client: Pool | PoolClient,
  filter: AdminListFilter,
  after: string | null,
  limit: number,
): Promise<readonly AdminListEntry[]> {
  const prefix = filter.q === undefined ? null : `${filter.q.replace(/[\\%_]/g, '\\$&')}%`
  const [updatedAt = null, id = null] = after?.split('/') ?? []
  const values = [filter.deleted ?? false, filter.status ?? null, prefix, updatedAt, id, limit]
  const { rows } = await client.query<Row>(LIST_PRODUCTS, values)
  return rows.map(({ updatedMs, deletedMs, ...row }) => ({
    ...row,
    updatedAt: new Date(updatedMs).toISOString(),
    deletedAt: deletedMs === null ? null : new Date(deletedMs).toISOString(),
  }))
}

/** Where the next page goes on. */
export function adminListPosition(entry: AdminListEntry): string {
  return `${entry.updatedAt}/${entry.id}`
}

/** Whether a text has the form of a position: a forged one must not reach PostgreSQL. */
export function isAdminListPosition(text: unknown): text is string {
  return typeof text === 'string' && POSITION.test(text) && Number.isFinite(Date.parse(text.split('/', 1)[0] ?? ''))
}
const POSITION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
