/** The rows of a product itself: product, its earlier versions, its slugs and its categories. Only what differs is written. */
import type { PoolClient } from 'pg'
import { allSent, RetryTransaction } from '../../shared/postgres.ts'
import type { References } from '../reference/references.ts'
import { contentHash, contentText, versionedInput } from './complete-product.ts'
import type { SlugName } from './product-claims.ts'
import { areAllNew, type Change, slugsOf } from './product-plan.ts'
import { rowStatement, upsertRows, upsertStatement, writeRows } from './row-statement.ts'

/** @throws RetryTransaction when another transaction made one of the new products, or took one of the slugs */
export async function writeProductRows(
  client: PoolClient,
  changes: readonly Change[],
  references: References,
  at: { readonly nowMs: number; readonly actor: string },
): Promise<void> {
  const edited = changes.filter(isEdited)
  const replaced = edited.filter((change) => change.stored !== null)
  const row = (change: Change) => productRow(change, references, at.nowMs)
  const added = edited.filter((change) => change.stored === null)
  const untouched = changes.filter((change) => !isEdited(change))
  await allSent([
    insertProducts(client, added.map(row)),
    writeRows(client, UPDATE_PRODUCTS, replaced.map(row)),
    writeRows(
      client,
      TOUCH_PRODUCTS,
      untouched.map((change) => productDates(change, at.nowMs)),
    ),
    writeRows(
      client,
      INSERT_VERSIONS,
      replaced.map((change) => versionRow(change, at.actor)),
    ),
    writeSlugs(client, changes),
    writeCategories(client, edited, references),
  ])
}

function isEdited(change: Change): boolean {
  return change.version !== change.stored?.version
}

const DATES = { id: 'uuid', due_at: 'timestamptz', deleted_at: 'timestamptz', updated_at: 'timestamptz' } as const
const CONTENT = {
  key: 'text',
  brand_id: 'int',
  status: 'text',
  i18n: 'json',
  attributes: 'json',
  media: 'json',
  tags: 'text[]',
  popularity: 'float8',
  publish_at: 'timestamptz',
  version: 'bigint',
  content_hash: 'text',
} as const

const INSERT_PRODUCTS = rowStatement(
  'insert-products',
  { ...DATES, ...CONTENT },
  (rows) => /* sql */ `
  insert into product (id, key, brand_id, status, i18n, attributes, media, tags, popularity, publish_at, due_at, version, content_hash, created_at, updated_at)
  select id, key, brand_id, status, i18n, attributes, media, tags, popularity, publish_at, due_at, version, decode(content_hash, 'hex'), updated_at, updated_at
  from ${rows}
  on conflict (key) do nothing`,
)

const UPDATE_PRODUCTS = rowStatement(
  'update-products',
  { ...DATES, ...CONTENT },
  (rows) => /* sql */ `
  update product p
  set key = r.key, brand_id = r.brand_id, status = r.status, i18n = r.i18n, attributes = r.attributes, media = r.media, tags = r.tags,
    popularity = r.popularity, publish_at = r.publish_at, due_at = r.due_at, deleted_at = r.deleted_at, version = r.version,
    content_hash = decode(r.content_hash, 'hex'), updated_at = r.updated_at
  from ${rows}
  where p.id = r.id`,
)

const TOUCH_PRODUCTS = rowStatement(
  'touch-products',
  DATES,
  (rows) => /* sql */ `
  update product p
  set due_at = r.due_at, deleted_at = r.deleted_at, updated_at = r.updated_at
  from ${rows}
  where p.id = r.id`,
)

const INSERT_VERSIONS = rowStatement(
  'insert-versions',
  { product_id: 'uuid', version: 'bigint', input: 'json', actor: 'text' },
  (rows) => /* sql */ `
  insert into product_version (product_id, version, input, actor)
  select product_id, version, input, actor
  from ${rows}`,
)

function productRow(change: Change, references: References, nowMs: number) {
  const { product, version } = change
  return {
    key: product.key,
    brand_id: references.brandOf(product)?.id ?? null,
    status: product.status,
    i18n: product.i18n,
    attributes: product.attributes,
    media: product.media,
    tags: product.tags,
    popularity: product.popularity,
    publish_at: product.publishAt,
    version,
    content_hash: contentHash(contentText(product)),
    ...productDates(change, nowMs),
  }
}

function productDates({ id, product, deleted, action, stored }: Change, nowMs: number) {
  const { status, publishAt } = product
  const waits = status === 'active' && !deleted && publishAt !== null && Date.parse(publishAt) > nowMs
  return {
    id,
    due_at: waits ? publishAt : null,
    deleted_at: deleted ? new Date(nowMs).toISOString() : null,
    // Nobody has edited what merely came due.
    updated_at: new Date(action === 'published' ? (stored?.updatedMs ?? nowMs) : nowMs).toISOString(),
  }
}

function versionRow({ id, stored }: Change, actor: string) {
  return { product_id: id, version: stored?.version, input: stored === null ? null : versionedInput(stored.product), actor }
}

async function insertProducts(client: PoolClient, rows: readonly ReturnType<typeof productRow>[]): Promise<void> {
  const inserted = await writeRows(client, INSERT_PRODUCTS, rows)
  if (inserted < rows.length) throw new RetryTransaction('Another transaction made a product with one of these keys')
}

const SLUG = { locale: 'text', slug: 'text', product_id: 'uuid' } as const

const LEAVE_SLUGS = rowStatement(
  'leave-slugs',
  SLUG,
  (rows) => /* sql */ `
  update product_slug s
  set current = false
  from ${rows}
  where s.locale = r.locale and s.slug = r.slug and s.product_id = r.product_id`,
)

const TAKE_SLUGS = rowStatement(
  'take-slugs',
  SLUG,
  (rows) => /* sql */ `
  insert into product_slug as s (locale, slug, product_id)
  select locale, slug, product_id
  from ${rows}
  order by locale, slug
  on conflict (locale, slug) do update set product_id = excluded.product_id, current = true
  where s.product_id = excluded.product_id or not s.current`,
)

async function writeSlugs(client: PoolClient, changes: readonly Change[]): Promise<void> {
  const moves = changes.map(({ id, stored, product, deleted }) => {
    const before = stored === null || stored.deletedMs !== null ? [] : slugsOf(stored.product)
    const after = deleted ? [] : slugsOf(product)
    const row = ([locale, slug]: SlugName) => ({ locale, slug, product_id: id })
    return { left: without(before, after).map(row), taken: without(after, before).map(row) }
  })
  // First left, then taken: what one product gives up another one may take in the same batch.
  const left = moves.flatMap((move) => move.left)
  const taken = moves.flatMap((move) => move.taken)
  await allSent([writeRows(client, LEAVE_SLUGS, left), takeSlugs(client, taken)])
}

async function takeSlugs(client: PoolClient, taken: readonly Record<keyof typeof SLUG, string>[]): Promise<void> {
  const written = await writeRows(client, TAKE_SLUGS, taken)
  if (written < taken.length) throw new RetryTransaction('Another transaction took one of these slugs')
}

function without(slugs: readonly SlugName[], others: readonly SlugName[]): readonly SlugName[] {
  return slugs.filter(([locale, slug]) => !others.some((other) => other[0] === locale && other[1] === slug))
}

const LEAVE_CATEGORIES = /* sql */ `
  delete from product_category pc
  where pc.product_id = any($1::uuid[])
    and not exists (
      select from unnest($2::uuid[], $3::int[]) as r (product_id, category_id)
      where r.product_id = pc.product_id and r.category_id = pc.category_id)`

const JOIN_CATEGORIES = upsertStatement(
  'categories',
  { product_id: 'uuid', category_id: 'int', position: 'int' },
  {
    insert: (rows) => /* sql */ `
  insert into product_category (product_id, category_id, position)
  select product_id, category_id, position
  from ${rows}`,
    onConflict: /* sql */ `(product_id, category_id) do update set position = excluded.position`,
  },
)

async function writeCategories(client: PoolClient, edited: readonly Change[], references: References): Promise<void> {
  const moved = edited.filter(({ stored, product }) => JSON.stringify(stored?.product.categories) !== JSON.stringify(product.categories))
  const rows = moved.flatMap(({ id, product }) =>
    references.categoriesOf(product).map((category, position) => ({ product_id: id, category_id: category.id, position })),
  )
  const replaced = moved.filter(({ stored }) => stored !== null).map(({ id }) => id)
  const values = [replaced, rows.map((row) => row.product_id), rows.map((row) => row.category_id)]
  await allSent([
    ...(replaced.length === 0 ? [] : [client.query({ name: 'leave-categories', text: LEAVE_CATEGORIES, values })]),
    upsertRows(client, JOIN_CATEGORIES, rows, areAllNew(edited)),
  ])
}
