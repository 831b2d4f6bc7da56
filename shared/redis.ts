/** Redis connections that fail fast: a frozen or absent Redis costs milliseconds, never a request. One connection a purpose. */
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import type { PartHealth } from './ops-server.ts'

/** `cache`: reads and scripts; `pubsub`: a subscriber can do nothing else; `publisher`: may fail; `limiter`: its bursts must not delay reads. */
export type RedisPurpose = 'cache' | 'pubsub' | 'publisher' | 'limiter'

const COMMAND_MS = 100
const CONNECT_MS = 500
/** No answer for this long while one is owed: the connection is dead. */
const SILENCE_MS = 1_000
const RECONNECT_AT_MOST_MS = 1_000

/**
 * Connects in the background; nothing is queued while there is no connection. Every failure is an error of the command, at most
 * 100 ms after it was sent. Connection errors are logged, at most one line in 10 s, and never thrown.
 */
export function createRedis(url: string, purpose: RedisPurpose, log: Pick<Logger, 'warn'>): Redis {
  const redis = new Redis(url, {
    connectionName: purpose,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A subscriber waits for as long as nothing is published, and queues its subscriptions until it is connected.
    enableOfflineQueue: purpose === 'pubsub',
    ...(purpose === 'pubsub' ? {} : { commandTimeout: COMMAND_MS, socketTimeout: SILENCE_MS }),
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), RECONNECT_AT_MOST_MS),
  } satisfies RedisOptions)
  let loggedAtMs = -Infinity
  redis.on('error', (error: Error) => {
    if (performance.now() - loggedAtMs < 10_000) return
    loggedAtMs = performance.now()
    log.warn({ err: error.message, purpose }, 'a Redis connection failed')
  })
  return redis
}

/** What /readyz says: known now, without asking. A frozen Redis still accepts connections, so only a ready one counts. */
export function redisHealth(redis: Pick<Redis, 'status'> | null): PartHealth {
  if (redis === null) return { ok: true, required: false, detail: 'none: memory only' }
  return { ok: redis.status === 'ready', required: false, detail: redis.status }
}

/**
 * A policy of `allkeys-*` would evict watermarks and tables, which have no TTL.
 * @throws Error when the server's maxmemory-policy is such a one; a server that does not tell (managed services) passes
 */
export async function refuseAllkeysEviction(redis: Pick<Redis, 'config'>): Promise<void> {
  const answer: unknown = await redis.config('GET', 'maxmemory-policy').catch(() => null)
  const policy = Array.isArray(answer) ? String(answer[1]) : ''
  if (policy.startsWith('allkeys-')) {
    throw new Error(`Redis must not run with maxmemory-policy ${policy}: it would evict watermarks; use volatile-lru or noeviction`)
  }
}
