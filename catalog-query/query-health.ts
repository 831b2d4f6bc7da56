/** What /readyz says of the query program: part by part, and what it would answer with. */
import type { CheckHealth, PartHealth } from '../shared/ops-server.ts'
import { redisHealth, type RedisClient } from '../shared/redis.ts'
import type { Breaker } from './cache/breaker.ts'
import type { SnapshotSource } from './cache/snapshot-source.ts'
import { TRUST_US } from './cache/trust.ts'
import type { ClockCheck } from './clock-check.ts'
import type { Admission } from './http/admission.ts'

export interface HealthParts {
  readonly sources: readonly SnapshotSource[]
  readonly redis: RedisClient | null
  readonly redisBreakers: readonly Breaker[]
  readonly memoryBytes: () => number
  readonly clock: ClockCheck
  readonly admission: Admission
}

export function createHealth({ sources, redis, redisBreakers, memoryBytes, clock, admission }: HealthParts): CheckHealth {
  return () => {
    const databases = sources.map((source) => [source.name, databaseHealth(source)] as const)
    const cache = cacheHealth(redis, redisBreakers)
    const usable = [
      ...(redis !== null && redis.status === 'ready' && redisBreakers.some((breaker) => breaker.state() !== 'open') ? ['redis'] : []),
      ...databases.filter(([, health]) => health.ok).map(([name]) => name),
      ...(memoryBytes() > 0 ? ['memory'] : []),
    ]
    return {
      answers: { ok: usable.length > 0, required: true, detail: usable.length > 0 ? `from ${usable.join(', ')}` : 'from nothing yet' },
      redis: cache,
      ...Object.fromEntries(databases),
      clock: clock.health(),
      load: loadHealth(admission),
    }
  }
}

/** Not required: a process that is taken out leaves its load to the others. */
function loadHealth(admission: Admission): PartHealth {
  const percent = Math.round(admission.refusedPart() * 100)
  const detail = `${admission.inFlight()} requests under way${percent > 0 ? `; ${percent} % are refused` : ''}`
  return { ok: percent === 0, required: false, detail }
}

function cacheHealth(redis: RedisClient | null, breakers: readonly Breaker[]): PartHealth {
  const inRedis = redisHealth(redis)
  const open = breakers.filter((breaker) => breaker.state() === 'open').length
  if (open === 0) return inRedis
  const what = open === breakers.length ? 'not asked' : `${open} of ${breakers.length} buckets are not asked`
  return { ...inRedis, ok: false, detail: `${what} for a while: it failed` }
}

function databaseHealth(source: SnapshotSource): PartHealth {
  const required = false
  if (source.breaker.state() === 'open') return { ok: false, required, detail: 'not asked for a while: it failed' }
  const ageUs = source.ageUs()
  if (!Number.isFinite(ageUs)) return { ok: false, required, detail: 'not reached yet' }
  const ageMs = Math.round(ageUs / 1000)
  return { ok: ageUs <= TRUST_US, required, detail: `${ageMs} ms behind in its last answer` }
}
