/** Judges every read of a run against the truth: how stale, whether its stated bound holds, whether its rev was ever committed. */
import { createLatencies, type Latencies } from '../latency.ts'
import type { ReadEntry, ReadSource } from './read-log.ts'
import type { Truth } from './truth.ts'

/** A stretch of time by performance.now(). */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** The promise of docs/consistency.md. */
export const PROMISE_MS = 2_500
export const STALENESS_LIMITS_MS = [0, 100, 1_000, PROMISE_MS, 5_000] as const

export interface Verdict {
  reads: number
  /** Within 5 s after a write to the same product. */
  soonAfterWrite: number
  /** Reads staler than each of STALENESS_LIMITS_MS, among those that the promise covers. */
  readonly staler: number[]
  maxStalenessMs: number
  /** Answers that say they could not be verified; the promise covers them only while it holds. */
  marked: number
  markedWhileHeld: number
  /** Catalog-Staleness below the true staleness. */
  understated: number
  /** A rev that nobody committed, or that does not carry its own edit. */
  ghosts: number
  /** Reads of a rev after a failover had lost it; they count as stale since then. */
  lostRevs: number
  hits: number
  readonly sources: Map<ReadSource, number>
  readonly stated: Latencies
  /** The first violations in words. */
  readonly violations: string[]
}

const SOON_MS = 5_000
const KEPT_VIOLATIONS = 8

export interface JudgeOptions {
  readonly truth: Truth
  readonly reads: Iterable<ReadEntry>
  /** When the promise does not hold: the primary is down, or no database is reachable. */
  readonly suspended: readonly Span[]
  /** Told of each read and its true staleness, for the picture. */
  readonly onJudged?: (read: ReadEntry, stalenessMs: number) => void
}

export function judge({ truth, reads, suspended, onJudged }: JudgeOptions): Verdict {
  const verdict = emptyVerdict()
  for (const read of reads) {
    const stalenessMs = truth.stalenessMs(read.product, read.rev, read.sentMs)
    count(verdict, read)
    if (truth.changedMs(read.product, read.sentMs) >= read.sentMs - SOON_MS) verdict.soonAfterWrite++
    const held = !suspended.some((span) => read.sentMs >= span.fromMs && read.sentMs < span.toMs)
    if (read.source === 'marked' && held) verdict.markedWhileHeld++
    if (read.source !== 'marked' || held) measure(verdict, read, stalenessMs)
    checkTruthfulness(verdict, read, { stalenessMs, truth })
    onJudged?.(read, stalenessMs)
  }
  return verdict
}

function emptyVerdict(): Verdict {
  return {
    reads: 0,
    soonAfterWrite: 0,
    staler: STALENESS_LIMITS_MS.map(() => 0),
    maxStalenessMs: 0,
    marked: 0,
    markedWhileHeld: 0,
    understated: 0,
    ghosts: 0,
    lostRevs: 0,
    hits: 0,
    sources: new Map(),
    stated: createLatencies(),
    violations: [],
  }
}

function count(verdict: Verdict, read: ReadEntry): void {
  verdict.reads++
  if (read.hit) verdict.hits++
  if (read.source === 'marked') verdict.marked++
  else verdict.stated.recordMs(read.statedMs)
  verdict.sources.set(read.source, (verdict.sources.get(read.source) ?? 0) + 1)
}

function measure(verdict: Verdict, read: ReadEntry, stalenessMs: number): void {
  STALENESS_LIMITS_MS.forEach((limitMs, i) => {
    if (stalenessMs > limitMs) verdict.staler[i]!++
  })
  verdict.maxStalenessMs = Math.max(verdict.maxStalenessMs, stalenessMs)
  if (stalenessMs > PROMISE_MS) tell(verdict, `${Math.round(stalenessMs)} ms stale`, read)
}

function checkTruthfulness(verdict: Verdict, read: ReadEntry, { stalenessMs, truth }: { stalenessMs: number; truth: Truth }): void {
  if (stalenessMs > read.statedMs) {
    verdict.understated++
    tell(verdict, `${Math.round(stalenessMs)} ms stale, but states ${read.statedMs} ms`, read)
  }
  if (!truth.isKnown(read.product, read.rev, read.edit)) {
    verdict.ghosts++
    tell(verdict, `a rev that nobody committed with edit ${read.edit}`, read)
  }
  const lostMs = truth.lostMs(read.product, read.rev)
  if (lostMs !== null && read.sentMs > lostMs) verdict.lostRevs++
}

function tell(verdict: Verdict, what: string, read: ReadEntry): void {
  if (verdict.violations.length >= KEPT_VIOLATIONS) return
  verdict.violations.push(
    `${what}: ${read.product} rev ${read.rev} from query-${read.process + 1} (${read.source}), sent at ${Math.round(read.sentMs)} ms, stated ${read.statedMs} ms`,
  )
}
