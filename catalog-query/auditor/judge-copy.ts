/** Whether a copy that a query process holds keeps the promise, given one change of its product. Pure: the clock is passed in. */
import { stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import { SKEW_US } from '../cache/trust.ts'

/** A change that a cache must show sooner or later. */
export interface Change {
  readonly productId: string
  readonly rev: number
  /** The P of its event, or a position read after it was visible: whatever is vouched for by a later one contains it. */
  readonly stamp: Stamp
}

/** What a query process says it holds of a product, in one place and one representation. */
export interface HeldCopy {
  readonly place: 'memory' | 'redis'
  readonly code: string
  /** It would be served as it is, now. */
  readonly trusted: boolean
  /** 0: it says that there is no such product. */
  readonly rev: number
  readonly vouched: Stamp
}

/**
 * `current`: it is the change or a later one. `checked-first`: older, and would not be served unchecked. `behind`: older, and served, as the
 * promise allows for a while. `suspicious`: older, and served although what vouches for it claims to contain the change, or for too long.
 */
export type Judgement = 'current' | 'checked-first' | 'behind' | 'suspicious'

/** The promise, and what two clocks may differ by: ours and the primary's. */
const LONGEST_US = 2_500_000 + SKEW_US

/** @param askedUs when the process was asked: what it held then it had no earlier */
export function judgeCopy(change: Change, copy: HeldCopy, askedUs: number): Judgement {
  if (copy.rev >= change.rev) return 'current'
  if (!copy.trusted) return 'checked-first'
  // Later timelines compare greater: of a change that a failover lost, the primary will say so.
  const claimsIt = copy.vouched > change.stamp
  return claimsIt || askedUs - stampTimeUs(change.stamp) > LONGEST_US ? 'suspicious' : 'behind'
}
