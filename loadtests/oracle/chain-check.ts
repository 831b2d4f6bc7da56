/** Chains of reads that carry a Consistency-Token: nothing older than the write, nothing older than what the chain has seen. */
import type { Truth } from './truth.ts'

export interface ChainRead {
  readonly product: string
  readonly rev: number
  /** What the chain has seen of this product, or written; 0: nothing yet. */
  readonly seenRev: number
  /** The write whose token this is was sent then: everything acknowledged before it is covered. */
  readonly coversMs: number
  /** The first read after the write, of the product that was written. */
  readonly ownWrite: boolean
}

export interface ChainVerdict {
  reads: number
  /** Read-your-writes. */
  missedOwnWrite: number
  /** Monotonic reads. */
  wentBack: number
  /** A commit acknowledged before the token's write was sent, of any product. */
  missedEarlier: number
  readonly violations: string[]
}

const KEPT_VIOLATIONS = 5

export function checkChains(reads: readonly ChainRead[], truth: Truth): ChainVerdict {
  const verdict: ChainVerdict = { reads: reads.length, missedOwnWrite: 0, wentBack: 0, missedEarlier: 0, violations: [] }
  for (const read of reads) {
    // What a failover lost can be read by nobody any more.
    const seenIsLost = truth.lostMs(read.product, read.seenRev) !== null
    const isOld = read.rev < read.seenRev && !seenIsLost
    if (isOld && read.ownWrite) verdict.missedOwnWrite++
    if (isOld && !read.ownWrite) verdict.wentBack++
    const missesEarlier = truth.stalenessMs(read.product, read.rev, read.coversMs) > 0
    if (missesEarlier) verdict.missedEarlier++
    if ((isOld || missesEarlier) && verdict.violations.length < KEPT_VIOLATIONS)
      verdict.violations.push(`with a token: ${read.product} rev ${read.rev} after rev ${read.seenRev}`)
  }
  return verdict
}
