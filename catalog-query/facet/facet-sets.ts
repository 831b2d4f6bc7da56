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
/** Of 8 KiB, with some dozen rows each: those that a large set is sampled in, and those that tell whether it is large. */
const BLOCKS_AT_MOST = 2_000
const PROBED_BLOCKS = 300
const BLOCK_BYTES = '8192.0'
/** Products of a set that are counted one by one, along the one index of its range; or by the index of facets, which is slower: it does not know the rows without looking at them. */
const COUNTED_AT_MOST = 100_000
const COUNTED_BY_FACETS_AT_MOST = 20_000
/** Of what would be counted exactly: a sample is no better for being that large. */
const SAMPLED_PART = 0.6

/** What a set's size is worked out of. */
export interface SetSize {
  /** Null: too many to be counted. */
  readonly counted: number | null
  /** Of those, how many are in a part of the table. */
  readonly inBlocks: number | null
  /** The part. */
  readonly blocks: number
}

/**
 * How many products each of the sets has: a row of SetSize each, in their order. However many there are, few are looked at. What is too large is
 * seen by a probe, not by counting up to a limit: for the first thousands of a common filter PostgreSQL reads the table.
 */
export function sizesStatement(sets: readonly FacetSet[]): SnapshotStatement {
  const values: unknown[] = []
  const selects = sets.map(({ query }, i) => {
    const scope = listScope(query, values)
    const most = scope.checks.length === 0 ? COUNTED_AT_MOST : COUNTED_BY_FACETS_AT_MOST
    const conditions = [scope.range, ...scope.checks.map(({ sql }) => sql)].join('\n          and ')
    const countIn = (part: string) => `(
        select count(*)::int
        from read.listing l tablesample system ((select 100 * ${part} from part)) repeatable (${SEED})
        where ${conditions})`
    return /* sql */ `(select * from (with ${scope.resolved},
      probed as materialized (select ${countIn('probe')} / (select probe from part) > ${most} as is_large),
      counted as materialized (select case when not is_large then (
        select count(*)::int from (select from read.listing l where ${scope.find} limit ${most + 1}) as found) end as n from probed)
      select ${i} as set, case when n <= ${most} then n end as counted, (select share from part)::float8 as blocks,
        case when n <= ${most} then null else ${countIn('share')} end as "inBlocks"
      from counted) as set_${i})`
  })
  const part = (blocks: number) => `least(1, ${blocks} * ${BLOCK_BYTES} / greatest(1, pg_relation_size('read.listing')))`
  const parts = `part as materialized (select ${part(PROBED_BLOCKS)} as probe, ${part(BLOCKS_AT_MOST)} as share)`
  return { name: '', text: `/* facet-sizes */ with ${parts} ${selects.join(' union all ')} order by set`, values, costly: true }
}

/** @param limit products of the set that are counted exactly */
export function sampled(set: FacetSet, { counted, inBlocks, blocks }: SetSize, limit: number): FacetSet {
  if (counted !== null) return counted <= limit ? set : { ...set, sample: (SAMPLED_PART * limit) / counted }
  return { ...set, sample: blocks * Math.min(1, (SAMPLED_PART * limit) / Math.max(1, inBlocks ?? 0)), blocks }
}
