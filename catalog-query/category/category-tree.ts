/** The whole category tree with counts: read in one statement, rendered once for each snapshot and representation. */
import { localized, representationCode, type Representation } from '../../shared/representation.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { LocalizedText } from '../../shared/product-document.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { TRUST_US } from '../cache/trust.ts'
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

/** @throws CatalogError unavailable or overloaded */
export type ReadCategoryTree = (
  representation: Representation,
  token: ConsistencyToken | null,
) => Vouched<CategoryTree> | Promise<Vouched<CategoryTree>>

interface Row {
  readonly id: number
  readonly parentId: number | null
  readonly slug: string
  readonly name: string
  readonly i18n: LocalizedText
  readonly productCount: number
}

// read.listing has a row for each ancestor too, so its groups count descendants, each product once. The primary key alone is read.
const READ_TREE = /* sql */ `
  with counted as (
    select category_id, count(*)::int as products
    from read.listing
    where channel_id = (select id from channel where code = $1) and category_id > 0
    group by category_id)
  select category.id, category.parent_id as "parentId", category.slug, category.name, category.i18n,
    coalesce(counted.products, 0) as "productCount"
  from category
  left join counted on counted.category_id = category.id
  order by category.position, category.name, category.id`

const ROW_BYTES = 400
/** Read again in the background from this age on, so that nobody waits for the counting. */
const REFRESH_AFTER_US = TRUST_US / 2

interface Rows {
  readonly rows: readonly Row[]
  /** By representation code. */
  readonly trees: Map<string, CategoryTree>
}

export function createCategoryTrees(readSnapshot: ReadSnapshot, maxBytes: number): ReadCategoryTree {
  const sizeOf = ({ rows }: Rows) => rows.length * ROW_BYTES
  const cache = createSnapshotCache<Rows>({ maxBytes, sizeOf, refreshAfterUs: REFRESH_AFTER_US })
  const load = async (channel: string, token: ConsistencyToken | null) => {
    const snapshot = await readSnapshot<Row>({ name: 'read-category-tree', text: READ_TREE, values: [channel] }, token)
    return vouchedBy<Rows>(snapshot, { rows: snapshot.rows, trees: new Map() })
  }
  return async (representation, token) => {
    const { channel } = representation
    const found = await cache.read(channel, token, (withToken) => load(channel, withToken))
    return { ...found, value: treeOf(found.value, representation) }
  }
}

function treeOf({ rows, trees }: Rows, representation: Representation): CategoryTree {
  const code = representationCode(representation)
  const known = trees.get(code)
  if (known !== undefined) return known
  const tree = buildTree(rows, representation)
  trees.set(code, tree)
  return tree
}

function buildTree(rows: readonly Row[], { locales }: Representation): CategoryTree {
  const byParent = Map.groupBy(rows, (row) => row.parentId)
  const bySlug = new Map<string, CategoryNode>()
  const nodesOf = (parentId: number | null, parentPath: readonly string[]): readonly CategoryNode[] =>
    (byParent.get(parentId) ?? []).map(({ id, slug, productCount, ...row }) => {
      const name = localized(row.i18n, locales) ?? row.name
      const path = [...parentPath, name]
      const node = { id, slug, name, path, productCount, children: nodesOf(id, path) }
      bySlug.set(slug, node)
      return node
    })
  const roots = nodesOf(null, [])
  const json = Buffer.from(JSON.stringify({ data: roots }))
  return { bySlug, json, tag: contentTag(json) }
}
