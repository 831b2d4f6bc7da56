/** A scenario is data: what is done to which part, when, and for how long; a JSON file each in `loadtests/faults/`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const STEP_KINDS = [
  'freeze',
  'delay',
  'refuse',
  'cut',
  'kill',
  'lag',
  'pause-replay',
  'save-dump',
  'squeeze',
  'fail-over-redis',
  'redeliver',
  'republish',
  'drop-event',
  'hold-transaction',
  'fail-over-primary',
  'expect-metric',
] as const

export interface Step {
  /** Seconds after the traffic began. */
  readonly at: number
  readonly do: (typeof STEP_KINDS)[number]
  /** A part or an edge, as in cluster/target.ts. */
  readonly target?: string
  /** Seconds until it is undone: thawed, started again, set back. */
  readonly for?: number
  /** Done so often, `every` so many seconds. */
  readonly times?: number
  readonly every?: number
  /** delay and lag: milliseconds. fail-over-redis and fail-over-primary: how far behind the copy is. */
  readonly ms?: number
  /** kill of Redis: what it finds at its next start. */
  readonly restart?: 'empty' | 'dump'
  /** squeeze: the share of its copies that there will be memory for. */
  readonly share?: number
  /** redeliver and republish: how many events. */
  readonly count?: number
  /** expect-metric: its name, a label it must carry, and the least absolute value, at the latest so many seconds after `at`; default 0. */
  readonly metric?: string
  readonly label?: string
  readonly atLeast?: number
  readonly within?: number
  /** While it lasts nothing is promised: the primary is down, or no database is reachable. */
  readonly suspendsPromise?: boolean
}

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What it is about, in a sentence or two. */
  readonly about: string
  /** Of one cycle. */
  readonly seconds: number
  /** In a full run, at least. */
  readonly reads: number
  /** Is one of the eight that CI runs. */
  readonly short?: boolean
  /** Needs a cluster of its own and leaves it unfit for another cycle. */
  readonly fresh?: boolean
  /** By program: how far its clock is ahead, milliseconds. Needs a cluster of its own. */
  readonly clockAheadMs?: Readonly<Record<string, number>>
  /** A Redis Cluster of three masters, `redis-1` to `redis-3`, each with so many replicas, from `redis-4` on, instead of one server. Needs a cluster of its own. */
  readonly redisCluster?: { readonly replicas: 0 | 1 }
  /** No proxy stands between the parts, which would add to every latency that is measured. Needs a cluster of its own. */
  readonly direct?: boolean
  /** Why this protocol cannot keep its promise here; stale answers are then expected, and their absence is a failure. */
  readonly expectsStale?: string
  readonly steps: readonly Step[]
}

const FOLDER = join(import.meta.dirname, '../faults')
const SCENARIO_KEYS = new Set([
  'title',
  'about',
  'seconds',
  'reads',
  'short',
  'fresh',
  'clockAheadMs',
  'redisCluster',
  'direct',
  'expectsStale',
  'steps',
])
const STEP_KEYS = new Set([
  ...[
    'at',
    'do',
    'target',
    'for',
    'times',
    'every',
    'ms',
    'restart',
    'share',
    'count',
    'metric',
    'label',
    'atLeast',
    'within',
    'suspendsPromise',
  ],
])

/** In the order of their files' names. @throws Error naming the file and what is wrong in it */
export function readScenarios(folder: string = FOLDER): readonly Scenario[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
  return files.map((file) => parseScenario(file.replace(/^\d+-|\.json$/g, ''), readFileSync(join(folder, file), 'utf8')))
}

/** @throws Error with the scenario's name and what is wrong */
export function parseScenario(name: string, text: string): Scenario {
  const raw = JSON.parse(text) as Omit<Scenario, 'name'>
  const problem = problemOf(raw) ?? raw.steps.map(problemOfStep).find((each) => each !== null) ?? null
  if (problem !== null) throw new Error(`Scenario ${name}: ${problem}`)
  return { ...raw, name, steps: raw.steps.flatMap(repeated).sort((a, b) => a.at - b.at) }
}

/** A cycle is at most so long, or a fresh one: its parts are read, judged and looked at in the end while they are still few. */
const LONGEST_CYCLE_S = 320
const LONGEST_FRESH_CYCLE_S = 80

/**
 * The scenario with so many seconds of traffic, if a cycle can be so long: its steps again and again, with no silence between; one that
 * can be done only once goes on being read instead. Never shorter than it is.
 */
export function stretched(scenario: Scenario, wantedSeconds: number): Scenario {
  const cycles = Math.max(1, Math.ceil(wantedSeconds / (scenario.fresh === true ? LONGEST_FRESH_CYCLE_S : LONGEST_CYCLE_S)))
  const seconds = Math.max(scenario.seconds, Math.ceil(wantedSeconds / cycles))
  const rounds = scenario.fresh === true ? 1 : Math.floor(seconds / scenario.seconds)
  const steps = Array.from({ length: rounds }, (_, n) => scenario.steps.map((step) => ({ ...step, at: step.at + n * scenario.seconds })))
  return { ...scenario, seconds, steps: steps.flat() }
}

function problemOf(raw: Omit<Scenario, 'name'>): string | null {
  const unknown = Object.keys(raw).find((key) => !SCENARIO_KEYS.has(key))
  if (unknown !== undefined) return `"${unknown}" is not known`
  if (typeof raw.title !== 'string' || typeof raw.about !== 'string') return 'expected a title and what it is about'
  if (!(raw.seconds > 0) || !(raw.reads > 0) || !Array.isArray(raw.steps)) return 'expected seconds, reads and steps'
  return null
}

function problemOfStep(step: Step): string | null {
  const unknown = Object.keys(step).find((key) => !STEP_KEYS.has(key))
  if (unknown !== undefined) return `"${unknown}" is not known in a step`
  if (!STEP_KINDS.includes(step.do)) return `"do" must be one of ${STEP_KINDS.join(', ')}, not "${step.do}"`
  if (typeof step.at !== 'number' || step.at < 0) return `"at" must be seconds, not ${String(step.at)}`
  return null
}

function repeated({ times = 1, every = 0, ...step }: Step): readonly Step[] {
  return Array.from({ length: times }, (_, n) => ({ ...step, at: step.at + n * every }))
}
