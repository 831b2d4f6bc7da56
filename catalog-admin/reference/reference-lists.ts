/** Brands, attributes and the category tree as people see them who edit the catalog. Products make them on first use. */
import type { Pool } from 'pg'

export interface Brand {
  readonly id: number
  readonly slug: string
  readonly name: string
  readonly version: number
}

const LIST_BRANDS = /* sql */ `
  select id, slug, name, version::float8 as version
  from brand
  where $1::text is null or slug > $1
  order by slug
  limit $2`

export async function listBrands(pool: Pool, after: string | null, limit: number): Promise<readonly Brand[]> {
  const { rows } = await pool.query<Brand>(LIST_BRANDS, [after, limit])
  return rows
}

export interface Attribute {
  readonly code: string
  readonly kind: 'text' | 'number' | 'boolean'
  readonly labels: Readonly<Record<string, string>>
  readonly unit: string | null
  readonly facetable: boolean
  readonly searchable: boolean
  readonly version: number
}

const LIST_ATTRIBUTES = /* sql */ `
  select code, kind, labels, unit, facetable, searchable, version::float8 as version
  from attribute
  where $1::text is null or code > $1
  order by code
  limit $2`

export async function listAttributes(pool: Pool, after: string | null, limit: number): Promise<readonly Attribute[]> {
  const { rows } = await pool.query<Attribute>(LIST_ATTRIBUTES, [after, limit])
  return rows
}

export interface CategoryNode {
  readonly id: number
  readonly slug: string
  /** As first written: with the parent, what an import's path names it by. */
  readonly name: string
  readonly i18n: Readonly<Record<string, string>>
  readonly position: number
  readonly version: number
  readonly children: CategoryNode[]
}

export interface CategoryTree {
  readonly data: readonly CategoryNode[]
  /** There are more than MAX_CATEGORIES: the deepest are left out. Ask for a subtree by its parent. */
  readonly truncated: boolean
}

export const MAX_CATEGORIES = 20_000

// Level by level, so that whatever the limit cuts off is below what is there.
const LIST_CATEGORIES = /* sql */ `
  select id, parent_id as "parentId", slug, name, i18n, position, version::float8 as version
  from category
  where $1::int is null or ancestors @> array[$1::int]
  order by cardinality(ancestors), position, name collate "C", id
  limit $2`

/** @param parent the id whose descendants are asked for; null for the whole tree */
export async function readCategoryTree(pool: Pool, parent: number | null, limit = MAX_CATEGORIES): Promise<CategoryTree> {
  const { rows } = await pool.query<CategoryNode & { parentId: number | null }>(LIST_CATEGORIES, [parent, limit + 1])
  const roots: CategoryNode[] = []
  const byId = new Map<number, CategoryNode>()
  for (const { parentId, ...category } of rows.slice(0, limit)) {
    const node = { ...category, children: [] }
    byId.set(node.id, node)
    const siblings = parentId === parent ? roots : byId.get(parentId ?? 0)?.children
    siblings?.push(node)
  }
  return { data: roots, truncated: rows.length > limit }
}
