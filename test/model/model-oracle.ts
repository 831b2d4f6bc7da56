/** Knows everything, believes nothing: what the readers were told against what was committed and acknowledged when. */
import type { ProductRead } from '../../catalog-query/cache/product-read.ts'
import { isFresh } from '../../catalog-query/cache/trust.ts'
import { revTimeline, stampTimeline, stampTimeUs } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ModelCluster } from './model-cluster.ts'
import { historyOf, type Commit } from './model-database.ts'

/** A client that carries its token from answer to answer: what it has seen of each product. */
export interface Chain {
  token: ConsistencyToken | null
  readonly seen: Map<string, Commit>
}

export interface Oracle {
  /** @param hostNowUs by the clock of the process that answered @throws Error on any broken promise */
  check(read: ProductRead, chain: Chain | null, hostNowUs: number): void
  /** The same of a copy that would be served as it is, whether or not anybody comes for it. */
  checkCopy(read: ProductRead, hostNowUs: number): void
  /** How old the stalest answer was, microseconds of true time, and how many answers and copies were checked. */
  readonly figures: { reads: number; copies: number; marked: number; stalestUs: number; byTier: Record<string, number> }
}

export function createOracle(cluster: ModelCluster, nowUs: () => number): Oracle {
  const figures: Oracle['figures'] = { reads: 0, copies: 0, marked: 0, stalestUs: 0, byTier: {} }

  function indexOf(history: readonly Commit[], commit: { rev: number }): number {
    return history.findIndex((known) => known.rev === commit.rev)
  }

  /** A version of a lost tail came after everything of its timeline that is left. */
  function missingFrom(history: readonly Commit[], index: number, rev: number): readonly Commit[] {
    if (index !== -1 || rev === 0) return history.slice(index + 1)
    return history.filter((commit) => revTimeline(commit.rev) > revTimeline(rev))
  }

  function check(read: ProductRead, chain: Chain | null, hostNowUs: number): void {
    figures.reads++
    figures.byTier[read.tier] = (figures.byTier[read.tier] ?? 0) + 1
    if (read.marked) figures.marked++
    judge(read, chain, hostNowUs)
  }

  function checkCopy(read: ProductRead, hostNowUs: number): void {
    figures.copies++
    judge(read, null, hostNowUs)
  }

  function judge(read: ProductRead, chain: Chain | null, hostNowUs: number): void {
    const history = historyOf(cluster.primary().wal, read.id)
    const index = read.rev === 0 ? -1 : indexOf(history, read)
    checkBytes(read)
    if (!read.marked) checkFreshness(read, missingFrom(history, index, read.rev), hostNowUs)
    if (read.rev !== 0 && index === -1) checkGhost(read)
    else if (chain !== null) checkChain(read, index, history, chain)
  }

  /** Whatever vouches at time t: nothing acknowledged before t is missing. And t is at most B ago. */
  function checkFreshness(read: ProductRead, missing: readonly Commit[], hostNowUs: number): void {
    if (!isFresh(read.vouched, hostNowUs)) throw broken('an answer left that nothing fresh vouched for', read)
    for (const commit of missing) {
      if (commit.ackedUs === null) continue
      figures.stalestUs = Math.max(figures.stalestUs, nowUs() - commit.ackedUs)
      if (commit.ackedUs < stampTimeUs(read.vouched) - cluster.maxOffsetUs) {
        throw broken(`rev ${commit.rev} was acknowledged at ${commit.ackedUs}, before what vouches for an answer without it`, read)
      }
    }
  }

  /** The lost tail of an old timeline may be served while that timeline vouches for it, never in the name of a new one. */
  function checkGhost(read: ProductRead): void {
    if (cluster.failovers() === 0) throw broken('a rev was answered that never existed', read)
    if (!read.marked && stampTimeline(read.vouched) > revTimeline(read.rev))
      throw broken('a lost version was vouched for by a later timeline', read)
  }

  function checkChain(read: ProductRead, index: number, history: readonly Commit[], chain: Chain): void {
    const known = chain.seen.get(read.id)
    // What a failover lost can't be asked for.
    if (known !== undefined && indexOf(history, known) > index)
      throw broken(`a token's owner (${JSON.stringify(chain.token)}) had seen rev ${known.rev} already`, read)
  }

  return { check, checkCopy, figures }
}

function checkBytes(read: ProductRead): void {
  const text = read.body.toString()
  const expected = read.state === 'visible' ? `"title":"rev ${read.rev}"` : ''
  if (expected === '' ? text !== '' : !text.includes(expected)) throw broken('bytes and rev do not belong together', read)
}

function broken(what: string, { id, rev, state, vouched, tier, marked }: ProductRead): Error {
  return new Error(`${what}: ${JSON.stringify({ id, rev, state, vouched, tier, marked })}`)
}
