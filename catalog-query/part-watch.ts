/**
 * Asks every database and Redis for the time, once a second: so that their ages are known before anybody reads, a part that was away is
 * found again by nobody's request, and a clock that is wrong is noticed.
 */
import type { RedisClient } from '../shared/redis.ts'
import { pause } from '../shared/lifecycle.ts'
import type { SnapshotSource } from './cache/snapshot-source.ts'
import type { AskTime, ClockCheck } from './clock-check.ts'

const ASK_EVERY_MS = 1_000

const READ_TIME = { name: 'read-time', text: `select (extract(epoch from clock_timestamp()) * 1000000)::bigint as us`, values: [] }

export interface WatchedParts {
  readonly sources: readonly SnapshotSource[]
  /** null: there is none. */
  readonly redis: RedisClient | null
  readonly clock: ClockCheck
}

/** Until the signal is aborted. Never rejects. */
export async function watchParts({ sources, redis, clock }: WatchedParts, signal: AbortSignal): Promise<void> {
  const asks = new Map<string, { ask: AskTime; ofPrimary: boolean }>()
  for (const source of sources) asks.set(source.name, { ask: () => askDatabase(source, clock), ofPrimary: source.tier === 'primary' })
  if (redis !== null) asks.set('redis', { ask: () => askRedis(redis), ofPrimary: false })
  while (!signal.aborted) {
    await clock.round(asks)
    await pause(ASK_EVERY_MS, signal)
  }
}

async function askDatabase(source: SnapshotSource, clock: ClockCheck): Promise<number | null> {
  if (!source.breaker.allow()) return null
  const snapshot = await source.read(READ_TIME)
  if (snapshot === null) return null
  clock.noteStamp(snapshot.asOf)
  const us = snapshot.rows[0]?.['us']
  return us ? Number(us) : null
}

async function askRedis(redis: RedisClient): Promise<number | null> {
  if (redis.status !== 'ready') return null
  const [seconds, micros] = (await redis.time()) as unknown as [string | number, string | number]
  return Number(seconds) * 1_000_000 + Number(micros)
}
