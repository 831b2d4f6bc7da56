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
  /** The part of the table in which those are looked for; 1: an index finds them. */
  readonly blocks: number
}

/** Products looked at for one request, in all its sets together: 10 to 20 µs each, for the dozens of values that one has. */
const PRODUCTS_AT_MOST = 10_000
const SET_AT_MOST = 5_000

/** Products of a set that are counted exactly; of more, a sample is. */
export function setLimit(sets: number): number {
  return Math.min(SET_AT_MOST, Math.floor(PRODUCTS_AT_MOST / sets))
}

export function facetSets(query: ListQuery): readonly FacetSet[] {
  const names = [...query.filters.keys()].filter(hasSiblings)
  return [
    { without: null, query, sample: 1, blocks: 1 },
    ...names.map((name) => ({
      without: name,
      query: { ...query, filters: new Map([...query.filters].filter(([other]) => other !== name)) },
      sample: 1,
      blocks: 1,
    })),
  ]
}

function hasSiblings(name: ListFilterName): name is SiblingName {
  return name !== 'category' && name !== 'updatedSince'
}

const SAMPLE_STEPS = 65_536

/** A hash of the id: it favours no product, and is the same in every set. */
const inSample = (sample: number): string =>
  `uuid_hash(l.product_id) & ${SAMPLE_STEPS - 1} < ${Math.ceil(Math.min(1, sample) * SAMPLE_STEPS)}`

/**
 * Facets and prices of a set's products, or of a sample.
 * @param scope listScope of its query, with which the values are bound
 */
export function setSelect({ query, sample, blocks }: FacetSet, scope: ListScope): string {
  if (blocks < 1) return blockSelect(scope, { sample, blocks })
  if (sample < 1) return sampleSelect(scope, sample)
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
function sampleSelect({ find }: ListScope, sample: number): string {
  return /* sql */ `
      select l.facets, l.price_minor
      from (
        select l.product_id, l.channel_id, l.category_id
        from read.listing l
        where ${find}
          and ${inSample(sample)}
        limit ${ROWS_AT_MOST}) as wanted
      cross join lateral (
        select row.facets, row.price_minor
        from read.listing row
        where row.product_id = wanted.product_id and row.channel_id = wanted.channel_id and row.category_id = wanted.category_id
        limit 1) as l`
}

/** Some products of each of many blocks: those of one block are often alike, having been imported together. */
function blockSelect({ range, checks }: ListScope, { sample, blocks }: { sample: number; blocks: number }): string {
  return /* sql */ `
      select l.facets, l.price_minor
      from read.listing l tablesample system (${100 * blocks}) repeatable (${SEED})
      where ${[range, inSample(sample / blocks), ...checks.map(({ sql }) => sql)].join('\n        and ')}
      limit ${ROWS_AT_MOST}`
}

/** Every set of a request, and every request, looks at the same blocks. */
const SEED = 1
/** Of 8 KiB, with some dozen rows each. */
const BLOCKS_AT_MOST = 2_000
/** Products of a set that are counted one by one, along the one index of its range; or by the index of facets, which is slower: it does not know the rows without looking at them. */
const COUNTED_AT_MOST = 100_000
const COUNTED_BY_FACETS_AT_MOST = 20_000

/** What a set's size is worked out of: its number, or, beyond what is counted, how many are in a part of the table. */
export interface SetSize {
  readonly counted: number
  /** Null where `counted` is the size. */
  readonly inBlocks: number | null
  /** The part of the table. */
  readonly blocks: number
}

/** How many products each of the sets has: a row of SetSize each, in their order. However many there are, no more than so many are looked at. */
export function sizesStatement(sets: readonly FacetSet[]): SnapshotStatement {
  const values: unknown[] = []
  const selects = sets.map(({ query }, i) => {
    const scope = listScope(query, values)
    const most = scope.checks.length === 0 ? COUNTED_AT_MOST : COUNTED_BY_FACETS_AT_MOST
    const conditions = [scope.range, ...scope.checks.map(({ sql }) => sql)].join('\n          and ')
    return /* sql */ `(select * from (with ${scope.resolved},
      counted as materialized (select count(*)::int as n from (select from read.listing l where ${scope.find} limit ${most + 1}) as found)
      select ${i} as set, n as counted, (select share from part)::float8 as blocks, case when n > ${most} then (
        select count(*)::int
        from read.listing l tablesample system ((select 100 * share from part)) repeatable (${SEED})
        where ${conditions}) end as "inBlocks"
      from counted) as set_${i})`
  })
  const part = `part as materialized (select least(1, ${BLOCKS_AT_MOST} * ${BLOCK_BYTES} / greatest(1, pg_relation_size('read.listing'))) as share)`
  return { name: '', text: `/* facet-sizes */ with ${part} ${selects.join(' union all ')} order by set`, values }
}

const BLOCK_BYTES = '8192.0'

/** @param limit products of the set that are counted */
export function sampled(set: FacetSet, { counted, inBlocks, blocks }: SetSize, limit: number): FacetSet {
  if (inBlocks === null) return { ...set, sample: Math.min(1, limit / counted) }
  return { ...set, sample: blocks * Math.min(1, limit / inBlocks), blocks }
}
