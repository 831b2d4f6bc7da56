/** The products written last: readers come back to them, because that is when a cache can be wrong. */
import { below, type Random } from '../random.ts'

export interface RecentWrites {
  written(product: string): void
  /** One of those written within the last 5 s; null: none was. */
  pick(random: Random): string | null
}

const RECENT_MS = 5_000
const KEPT = 1_024

export function createRecentWrites(): RecentWrites {
  const writes: { product: string; atMs: number }[] = []
  return {
    written: (product) => {
      writes.push({ product, atMs: performance.now() })
      if (writes.length > KEPT) writes.shift()
    },
    pick: (random) => {
      const sinceMs = performance.now() - RECENT_MS
      while (writes.length > 0 && writes[0]!.atMs < sinceMs) writes.shift()
      return writes.length === 0 ? null : writes[below(random, writes.length)]!.product
    },
  }
}
