/** For tests: writes of products as the routes and imports send them, and what the tables hold afterwards. */
import type { Pool } from 'pg'
import { inTransaction } from '../../shared/postgres.ts'
import type { ProductDocument } from '../../shared/product-document.ts'
import { type AdminProduct, readAdminProduct } from './admin-document.ts'
import { parseProductInput } from './parse-product-input.ts'
import type { ProductInput } from './product-input.ts'
import type { ProductWrite, WriteResult } from './product-write.ts'
import { writeProducts } from './product-writer.ts'

export type Written = Extract<WriteResult, { ok: true }>

export function inputOf(document: unknown): ProductInput {
  const parsed = parseProductInput(document)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return parsed.input
}

export function putOf(
  document: unknown,
  options: { mode?: 'upsert' | 'create' | 'update'; ifVersion?: number | '*' | null } = {},
): ProductWrite {
  return { op: 'put', input: inputOf(document), mode: options.mode ?? 'upsert', ifVersion: options.ifVersion ?? null }
}

export function patchOf(
  key: string,
  patch: unknown,
  options: { ifVersion?: number | '*'; onConflict?: 'refuse' | 'rebase' } = {},
): ProductWrite {
  return { op: 'patch', product: { key }, patch, ifVersion: options.ifVersion ?? '*', onConflict: options.onConflict ?? 'refuse' }
}

export async function writeAll(pool: Pool, writes: readonly ProductWrite[], actor = 'tester'): Promise<readonly WriteResult[]> {
  return await inTransaction(pool, (client) => writeProducts(client, writes, { actor, requestId: 'r-1' }))
}

/** @throws the write's own problem */
export async function writeOne(pool: Pool, write: ProductWrite, actor?: string): Promise<Written> {
  const [result] = await writeAll(pool, [write], actor)
  if (result?.ok !== true) throw result?.error ?? new Error('Expected a result')
  return result
}

export async function adminProduct(pool: Pool, key: string): Promise<AdminProduct> {
  const product = await readAdminProduct(pool, { key })
  if (product === null) throw new Error(`Expected a product with the key ${key}`)
  return product
}

/** The admin document as a client would send it back. */
export function sentBack(product: AdminProduct): Record<string, unknown> {
  const {
    id: _id,
    version: _version,
    rev: _rev,
    createdAt: _createdAt,
    updatedAt: _updatedAt,
    deletedAt: _deletedAt,
    ...document
  } = product
  return document
}

export interface ReadModel {
  readonly rev: number
  readonly state: string
  readonly doc: ProductDocument | null
}

export async function readModelOf(pool: Pool, id: string): Promise<ReadModel> {
  const { rows } = await pool.query<Omit<ReadModel, 'doc'> & { doc: string | null }>(
    'select rev::float8 as rev, state, doc from read.product where product_id = $1',
    [id],
  )
  const row = rows[0]
  if (row === undefined) throw new Error(`Expected a read model of ${id}`)
  return { ...row, doc: row.doc === null ? null : (JSON.parse(row.doc) as ProductDocument) }
}

const TABLES = [
  'product',
  'product_version',
  'product_slug',
  'product_category',
  'variant',
  'price',
  'stock',
  'brand',
  'category',
  'attribute',
  'channel',
  'locale',
  'facet_token',
  'outbox',
  'audit_log',
  'read.product',
  'read.listing',
]

/** Every row version there is, by the transaction that wrote it: equal before and after means that nothing was written. */
export async function rowVersions(pool: Pool): Promise<readonly unknown[]> {
  const selects = TABLES.map((table) => `select '${table}' as name, ctid::text, xmin::text from ${table}`)
  const { rows } = await pool.query(`${selects.join(' union all ')} order by 1, 2`)
  return rows
}

/** A facet token `f` as text, such as `brand:acme` or `color:red`. */
export const FACET_TEXT = /* sql */ `
  case f >> 32
    when 1 then 'brand:' || (select b.slug from brand b where b.id = f & 4294967295)
    when 2 then 'category:' || (select c.slug from category c where c.id = f & 4294967295)
    when 3 then 'in stock'
    when 4 then 'on sale'
    else (
      select coalesce(a.code, 'tag') || ':' || t.value
      from facet_token t left join attribute a on a.id = t.attribute_id
      where t.id = f)
  end`
