/** Staleness and stated bounds over time, in a few hundred steps: what the picture of a scenario is drawn from. */
import type { Span } from '../oracle/judge.ts'
import type { ReadEntry } from '../oracle/read-log.ts'

export interface TimelinePoint {
  /** Since the traffic began. */
  readonly seconds: number
  /** Of the reads sent in this step. */
  readonly maxStalenessMs: number
  readonly maxStatedMs: number
  readonly medianStatedMs: number
  readonly reads: number
}

export interface Timeline {
  add(read: ReadEntry, stalenessMs: number): void
  points(): readonly TimelinePoint[]
}

const SHORTEST_STEP_MS = 200
const MOST_POINTS = 200

interface Step {
  maxStalenessMs: number
  readonly statedMs: number[]
}

/** Marked answers are left out: they say themselves that nothing is known of their age. */
export function createTimeline({ fromMs, toMs }: Span): Timeline {
  const stepMs = Math.max(SHORTEST_STEP_MS, Math.ceil((toMs - fromMs) / MOST_POINTS))
  const steps: Step[] = Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, () => ({ maxStalenessMs: 0, statedMs: [] }))
  return {
    add: (read, stalenessMs) => {
      const step = steps[Math.floor((read.sentMs - fromMs) / stepMs)]
      if (step === undefined || read.source === 'marked') return
      step.maxStalenessMs = Math.max(step.maxStalenessMs, stalenessMs)
      step.statedMs.push(read.statedMs)
    },
    points: () => steps.map((step, i) => pointOf(step, ((i + 0.5) * stepMs) / 1_000)).filter((point) => point.reads > 0),
  }
}

function pointOf({ maxStalenessMs, statedMs }: Step, seconds: number): TimelinePoint {
  const sorted = statedMs.toSorted((a, b) => a - b)
  return {
    seconds,
    maxStalenessMs: Math.round(maxStalenessMs),
    maxStatedMs: sorted.at(-1) ?? 0,
    medianStatedMs: sorted[sorted.length >> 1] ?? 0,
    reads: sorted.length,
  }
}
