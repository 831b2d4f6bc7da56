/**
 * Whether an answer satisfies a Consistency-Token, and which token it gives back (docs/consistency.md, point 7).
 *
 * Why a chain of reads never goes backwards. Let an answer hold content X with `contained` C: the asOf of the snapshot it was loaded in,
 * or the P of the event that pushed it. Anything vouched for by a position strictly later than C contains X:
 * a snapshot is a prefix of the WAL, and one that shows a tick later than every tick in X's snapshot is a longer prefix;
 * and P was read after the event's page was selected, so whatever was acknowledged (or ticked) after P lies behind X's commit.
 * The token given back has a stamp not older than C and than the stamp it came with; it is satisfied only by a strictly later position,
 * hence by content that includes X and, by induction, all earlier answers of the chain. The other way to satisfy it, a rev of the same product
 * that is not smaller, is monotonic by itself; it speaks of that product alone, and so the answer to it keeps the token's stamp.
 * What this leaves: a standby shows a commit as soon as it is in the WAL, the primary a moment later. A tick between the two vouches for copies
 * that lack the commit, though its time is later than the standby's. Hence of one timeline no time makes up for an earlier rev (R16; the model
 * found this too).
 * The LSN belongs to one write, and stays only on an answer that is that write: any other content may have been committed behind the LSN and
 * yet show a clock from before the stamp (the model found this: a second read went to a replica between the two).
 */
import { revTimeline, stampTimeline, stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import { SKEW_US } from './trust.ts'

/** A position younger than this keeps up, microseconds: the clock is ticked every 100 ms, without a relay every 250 ms. */
const KEEPS_UP_US = 250_000

/** What the rule needs to know of an answer. */
export interface Answer {
  readonly id: string
  readonly rev: number
  readonly vouched: Stamp
  readonly contained: Stamp
}

/** Strictly later: a commit acknowledged exactly at the token's time need not be in what that time vouches for. Timeline first. */
export function positionSatisfies(vouched: Stamp, token: ConsistencyToken): boolean {
  return vouched > token.stamp
}

export function satisfies(answer: Pick<Answer, 'id' | 'rev' | 'vouched'>, token: ConsistencyToken | null): boolean {
  if (token === null) return true
  const { product } = token
  if (product !== null && product.id === answer.id) {
    if (answer.rev >= product.rev) return true
    // Of one timeline an earlier rev is a step back, whatever vouches for it.
    if (revTimeline(product.rev) === stampTimeline(answer.vouched)) return false
  }
  return positionSatisfies(answer.vouched, token)
}

/** A replica that has replayed the token's LSN (asked in an earlier statement) satisfies it if its snapshot is of that timeline or a later one. */
export function replayedSatisfies(asOf: Stamp, token: ConsistencyToken): boolean {
  return stampTimeline(asOf) >= stampTimeline(token.stamp)
}

/**
 * Whoever is at this position keeps up, but has not come to what the token stands for yet, which has happened: some milliseconds later it will be
 * there. Not where replay lags, nor once the position claims to have it.
 */
export function isOnItsWay(position: Stamp, token: ConsistencyToken, nowUs: number): boolean {
  const keepsUp = stampTimeUs(position) >= nowUs - KEEPS_UP_US
  return keepsUp && !positionSatisfies(position, token) && stampTimeUs(token.stamp) <= nowUs + SKEW_US
}

/** The token that an answer gives back; a request without one gets none. */
export function answerToken(token: ConsistencyToken, answer: Answer): ConsistencyToken {
  if (token.product?.id === answer.id && token.product.rev === answer.rev) return token
  const raised = answer.contained > token.stamp
  return { stamp: raised ? answer.contained : token.stamp, lsn: null, product: productOf(token, answer, raised) }
}

function productOf(token: ConsistencyToken, answer: Answer, raised: boolean): ConsistencyToken['product'] {
  if (token.product?.id === answer.id) return { id: answer.id, rev: Math.max(answer.rev, token.product.rev) }
  // Under a raised stamp the product just answered is the likeliest to be asked for again, and its own rev lets its copy pass.
  return raised ? { id: answer.id, rev: answer.rev } : token.product
}

/**
 * The token that an answer of many gives back: it has to cover each of them. No rev of one product stays in it: the answer may have shown a later
 * one, under a position that is not later than the token's, and a copy with the token's own rev would then be a step back.
 */
export function answerTokenOfMany(token: ConsistencyToken, answers: readonly Pick<Answer, 'contained'>[]): ConsistencyToken {
  const latest = answers.reduce((stamp, answer) => (stamp < answer.contained ? answer.contained : stamp), token.stamp)
  return { stamp: latest, lsn: null, product: null }
}
