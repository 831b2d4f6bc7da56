/** Reads the facets of a list: from memory, for up to 60 s where much is counted; else counted on a replica, a few requests at a time. */
import type { ConsistencyToken } from '../../shared/token.ts'
import { createLimiter } from '../cache/limiter.ts'
import type { ReadSnapshot, Snapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { createSpareTime } from '../cache/spare-time.ts'
import { earlier } from '../http/answer-headers.ts'
import { cacheKey, type ListQuery } from '../list/list-query.ts'
import { DEFAULT_SORT } from '../list/list-sorts.ts'
import type { FacetRow } from './facet-row.ts'
import { facetSets, sampled, setLimit, sizesStatement, type FacetSet, type SetSize } from './facet-sets.ts'
import { facetStatement } from './facet-statement.ts'

export interface FacetCounts {
  readonly rows: readonly FacetRow[]
  /** The first is the whole one. */
  readonly sets: readonly FacetSet[]
}

/** @throws CatalogError unavailable or overloaded */
export type ReadFacets = (query: ListQuery, token: ConsistencyToken | null) => Vouched<FacetCounts> | Promise<Vouched<FacetCounts>>

/** Counted again in the background from half of its time on, while somebody asks. */
const REFRESH_AFTER = 0.5
/** At a time and process: the rest of the replicas' connections stay for lists and products. */
const CONCURRENCY = 2
const QUEUE = 32
const WAIT_MS = 2_000
const ROW_BYTES = 250

export function createFacetReader(readSnapshot: ReadSnapshot, options: { maxBytes: number }): ReadFacets {
  const sizeOf = ({ rows }: FacetCounts) => rows.length * ROW_BYTES
  const { trustUs, spend } = createSpareTime()
  const cache = createSnapshotCache<FacetCounts>({ ...options, sizeOf, trustUs, refreshAfter: REFRESH_AFTER })
  const limiter = createLimiter({ what: 'the counting of facets', concurrency: CONCURRENCY, queue: QUEUE, waitMs: WAIT_MS })
  return (query, token) => {
    const key = cacheKey({ ...query, sort: DEFAULT_SORT })
    return cache.read(key, token, (withToken) => limiter.run(() => spend(() => countFacets(readSnapshot, query, withToken))))
  }
}

/** How many products there are first: what is too much to look at each is looked at by a sample. */
async function countFacets(readSnapshot: ReadSnapshot, query: ListQuery, token: ConsistencyToken | null): Promise<Vouched<FacetCounts>> {
  const wanted = facetSets(query)
  const limit = setLimit(wanted.length)
  const sizes = await readSnapshot<SetSize>(sizesStatement(wanted), token)
  const sets = wanted.map((set, i) => sampled(set, sizes.rows[i] ?? NONE, limit))
  const counted = await readSnapshot<FacetRow>(facetStatement(sets), token)
  return vouchedBy(together(sizes, counted), { rows: counted.rows, sets })
}

/** The answer of two snapshots is as old as the older, and contains what the newer does. */
function together(a: Snapshot<unknown>, b: Snapshot<unknown>): Snapshot<unknown> {
  return {
    ...b,
    asOf: earlier(a.asOf, b.asOf),
    contained: a.contained < b.contained ? b.contained : a.contained,
    marked: a.marked || b.marked,
  }
}

const NONE: SetSize = { counted: 0, inBlocks: null, blocks: 1 }
