/** Numbers counted by cells with round edges, and buckets made of them: few, round, and of about equal weight. */

const MANTISSAS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8] as const
const [SMALLEST_POWER, LARGEST_POWER] = [-3, 9]

const positive = Array.from({ length: LARGEST_POWER - SMALLEST_POWER + 1 }, (_, i) => SMALLEST_POWER + i).flatMap((power) =>
  // By way of its text: 1.2 * 10 ** -3 is not 0.0012.
  MANTISSAS.map((mantissa) => Number(`${mantissa}e${power}`)),
)

/** Ascending. Everything between two of them is one cell. */
export const CELL_EDGES: readonly number[] = [...positive.map((edge) => -edge).toReversed(), 0, ...positive]

/** How many numbers are in a cell, or are exactly its lower edge. */
export interface ValueCell {
  /** How many edges are not above the numbers, as PostgreSQL's width_bucket tells; 0: below all edges. */
  readonly cell: number
  readonly atEdge: boolean
  readonly count: number
}

/** Numbers next to each other among those of one product, in how many products: any two of the cells that they are in. */
export interface Neighbours {
  readonly low: number
  readonly high: number
  readonly count: number
}

/** Both ends included, as a filter's range; null: open. */
export interface Bucket {
  readonly from: number | null
  readonly to: number | null
  readonly count: number
}

const BUCKETS = 5
/** Roundness that makes up for a bucket being heavier than it should, as a part of one bucket. */
const ROUND_WORTH: Readonly<Record<number, number>> = {
  1: 0,
  5: 0.05,
  2: 0.08,
  2.5: 0.12,
  4: 0.2,
  3: 0.2,
  8: 0.25,
  6: 0.25,
  1.5: 0.25,
  1.2: 0.35,
}

/** By edge. */
const UNROUNDNESS = CELL_EDGES.map((edge) => {
  if (edge === 0) return 0
  const mantissa = Number(Math.abs(edge).toExponential().split('e')[0])
  return ROUND_WORTH[mantissa] ?? 0.5
})

/**
 * Counts products, each once a bucket however many of its numbers are in it: all numbers there, less one for each two neighbours.
 * @returns none where all numbers are in one cell
 */
export function toBuckets(cells: readonly ValueCell[], neighbours: readonly Neighbours[]): readonly Bucket[] {
  const counts = countByEdge(cells)
  const edges = chooseEdges(counts)
  if (edges.length === 0) return []
  const ends = [null, ...edges, null]
  return ends.slice(1).map((to, i) => {
    const from = ends[i] ?? null
    const upTo = to === null ? counts.total : countBelow(counts, to) + (counts.at[to] ?? 0)
    const numbers = upTo - (from === null ? 0 : countBelow(counts, from))
    const range = { from: from === null ? null : edgeAt(from), to: to === null ? null : edgeAt(to) }
    return { ...range, count: numbers - countWithin(neighbours, range) }
  })
}

interface EdgeCounts {
  readonly total: number
  /** By edge, as far as there are numbers at or above it. */
  readonly below: readonly number[]
  readonly at: readonly number[]
}

function countByEdge(cells: readonly ValueCell[]): EdgeCounts {
  const last = cells.reduce((most, { cell }) => Math.max(most, cell), 0)
  const inCell = Array.from({ length: last + 1 }, () => 0)
  const at = Array.from({ length: last }, () => 0)
  for (const { cell, atEdge, count } of cells) {
    inCell[cell]! += count
    if (atEdge) at[cell - 1]! += count
  }
  let sum = 0
  const below = inCell.map((count) => (sum += count))
  return { total: sum, below: below.slice(0, last), at }
}

function countWithin(neighbours: readonly Neighbours[], { from, to }: Pick<Bucket, 'from' | 'to'>): number {
  return neighbours.reduce(
    (sum, { low, high, count }) => ((from === null || low >= from) && (to === null || high <= to) ? sum + count : sum),
    0,
  )
}

/** Indexes into CELL_EDGES, ascending; between any two are numbers. */
function chooseEdges(counts: EdgeCounts): readonly number[] {
  const { total } = counts
  const candidates = counts.below.flatMap((below, i) => (below > 0 && below < total ? [{ i, below }] : []))
  const chosen = new Set<number>()
  for (let n = 1; n < BUCKETS; n++) {
    const wanted = (n * total) / BUCKETS
    const cost = ({ i, below }: { i: number; below: number }) => (Math.abs(below - wanted) * BUCKETS) / total + (UNROUNDNESS[i] ?? 0)
    const best = candidates.reduce<{ i: number; below: number } | null>((a, b) => (a === null || cost(b) < cost(a) ? b : a), null)
    if (best !== null) chosen.add(best.i)
  }
  // Two edges with nothing between them would be an empty bucket.
  return [...chosen].sort((a, b) => a - b).filter((i, n, all) => n === 0 || countBelow(counts, i) > countBelow(counts, all[n - 1] ?? 0))
}

const edgeAt = (i: number): number => CELL_EDGES[i] ?? 0
const countBelow = ({ below, total }: EdgeCounts, edge: number): number => below[edge] ?? total
