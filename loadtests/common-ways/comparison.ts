/** What one way showed in one scenario, and the table of all of them. */
import { whole } from '../demo-report.ts'
import { judge, PROMISE_MS, STALENESS_LIMITS_MS } from '../oracle/judge.ts'
import type { ReadEntry } from '../oracle/read-log.ts'
import { createTruth } from '../oracle/truth.ts'
import { slowest } from '../scenario/figures.ts'
import type { Cycle } from '../scenario/run-scenario.ts'
import type { TrafficLogs } from '../traffic/traffic.ts'
import { createStaleLives } from './stale-lives.ts'

export interface Comparison {
  readonly way: string
  readonly reads: number
  /** Staler than the catalog promises. */
  readonly stale: number
  readonly maxStalenessMs: number
  /** Of anything stale, while it was watched. */
  readonly longestLifeMs: number
  /** After 3.5 s of silence, of every product from every process. */
  readonly asked: number
  readonly stillWrong: number
  readonly hitRate: number
  readonly originPerThousand: number
  /** Acknowledged → seen on the slowest process; Infinity: so many were not seen within 10 s. */
  readonly visibleMs: { readonly p50: number; readonly p99: number }
  /** Requests without an answer that counts, writes among them. */
  readonly failed: number
  /** The most frequent of them by what they were. */
  readonly failures: string
}

const KEPT_FAILURES = 4
const PROMISE_INDEX = STALENESS_LIMITS_MS.indexOf(PROMISE_MS)

/** @param firstRevs the rev of each product before the first edit */
export function compare(way: string, { cycle, logs, firstRevs }: WayRun): Comparison {
  const lives = createStaleLives()
  const truth = createTruth(logs.commits.edits(), firstRevs)
  const reads = duringTraffic(cycle, logs.reads.entries())
  const verdict = judge({ truth, reads, suspended: cycle.suspended, onJudged: lives.add })
  const count = Math.max(verdict.reads, 1)
  const sumOf = (counts: Iterable<number>) => [...counts].reduce((sum, n) => sum + n, 0)
  const seen = sumOf(logs.visible.map((each) => each.count))
  const unseen = logs.neverVisible / Math.max(seen + logs.neverVisible, 1)
  const visible = (percent: number) => (unseen > 1 - percent / 100 ? Infinity : slowest(logs.visible, percent))
  return {
    way,
    reads: verdict.reads,
    stale: verdict.staler[PROMISE_INDEX]!,
    maxStalenessMs: verdict.maxStalenessMs,
    longestLifeMs: lives.longestMs(),
    asked: cycle.finalCheck.asked,
    stillWrong: cycle.finalCheck.wrongAnswers,
    hitRate: verdict.hits / count,
    originPerThousand: (1_000 * cycle.originReads) / count,
    visibleMs: { p50: visible(50), p99: visible(99) },
    failed: sumOf(logs.errors.values()) + logs.dropped + logs.wrong,
    failures: failuresOf(logs),
  }
}

/** The look at everything after the silence is told apart: it has a column of its own. */
function* duringTraffic({ traffic }: Cycle, reads: Iterable<ReadEntry>): Generator<ReadEntry> {
  for (const read of reads) if (read.sentMs < traffic.toMs) yield read
}

function failuresOf({ errors, dropped, wrong }: TrafficLogs): string {
  const all = [...errors, ['not sent, too many in flight', dropped] as const, ['wrong in itself', wrong] as const]
  const most = all.filter(([, n]) => n > 0).toSorted((a, b) => b[1] - a[1])
  return most
    .slice(0, KEPT_FAILURES)
    .map(([what, n]) => `${what} ×${whole(n)}`)
    .join(', ')
}

export interface WayRun {
  readonly cycle: Cycle
  readonly logs: TrafficLogs
  readonly firstRevs: ReadonlyMap<string, number>
}

export const COMPARISON_HEAD = [
  'way',
  'reads',
  '> 2.5 s stale',
  'stalest',
  'longest stale life',
  'wrong after silence',
  'hit rate',
  'origin reads per 1,000',
  'seen p50',
  'seen p99',
  'failed',
] as const

/** A line of the table under COMPARISON_HEAD. */
export function comparisonCells(comparison: Comparison): readonly string[] {
  const { way, reads, stale, asked, stillWrong, hitRate, originPerThousand, visibleMs, failed } = comparison
  return [
    way,
    whole(reads),
    stale === 0 ? '0' : `${whole(stale)} (${((100 * stale) / reads).toFixed(1)} %)`,
    time(comparison.maxStalenessMs),
    time(comparison.longestLifeMs),
    `${whole(stillWrong)} of ${whole(asked)}`,
    `${(100 * hitRate).toFixed(1)} %`,
    originPerThousand.toFixed(1),
    time(visibleMs.p50),
    time(visibleMs.p99),
    whole(failed),
  ]
}

function time(ms: number): string {
  if (ms === Infinity) return '> 10 s'
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
