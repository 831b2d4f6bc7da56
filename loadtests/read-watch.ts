/** Judges answers of the query server: how old, whether the stated bound holds, from where, and whether it is an answer at all. */
import type { FreshnessLog } from './freshness-log.ts'
import { createLatencies, type Latencies } from './latency.ts'

export interface ProductAnswer {
  readonly id: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** By performance.now(). */
  readonly sentMs: number
  readonly receivedMs: number
}

export interface ReadTally {
  reads: number
  /** Not 200, another product, or without a rev or a bound. */
  wrong: number
  /** The first few, in words. */
  readonly wrongAnswers: string[]
  /** By what Cache-Status says (RFC 9211): `memory`, `redis`, or what it was forwarded for: `miss`, `stale`, … */
  readonly from: Map<string, number>
  hits: number
  /** Missing a write acknowledged before they were sent, however briefly. */
  stale: number
  /** Staler than the promise. */
  tooOld: number
  maxStalenessMs: number
  /** Staler than their own Catalog-Staleness says. */
  understated: number
  readonly latencies: Latencies
}

/** The promise of docs/consistency.md. */
export const PROMISE_MS = 2_500
const KEPT_ANSWERS = 5

export function createTally(): ReadTally {
  return {
    reads: 0,
    wrong: 0,
    wrongAnswers: [],
    from: new Map(),
    hits: 0,
    stale: 0,
    tooOld: 0,
    maxStalenessMs: 0,
    understated: 0,
    latencies: createLatencies(),
  }
}

/** @returns the rev that was answered, or null for a wrong answer */
export function watchAnswer(tally: ReadTally, answer: ProductAnswer, log: FreshnessLog): number | null {
  tally.reads++
  tally.latencies.recordMs(answer.receivedMs - answer.sentMs)
  const problem = problemOf(answer)
  if (problem !== null) {
    tally.wrong++
    if (tally.wrongAnswers.length < KEPT_ANSWERS) tally.wrongAnswers.push(problem)
    return null
  }
  const rev = Number(answer.headers['catalog-rev'])
  const stalenessMs = log.stalenessMs(answer.id, rev, answer.sentMs)
  if (stalenessMs > 0) tally.stale++
  if (stalenessMs > PROMISE_MS) tally.tooOld++
  // The server's bound is as of a later moment than the sending of the read: what it owes is at least this.
  if (stalenessMs > Number(answer.headers['catalog-staleness'])) tally.understated++
  tally.maxStalenessMs = Math.max(tally.maxStalenessMs, stalenessMs)
  const { hit, from } = readCacheStatus(String(answer.headers['cache-status']))
  if (hit) tally.hits++
  tally.from.set(from, (tally.from.get(from) ?? 0) + 1)
  return rev
}

function problemOf({ id, status, headers, body }: ProductAnswer): string | null {
  if (status !== 200) return `${id} was answered ${status} ${body.slice(0, 200)}`
  const rev = headers['catalog-rev']
  if (!isWhole(rev)) return `${id} was answered with Catalog-Rev "${String(rev)}"`
  if (!isWhole(headers['catalog-staleness'])) return `${id} was answered with Catalog-Staleness "${String(headers['catalog-staleness'])}"`
  if (!body.includes(`"id":"${id}"`)) return `${id} was answered with another product: ${body.slice(0, 200)}`
  return body.includes(`"rev":${String(rev)}`) ? null : `${id} was answered with Catalog-Rev ${String(rev)}, but its body has another rev`
}

function isWhole(header: string | string[] | undefined): boolean {
  return typeof header === 'string' && /^\d+$/.test(header)
}

/** `catalog; hit; detail=memory` or `catalog; fwd=miss`. */
export function readCacheStatus(header: string): { readonly hit: boolean; readonly from: string } {
  const hit = /;\s*hit\b/.test(header)
  const named = (hit ? /;\s*detail="?([\w-]+)/ : /;\s*fwd="?([\w-]+)/).exec(header)?.[1]
  return { hit, from: named ?? (hit ? 'hit' : 'unknown') }
}
