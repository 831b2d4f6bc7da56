/** Holds an import back while readers would notice it: while events or replicas lag behind the primary. */
import type { Pool } from 'pg'
import { pause, withTimeout } from '../../shared/lifecycle.ts'

export interface Pacing {
  /** Resolves when the next block may be written. `onWait` hears the reason as soon as it has to wait. */
  turn(signal: AbortSignal, onWait: (reason: string) => void): Promise<void>
}

export interface PacingOptions {
  /** Lag of the log or of a replica at which the import pauses. */
  readonly maxLagMs: number
  /** How long one sample is believed, and how long to wait before the next. */
  readonly sampleEveryMs: number
  /** Longest pause before one block is let through all the same: an import crawls, but never stands still for ever. */
  readonly maxPauseMs: number
}

export const DEFAULT_PACING: PacingOptions = { maxLagMs: 1_000, sampleEveryMs: 100, maxPauseMs: 15_000 }
const SAMPLE_LIMIT_MS = 1_000

/** Why to wait; null when nothing is behind. */
export type FindLag = (maxLagMs: number) => Promise<string | null>

export function createPacing(findLag: FindLag, options: PacingOptions = DEFAULT_PACING): Pacing {
  let sampledAt = -Infinity
  return {
    async turn(signal, onWait) {
      const began = performance.now()
      if (began - sampledAt < options.sampleEveryMs) return
      for (;;) {
        const reason = await findLag(options.maxLagMs)
        sampledAt = performance.now()
        if (reason === null || signal.aborted || sampledAt - began > options.maxPauseMs) return
        onWait(reason)
        await pause(options.sampleEveryMs, signal)
      }
    },
  }
}

const OLDEST_PENDING = /* sql */ `
  select (extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as "ageMs"
  from outbox
  where published_at is null
  order by id
  limit 1`

const CLOCK_AGE = /* sql */ `
  select (extract(epoch from clock_timestamp() - at) * 1000)::float8 as "ageMs"
  from read.clock`

/** Asks the primary for its oldest unpublished change, and each replica for the age of the catalog clock it shows. */
export function createLagFinder(primary: Pool, replicas: readonly Pool[]): FindLag {
  return async (maxLagMs) => {
    const pending = await ageMs(primary, OLDEST_PENDING)
    if (pending !== null && pending > maxLagMs) return `the event log is ${Math.round(pending)} ms behind`
    const clocks = await Promise.all(replicas.map((replica) => ageMs(replica, CLOCK_AGE).catch(() => null)))
    // A replica that does not answer is no reason to wait: the query servers do not read from it either.
    const oldest = Math.max(0, ...clocks.map((age) => age ?? 0))
    return oldest > maxLagMs ? `a replica is ${Math.round(oldest)} ms behind` : null
  }
}

async function ageMs(pool: Pool, sql: string): Promise<number | null> {
  const { rows } = await withTimeout(SAMPLE_LIMIT_MS, 'A lag sample', () => pool.query<{ ageMs: number }>(sql))
  return rows[0]?.ageMs ?? null
}
