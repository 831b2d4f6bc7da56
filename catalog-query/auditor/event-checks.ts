/** Looks at every query process's cache 0.25, 2.5, 10 and 60 s after a change (Meta's Polaris): what still lacks it by then, and would be served? */
import { pause } from '../../shared/lifecycle.ts'
import { judgeCopy, type Change, type HeldCopy, type Judgement } from './judge-copy.ts'
import type { AskPrimary, Confirmation } from './primary-check.ts'
import type { QueryProcess } from './query-processes.ts'

const LOOK_AFTER_MS = [250, 2_500, 10_000, 60_000] as const

/** All that is needed to believe a violation, or to find what caused it. */
export interface Evidence {
  readonly change: Change
  readonly process: string
  readonly copy: HeldCopy
  readonly lookAfterMs: number
  /** When the process was asked, microseconds since 1970. */
  readonly askedUs: number
  readonly confirmation: Confirmation
}

export interface CheckObserver {
  /** One process was asked; `unanswered`, or the worst judgement of what it holds (`current` when it holds nothing). */
  looked(afterMs: number, outcome: Judgement | 'unanswered'): void
  suspicion(evidence: Evidence): void
  /** All looks at a change are done. */
  checked(): void
  skipped(why: 'rate' | 'queue'): void
}

export interface EventChecks {
  add(change: Change): void
  pending(): number
  /** Until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

export interface EventChecksParts {
  readonly processes: () => readonly QueryProcess[]
  readonly askPrimary: AskPrimary
  readonly nowUs: () => number
  /** Changes taken a second at most; a second's worth may come at once. */
  readonly perSecond: number
  readonly observe: CheckObserver
  /** Default: LOOK_AFTER_MS. */
  readonly lookAfterMs?: readonly number[]
}

const CHANGES_AT_MOST = 20_000
/** Changes looked at at the same time. */
const LOOKS_AT_ONCE = 64
/** What became due meanwhile is one request a process. */
const DISPATCH_MS = 50

interface Pending {
  readonly change: Change
  /** performance.now() */
  readonly addedMs: number
}

export function createEventChecks(parts: EventChecksParts): EventChecks {
  const { processes, nowUs, observe, lookAfterMs = LOOK_AFTER_MS } = parts
  const admit = createRate(parts.perSecond)
  // A queue a look, each in the order of their times.
  const queues = lookAfterMs.map((afterMs) => ({ afterMs, waiting: new Set<Pending>() }))
  let inFlight = 0
  let pending = 0

  function dispatch(): void {
    // The latest looks first: they have waited longest, and make room.
    for (let stage = queues.length - 1; stage >= 0; stage--) {
      const queue = queues[stage] as (typeof queues)[number]
      for (const item of queue.waiting) {
        if (inFlight >= LOOKS_AT_ONCE || performance.now() - item.addedMs < queue.afterMs) break
        queue.waiting.delete(item)
        inFlight++
        void lookEverywhere(item.change, queue.afterMs).then(() => {
          inFlight--
          advance(item, stage)
        })
      }
    }
  }

  function advance(item: Pending, stage: number): void {
    const next = queues[stage + 1]
    if (next !== undefined) return void next.waiting.add(item)
    pending--
    observe.checked()
  }

  async function lookEverywhere(change: Change, afterMs: number): Promise<void> {
    await Promise.all(processes().map((process) => lookAt(process, change, afterMs)))
  }

  async function lookAt(process: QueryProcess, change: Change, afterMs: number): Promise<void> {
    const askedUs = nowUs()
    const copies = await process.look(change.productId)
    if (copies === null) return observe.looked(afterMs, 'unanswered')
    const judged = copies.map((copy) => ({ copy, judgement: judgeCopy(change, copy, askedUs) }))
    observe.looked(afterMs, worst(judged.map(({ judgement }) => judgement)))
    for (const { copy, judgement } of judged) {
      if (judgement !== 'suspicious') continue
      // Whatever is wrong with the statement is no verdict, and must not end the auditor.
      const confirmation = await parts.askPrimary(change, copy).catch(() => UNKNOWN)
      observe.suspicion({ change, process: process.url, copy, lookAfterMs: afterMs, askedUs, confirmation })
    }
  }

  return {
    add(change) {
      if (pending >= CHANGES_AT_MOST) return observe.skipped('queue')
      if (!admit()) return observe.skipped('rate')
      pending++
      queues[0]?.waiting.add({ change, addedMs: performance.now() })
    },
    pending: () => pending,
    async run(signal) {
      while (!signal.aborted) {
        dispatch()
        await pause(DISPATCH_MS, signal)
      }
    },
  }
}

const UNKNOWN = { verdict: 'unknown', primaryRev: null } as const

const BEST_FIRST: readonly Judgement[] = ['current', 'checked-first', 'behind', 'suspicious']

function worst(judgements: readonly Judgement[]): Judgement {
  return BEST_FIRST[Math.max(0, ...judgements.map((judgement) => BEST_FIRST.indexOf(judgement)))] ?? 'current'
}

/** A token bucket of one second. */
function createRate(perSecond: number): () => boolean {
  let left = perSecond
  let filledMs = performance.now()
  return () => {
    const nowMs = performance.now()
    left = Math.min(perSecond, left + ((nowMs - filledMs) * perSecond) / 1_000)
    filledMs = nowMs
    if (left < 1) return false
    left--
    return true
  }
}
