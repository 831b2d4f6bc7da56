/** Runs a scenario's steps while its traffic goes on, then lets everything rest and looks at what is left. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster/cluster.ts'
import type { Span } from '../oracle/judge.ts'
import type { Rates, Traffic } from '../traffic/traffic.ts'
import { runTraffic } from '../traffic/run-traffic.ts'
import { ACTIONS, type Scene, type Undo } from './actions.ts'
import { checkAtRest, type FinalCheck } from './final-check.ts'
import { growth, scrape, type Samples } from './metrics.ts'
import type { Scenario, Step } from './scenario.ts'

/** One pass through a scenario. All times are of performance.now(). */
export interface Cycle {
  readonly traffic: Span
  /** In which something was broken. */
  readonly faults: readonly Span[]
  /** In which nothing was promised, and 1.5 s more, in which a process finds out that it is over: its answers may be marked. */
  readonly suspended: readonly Span[]
  readonly finalCheck: FinalCheck
  /** Statements that databases answered to the query processes. */
  readonly originReads: number
  readonly primaryReads: number
  /** Of them, for readers with a Consistency-Token: what they ask for may be milliseconds old. */
  readonly primaryTokenReads: number
  /** What the auditor made of it. */
  readonly audited: number
  readonly auditorViolations: number
  readonly notes: readonly string[]
  /** Expectations of the scenario that did not come true. */
  readonly misses: readonly string[]
}

/** Longer than the promise, so that only what nobody will ever correct is left. */
const SILENCE_MS = 3_500
/** A breaker asks once a second whether its database is back; until then a process goes on marking its answers. */
const RECOVERY_MS = 1_500

/**
 * @param untilReads so many answered reads of its log the traffic waits for when its time is over
 * @throws Error when a step cannot be carried out: a scenario that did not happen shows nothing
 */
export async function runCycle(
  scenario: Scenario,
  cluster: Cluster,
  { traffic, rates, untilReads = 0 }: { traffic: Traffic; rates: Rates; untilReads?: number },
): Promise<Cycle> {
  const [notes, misses]: [string[], string[]] = [[], []]
  const scene: Scene = { cluster, traffic, note: (what) => notes.push(what), miss: (what) => misses.push(what) }
  const before = await scrapeAll(cluster)
  const auditor = cluster.programs.find((program) => program.name === 'auditor')!
  const auditorBefore = await scrape(auditor)
  const fromMs = performance.now()
  const abort = new AbortController()
  const sending = runTraffic(traffic, rates, { durationMs: scenario.seconds * 1_000, untilReads, signal: abort.signal })
  const spans = await runSteps(scene, scenario.steps, fromMs).catch(async (error: unknown) => {
    abort.abort()
    await sending
    throw error
  })
  await sending
  const toMs = performance.now()
  const after = await scrapeAll(cluster)
  await sleep(SILENCE_MS)
  const auditorAfter = await scrape(auditor)
  const failedOver = scenario.steps.some((step) => step.do === 'fail-over-primary')
  const grown = (label: string) =>
    after.reduce((sum, samples, i) => sum + growth(before[i] ?? new Map(), samples, 'catalog_snapshots_total', label), 0)
  return {
    traffic: { fromMs, toMs },
    ...spans,
    finalCheck: await checkAtRest(cluster, traffic, failedOver ? 'standby-1' : 'primary'),
    originReads: grown(''),
    primaryReads: grown('tier="primary"'),
    primaryTokenReads: grown('tier="primary",reader="token"'),
    audited: growth(auditorBefore, auditorAfter, 'catalog_auditor_events_checked_total'),
    auditorViolations: growth(auditorBefore, auditorAfter, 'catalog_auditor_violations_total'),
    notes,
    misses,
  }
}

async function scrapeAll({ queries }: Cluster): Promise<readonly Samples[]> {
  return await Promise.all(queries.map(scrape))
}

type Spans = Pick<Cycle, 'faults' | 'suspended'>

/** Each step begins when it is due, whatever became of the others. */
async function runSteps(scene: Scene, steps: readonly Step[], fromMs: number): Promise<Spans> {
  const runs = await Promise.all(
    steps.map(async (step) => {
      await sleep(Math.max(0, fromMs + step.at * 1_000 - performance.now()))
      return { step, span: await runStep(scene, step) }
    }),
  )
  const broken = runs.filter(({ step }) => step.do !== 'expect-metric')
  return {
    faults: broken.map(({ span }) => span),
    suspended: broken
      .filter(({ step }) => step.suspendsPromise === true)
      .map(({ span }) => ({ fromMs: span.fromMs, toMs: span.toMs + RECOVERY_MS })),
  }
}

async function runStep(scene: Scene, step: Step): Promise<Span> {
  const fromMs = performance.now()
  let undo: Undo = null
  try {
    undo = await ACTIONS[step.do](scene, step)
    await sleep(Math.max(0, fromMs + (step.for ?? 0) * 1_000 - performance.now()))
  } finally {
    await undo?.()
  }
  return { fromMs, toMs: performance.now() }
}
