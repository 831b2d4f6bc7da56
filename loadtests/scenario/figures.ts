/** What a scenario showed: everything that consistency.md lists under "Oracle", and nothing else. */
import type { Latencies } from '../latency.ts'
import { checkChains, type ChainVerdict } from '../oracle/chain-check.ts'
import { judge, type Span, type Verdict } from '../oracle/judge.ts'
import { createTruth } from '../oracle/truth.ts'
import type { TrafficLogs } from '../traffic/traffic.ts'
import type { Cycle } from './run-scenario.ts'
import type { Scenario } from './scenario.ts'
import { createTimeline, type TimelinePoint } from './timeline.ts'

export interface Figures {
  readonly scenario: Scenario
  readonly verdict: Verdict
  readonly chains: ChainVerdict
  readonly cycles: readonly Cycle[]
  readonly edits: number
  readonly acknowledged: number
  /** Sent, or acknowledged, while something was broken. */
  readonly editsInFault: number
  /** Of each cycle: due → answered. */
  readonly editLatencies: readonly Latencies[]
  readonly readsInFault: number
  /** Probes, by process; and of those whose edit met no fault, all together. */
  readonly visible: readonly Latencies[]
  readonly neverVisible: number
  readonly errors: ReadonlyMap<string, number>
  readonly refusedEarly: number
  readonly dropped: number
  /** Of readers: due → sent. */
  readonly sentLate: Latencies
  readonly wrong: number
  readonly wrongAnswers: readonly string[]
  /** Of the first time through. */
  readonly points: readonly TimelinePoint[]
}

export interface ScenarioRun {
  readonly scenario: Scenario
  readonly cycles: readonly Cycle[]
  readonly logs: TrafficLogs
  /** The rev of each product before the first edit. */
  readonly firstRevs: ReadonlyMap<string, number>
}

/** The picture's: the first time through. */
export function shownSpan({ seconds }: Scenario, { traffic }: Pick<Cycle, 'traffic'>): Span {
  return { fromMs: traffic.fromMs, toMs: Math.min(traffic.toMs, traffic.fromMs + seconds * 1_000) }
}

export function figuresOf({ scenario, cycles, logs, firstRevs }: ScenarioRun): Figures {
  const truth = createTruth(logs.commits.edits(), firstRevs)
  const faults = cycles.flatMap((cycle) => cycle.faults)
  const first = cycles[0]!
  const timeline = createTimeline(shownSpan(scenario, first))
  let readsInFault = 0
  const verdict = judge({
    truth,
    reads: logs.reads.entries(),
    suspended: cycles.flatMap((cycle) => cycle.suspended),
    onJudged: (read, stalenessMs) => {
      if (isIn(faults, read.sentMs)) readsInFault++
      timeline.add(read, stalenessMs)
    },
  })
  const edits = logs.commits.edits()
  return {
    scenario,
    verdict,
    chains: checkChains(logs.chainReads, truth),
    cycles,
    edits: edits.length,
    acknowledged: edits.filter((edit) => edit.acknowledgedMs !== null).length,
    editsInFault: edits.filter((edit) => isIn(faults, edit.sentMs) || isIn(faults, edit.acknowledgedMs ?? -1)).length,
    readsInFault,
    editLatencies: logs.editLatencies,
    visible: logs.visible,
    neverVisible: logs.neverVisible,
    errors: logs.errors,
    refusedEarly: logs.refusedEarly,
    dropped: logs.dropped,
    sentLate: logs.sentLate,
    wrong: logs.wrong,
    wrongAnswers: logs.wrongAnswers,
    points: timeline.points(),
  }
}

function isIn(spans: readonly Span[], atMs: number): boolean {
  return spans.some((span) => atMs >= span.fromMs && atMs < span.toMs)
}

/** Of several together: the slowest one's percentile. */
export function slowest(each: readonly Latencies[], percent: number): number {
  return Math.max(...each.map((latencies) => (percent === 100 ? latencies.maxMs : latencies.percentileMs(percent))))
}
