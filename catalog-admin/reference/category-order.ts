/** The order that a person gives to a category's products: what `sort=manual` shows first. */
import type { Pool, PoolClient } from 'pg'
import { type FieldError, notFound, validationFailed } from '../../shared/problem.ts'

export interface CategoryOrder {
  readonly id: number
  /** Of the category; raised by each change of the order too. */
  readonly version: number
  /** Keys, first to last. */
  readonly products: readonly string[]
}

const READ_ORDER = /* sql */ `
  select p.key
  from category_order o
  join product p on p.id = o.product_id
  where o.category_id = $1
  order by o.position`

const READ_VERSION = /* sql */ `select version::float8 as version from category where id = $1`
// Not the whole lock: products that name the category are written meanwhile.
const LOCK_CATEGORY = /* sql */ `${READ_VERSION} for no key update`

/** @throws CatalogError not-found */
export async function readCategoryOrder(client: Pool | PoolClient, id: number): Promise<CategoryOrder> {
  return await orderOf(client, id, READ_VERSION)
}

/** Holds its lock: one change of an order after the other. @throws CatalogError not-found */
export async function lockCategoryOrder(client: PoolClient, id: number): Promise<CategoryOrder> {
  return await orderOf(client, id, LOCK_CATEGORY)
}

async function orderOf(client: Pool | PoolClient, id: number, versionText: string): Promise<CategoryOrder> {
  const version = (await client.query<{ version: number }>(versionText, [id])).rows[0]?.version
  if (version === undefined) throw notFound('category', 'id', String(id))
  const { rows } = await client.query<{ key: string }>(READ_ORDER, [id])
  return { id, version, products: rows.map(({ key }) => key) }
}

// In the order of keys, as every writer locks them. A product that is being written waits here, or its writer there: whoever comes second
// sees what the first has done, so that its listing rows have the place that category_order tells.
const LOCK_PRODUCTS = /* sql */ `select key from product where key = any($1::text[]) order by key for no key update`

const DELETE_ORDER = /* sql */ `delete from category_order where category_id = $1`
const INSERT_ORDER = /* sql */ `
  insert into category_order (category_id, product_id, position)
  select $1, p.id, wanted.position
  from unnest($2::text[]) with ordinality as wanted (key, position)
  join product p on p.key = wanted.key`

// In the order of their primary key, as far as that matters: the products' own locks are held.
const PLACE_LISTINGS = /* sql */ `
  update read.listing l
  set manual_position = wanted.position
  from (
    select p.id as product_id, o.position
    from product p
    left join category_order o on o.category_id = $1 and o.product_id = p.id
    where p.key = any($2::text[])) as wanted
  where l.product_id = wanted.product_id and l.category_id = $1 and l.manual_position is distinct from wanted.position`

const RAISE_VERSION = /* sql */ `update category set version = version + 1 where id = $1 returning version::float8 as version`

/**
 * No product changes by it, so none gets a rev or an event: only lists do, and they are read again within B.
 * @param before locked @throws CatalogError validation-failed naming the keys that no product has
 */
export async function writeCategoryOrder(client: PoolClient, before: CategoryOrder, products: readonly string[]): Promise<CategoryOrder> {
  const concerned = [...new Set([...before.products, ...products])]
  const { rows } = await client.query<{ key: string }>(LOCK_PRODUCTS, [concerned])
  refuseUnknown(products, new Set(rows.map(({ key }) => key)))
  await client.query(DELETE_ORDER, [before.id])
  await client.query(INSERT_ORDER, [before.id, products])
  await client.query(PLACE_LISTINGS, [before.id, concerned])
  const raised = await client.query<{ version: number }>(RAISE_VERSION, [before.id])
  return { id: before.id, version: raised.rows[0]?.version ?? before.version + 1, products }
}

const ERRORS_AT_MOST = 20

function refuseUnknown(products: readonly string[], known: ReadonlySet<string>): void {
  const errors = products.flatMap((key, i): FieldError[] =>
    known.has(key) ? [] : [{ pointer: `/products/${i}`, code: 'unknown', message: `/products/${i} names no product: "${key}"` }],
  )
  if (errors.length > 0) throw validationFailed(errors.slice(0, ERRORS_AT_MOST))
}
