/**
 * Asks every database and Redis for the time, once a second: so that their ages are known before anybody reads, a part that was away is
 * found again by nobody's request, and a clock that is wrong is noticed.
 */
import type { Redis } from 'ioredis'
import { nowUs } from '../shared/stamp.ts'
import { pause } from '../shared/lifecycle.ts'
import type { SnapshotSource } from './cache/snapshot-source.ts'
import { SKEW_US } from './cache/trust.ts'

export interface PartWatch {
  /** Until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** By part: how far its host's clock is ahead of ours, seconds. */
  skews(): ReadonlyMap<string, number>
  /** False: our clock differs from half of the others' by more than 250 ms, so that nothing kept may be believed unchecked. */
  clockIsSound(): boolean
}

const ASK_EVERY_MS = 1_000
/** A slower answer says too little about the time. */
const ANSWER_US = 100_000

/** @returns microseconds since 1970, or null when there was no answer */
type AskTime = () => Promise<number | null>

const READ_TIME = { name: 'read-time', text: `select (extract(epoch from clock_timestamp()) * 1000000)::bigint as us`, values: [] }

export function createPartWatch(sources: readonly SnapshotSource[], redis: Redis | null): PartWatch {
  const asks = new Map<string, AskTime>(sources.map((source) => [source.name, () => askDatabase(source)]))
  if (redis !== null) asks.set('redis', () => askRedis(redis))
  const skews = new Map<string, number>()
  let sound = true

  async function askAll(): Promise<void> {
    await Promise.all([...asks].map(([part, ask]) => measure(part, ask)))
    const wrong = [...skews.values()].filter((seconds) => Math.abs(seconds) * 1e6 > SKEW_US)
    sound = wrong.length === 0 || wrong.length * 2 < skews.size
  }

  async function measure(part: string, ask: AskTime): Promise<void> {
    const askedUs = nowUs()
    const theirsUs = await ask().catch(() => null)
    const tookUs = nowUs() - askedUs
    // What is not known any more speaks for nothing.
    if (theirsUs === null) skews.delete(part)
    else if (tookUs <= ANSWER_US) skews.set(part, (theirsUs - askedUs - tookUs / 2) / 1e6)
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        await askAll()
        await pause(ASK_EVERY_MS, signal)
      }
    },
    skews: () => skews,
    clockIsSound: () => sound,
  }
}

async function askDatabase(source: SnapshotSource): Promise<number | null> {
  if (!source.breaker.allow()) return null
  const snapshot = await source.read(READ_TIME)
  const us = snapshot?.rows[0]?.['us']
  return us ? Number(us) : null
}

async function askRedis(redis: Redis): Promise<number | null> {
  if (redis.status !== 'ready') return null
  const [seconds, micros] = (await redis.time()) as unknown as [string | number, string | number]
  return Number(seconds) * 1_000_000 + Number(micros)
}
