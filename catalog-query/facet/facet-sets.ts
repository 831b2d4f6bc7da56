/** The sets of products that facets are counted in: what the request is about, and, for each filter with siblings to offer, that without it. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import type { AttributeFilterName, ListFilterName } from '../list/list-filters.ts'
import type { ListQuery } from '../list/list-query.ts'
import { hasFacetFilter, listScope, type ListScope } from '../list/list-scope.ts'

/** Filters whose own selection does not hide what else could be selected. */
export type SiblingName = 'brand' | 'tag' | 'price' | 'inStock' | 'onSale' | AttributeFilterName

export interface FacetSet {
  /** Of the filter that is left out; null: none is. */
  readonly without: SiblingName | null
  readonly query: ListQuery
  /** The part of its products that is counted; 1: all. */
  readonly sample: number
}

/** Products looked at for one request, in all its sets together: 10 to 20 µs each, for the dozens of values that one has. */
const PRODUCTS_AT_MOST = 20_000
const SET_AT_MOST = 10_000

/** Products of a set that are counted exactly; of more, a sample is. */
export function setLimit(sets: number): number {
  return Math.min(SET_AT_MOST, Math.floor(PRODUCTS_AT_MOST / sets))
}

export function facetSets(query: ListQuery): readonly FacetSet[] {
  const names = [...query.filters.keys()].filter(hasSiblings)
  return [
    { without: null, query, sample: 1 },
    ...names.map((name) => ({
      without: name,
      query: { ...query, filters: new Map([...query.filters].filter(([other]) => other !== name)) },
      sample: 1,
    })),
  ]
}

function hasSiblings(name: ListFilterName): name is SiblingName {
  return name !== 'category' && name !== 'updatedSince'
}

const SAMPLE_STEPS = 65_536

/**
 * Facets and prices of a set's products. A sample is by a hash of the id: it favours no product, and is the same in every set.
 * @param scope listScope of its query, with which the values are bound
 */
export function setSelect({ query, sample }: FacetSet, scope: ListScope): string {
  if (sample < 1) return sampleSelect(scope, Math.ceil(sample * SAMPLE_STEPS))
  // Along an index, whatever the planner thinks of how many there are: a table is never read for it.
  return /* sql */ `
      select l.facets, l.price_minor
      from read.listing l
      where ${scope.find}
      ${hasFacetFilter(query.filters) ? '' : 'order by l.price_minor, l.product_id'}
      limit ${ROWS_AT_MOST}`
}

/** The sets were counted a moment ago; an import may have gone on since. */
const ROWS_AT_MOST = 2 * SET_AT_MOST

/** Ids from an index alone, then the rows of those that the sample holds, one by one. */
function sampleSelect({ find }: ListScope, steps: number): string {
  return /* sql */ `
      select l.facets, l.price_minor
      from (
        select l.product_id, l.channel_id, l.category_id
        from read.listing l
        where ${find}
          and uuid_hash(l.product_id) & ${SAMPLE_STEPS - 1} < ${steps}
        limit ${ROWS_AT_MOST}) as wanted
      cross join lateral (
        select row.facets, row.price_minor
        from read.listing row
        where row.product_id = wanted.product_id and row.channel_id = wanted.channel_id and row.category_id = wanted.category_id
        limit 1) as l`
}

/** How many products each of the sets has: a row each, in their order. */
export function sizesStatement(sets: readonly FacetSet[]): SnapshotStatement {
  const values: unknown[] = []
  const selects = sets.map(({ query }, i) => {
    const scope = listScope(query, values)
    return `(with ${scope.resolved} select ${i} as set, count(*)::int as size from read.listing l where ${scope.find})`
  })
  return { name: '', text: `/* facet-sizes */ ${selects.join(' union all ')} order by set`, values }
}
