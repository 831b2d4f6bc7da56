/** What was true when, by product: how stale an answer with some rev is, and whether anybody ever committed that rev. */
import type { Edit } from './commit-log.ts'

export interface Truth {
  /**
   * How much older than this moment the oldest commit is that an answer with this rev misses.
   * @returns 0 when it misses nothing that had been acknowledged by then
   */
  stalenessMs(product: string, rev: number, atMs: number): number
  /** When the product was last changed before this moment; -Infinity: never. */
  changedMs(product: string, atMs: number): number
  /** False for a rev that no writer can have made. @param edit the number that the document carries */
  isKnown(product: string, rev: number, edit: number): boolean
  /** When a failover lost this rev, or null. */
  lostMs(product: string, rev: number): number | null
  /** The rev that everything must show in the end. */
  lastRev(product: string): number
}

interface History {
  /** Surviving commits by rev. */
  readonly revs: readonly number[]
  /** Of each, the earliest acknowledgement of it or any later rev: two writers may be answered in another order than they committed. */
  readonly missedSinceMs: readonly number[]
  readonly lost: ReadonlyMap<number, number>
  readonly acknowledgedMs: readonly number[]
  /** Edits whose fate nobody told us. */
  readonly uncertain: ReadonlySet<number>
  readonly numbers: ReadonlyMap<number, number>
}

/** @param firstRevs the rev of each product before the first edit */
export function createTruth(edits: readonly Edit[], firstRevs: ReadonlyMap<string, number>): Truth {
  const byProduct = Map.groupBy(edits, (edit) => edit.product)
  const histories = new Map([...firstRevs.keys()].map((product) => [product, historyOf(byProduct.get(product) ?? [])]))
  const history = (product: string) => histories.get(product) ?? historyOf([])

  return {
    stalenessMs: (product, rev, atMs) => {
      const { revs, missedSinceMs, lost } = history(product)
      const missed = missedSinceMs[upperBound(revs, rev)] ?? Infinity
      // What never was is as wrong as it is old: since the moment it was lost.
      return Math.max(0, atMs - Math.min(missed, lost.get(rev) ?? Infinity))
    },
    changedMs: (product, atMs) => {
      const { acknowledgedMs } = history(product)
      return acknowledgedMs[upperBound(acknowledgedMs, atMs) - 1] ?? -Infinity
    },
    isKnown: (product, rev, edit) => {
      const { numbers, uncertain } = history(product)
      if (firstRevs.get(product) === rev) return true
      const number = numbers.get(rev)
      return number === undefined ? uncertain.has(edit) : number === edit
    },
    lostMs: (product, rev) => history(product).lost.get(rev) ?? null,
    lastRev: (product) => history(product).revs.at(-1) ?? firstRevs.get(product) ?? 0,
  }
}

function historyOf(edits: readonly Edit[]): History {
  const committed = edits.flatMap(({ rev, acknowledgedMs, number, lostMs }) =>
    rev === null || acknowledgedMs === null ? [] : [{ rev, acknowledgedMs, number, lostMs }],
  )
  const kept = committed.filter((commit) => commit.lostMs === null).sort((a, b) => a.rev - b.rev)
  const missedSinceMs = kept.map((commit) => commit.acknowledgedMs)
  for (let i = missedSinceMs.length - 2; i >= 0; i--) missedSinceMs[i] = Math.min(missedSinceMs[i]!, missedSinceMs[i + 1]!)
  return {
    revs: kept.map((commit) => commit.rev),
    missedSinceMs,
    lost: new Map(committed.flatMap(({ rev, lostMs }) => (lostMs === null ? [] : [[rev, lostMs]]))),
    acknowledgedMs: committed.map((commit) => commit.acknowledgedMs).sort((a, b) => a - b),
    uncertain: new Set(edits.filter((edit) => edit.rev === null).map((edit) => edit.number)),
    numbers: new Map(committed.map((commit) => [commit.rev, commit.number])),
  }
}

/** @returns how many of the sorted values are at most `limit` */
function upperBound(values: readonly number[], limit: number): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low
}
