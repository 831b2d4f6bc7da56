/** The whole category tree with counts, which cost more and so have a life of their own; rendered once for each pair and representation. */
import { localized, representationCode, type Representation } from '../../shared/representation.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { LocalizedText } from '../../shared/product-document.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { MOST_TRUST_US, READING_SHARE } from '../cache/spare-time.ts'
import { TRUST_US } from '../cache/trust.ts'
import { vouchingOf } from '../http/answer-headers.ts'
import { contentTag } from '../list/list-answer.ts'

/** A category as readers see it, with all below it. */
export interface CategoryNode {
  readonly id: number
  readonly slug: string
  readonly name: string
  /** Names from the root down to its own. */
  readonly path: readonly string[]
  /** Products of the channel's lists in it or below it, each once. */
  readonly productCount: number
  readonly children: readonly CategoryNode[]
}

export interface CategoryTree {
  readonly bySlug: ReadonlyMap<string, CategoryNode>
  /** JSON of `GET /v1/categories`. */
  readonly json: Buffer
  readonly tag: string
}

export interface ReadTree {
  readonly tree: CategoryTree
  /** What the answer is made of: the categories, and their counts, which may be older. */
  readonly parts: readonly [Vouched<unknown>, Vouched<unknown>]
}

/** @throws CatalogError unavailable or overloaded */
export type ReadCategoryTree = (representation: Representation, token: ConsistencyToken | null) => Promise<ReadTree>

interface Row {
  readonly id: number
  readonly parentId: number | null
  readonly slug: string
  readonly name: string
  readonly i18n: LocalizedText
}

const READ_CATEGORIES = /* sql */ `
  select id, parent_id as "parentId", slug, name, i18n
  from category
  order by position, name, id`

/**
 * read.listing has a row for each ancestor too, so what is counted of a category is it and all below it, each product once. Category by category
 * along an index that begins with it: of millions of rows to be grouped PostgreSQL would read the table.
 */
const COUNT_PRODUCTS = /* sql */ `
  select c.id, counted.products
  from category c
  cross join lateral (
    select count(*)::int as products
    from read.listing l
    where l.channel_id = (select id from channel where code = $1) and l.category_id = c.id) as counted
  where c.id % $2::int = $3::int and counted.products > 0`

/** Rows of one statement, about: 10 to 50 ms, by how much was written lately. All at once, a million products take longer than a statement may. */
const ROWS_OF_A_PART = 150_000

const FIND_PARTS = /* sql */ `
  select greatest(1, ceil(reltuples / ${ROWS_OF_A_PART}))::int as parts
  from pg_class
  where oid = 'read.listing'::regclass`

const ROW_BYTES = 400
const COUNT_BYTES = 60
const REFRESH_AFTER = 0.5

type Counts = ReadonlyMap<number, number>

export function createCategoryTrees(readSnapshot: ReadSnapshot, maxBytes: number): ReadCategoryTree {
  let countingUs = 0
  // What was counted in 24 ms is trusted for B, in 800 ms for 16 s. Not createSpareTime: with that a reader would wait for
  // the counting, which is made again in the background before its time is over.
  const trustUs = () => Math.min(MOST_TRUST_US, Math.max(TRUST_US, countingUs / READING_SHARE))
  const categories = createSnapshotCache<readonly Row[]>({
    maxBytes,
    sizeOf: (rows) => rows.length * ROW_BYTES,
    refreshAfter: REFRESH_AFTER,
  })
  const counts = createSnapshotCache<Counts>({ maxBytes, sizeOf: ({ size }) => size * COUNT_BYTES, trustUs, refreshAfter: REFRESH_AFTER })
  /** By the rows they are made of: gone with them. */
  const trees = new WeakMap<readonly Row[], Map<string, { readonly counts: Counts; readonly tree: CategoryTree }>>()

  async function readCategories(token: ConsistencyToken | null) {
    const snapshot = await readSnapshot<Row>({ name: 'tree-categories', text: READ_CATEGORIES, values: [] }, token)
    return vouchedBy(snapshot, snapshot.rows)
  }

  /** Part after part: the rest of the replicas' connections stay for others. As old as the oldest part. */
  async function count(channel: string, token: ConsistencyToken | null): Promise<Vouched<Counts>> {
    const begunMs = performance.now()
    const found = await readSnapshot<{ parts: number }>({ name: 'find-category-parts', text: FIND_PARTS, values: [] }, token)
    const parts = found.rows[0]?.parts ?? 1
    const counted = new Map<number, number>()
    const seen: Vouched<null>[] = []
    for (let part = 0; part < parts; part++) {
      const statement = { name: 'count-categories', text: COUNT_PRODUCTS, values: [channel, parts, part], costly: true as const }
      const snapshot = await readSnapshot<{ id: number; products: number }>(statement, token)
      seen.push(vouchedBy(snapshot, null))
      for (const { id, products } of snapshot.rows) counted.set(id, products)
    }
    countingUs = (performance.now() - begunMs) * 1000
    return { ...vouchingOf(seen), tier: seen.some(({ tier }) => tier === 'primary') ? 'primary' : 'replica', value: counted }
  }

  function treeOf(rows: readonly Row[], counted: Counts, representation: Representation): CategoryTree {
    const byCode = trees.get(rows) ?? new Map<string, { readonly counts: Counts; readonly tree: CategoryTree }>()
    trees.set(rows, byCode)
    const code = representationCode(representation)
    const known = byCode.get(code)
    if (known?.counts === counted) return known.tree
    const tree = buildTree(rows, counted, representation)
    byCode.set(code, { counts: counted, tree })
    return tree
  }

  return async (representation, token) => {
    const { channel } = representation
    // One after the other: counting can take seconds, and names that were read before would then leave older than is promised of them.
    const counted = await counts.read(channel, token, (withToken) => count(channel, withToken))
    const named = await categories.read('', token, readCategories)
    return { tree: treeOf(named.value, counted.value, representation), parts: [named, counted] }
  }
}

function buildTree(rows: readonly Row[], counts: Counts, { locales }: Representation): CategoryTree {
  const byParent = Map.groupBy(rows, (row) => row.parentId)
  const bySlug = new Map<string, CategoryNode>()
  const nodesOf = (parentId: number | null, parentPath: readonly string[]): readonly CategoryNode[] =>
    (byParent.get(parentId) ?? []).map(({ id, slug, ...row }) => {
      const name = localized(row.i18n, locales) ?? row.name
      const path = [...parentPath, name]
      const node = { id, slug, name, path, productCount: counts.get(id) ?? 0, children: nodesOf(id, path) }
      bySlug.set(slug, node)
      return node
    })
  const roots = nodesOf(null, [])
  const json = Buffer.from(JSON.stringify({ data: roots }))
  return { bySlug, json, tag: contentTag(json) }
}
