/** Redis connections that fail fast: a frozen or absent Redis costs milliseconds, never a request. One connection a purpose. */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import type { PartHealth } from './ops-server.ts'
import { parseRedisAddress, REDIS_ADDRESS, type RedisAddress } from './redis-address.ts'

/** One server, or a cluster: all keys of a bucket share a hash tag, so both take the same commands. */
export type RedisClient = Redis | Cluster

/** `cache`: reads and scripts; `pubsub`: a subscriber can do nothing else; `limiter`: its bursts must not delay reads. */
export type RedisPurpose = 'cache' | 'pubsub' | 'limiter'

const COMMAND_MS = 100
const CONNECT_MS = 500
/** No answer for this long while one is owed: the connection is dead. */
const SILENCE_MS = 1_000
const RECONNECT_AT_MOST_MS = 1_000
/** A slot that has moved is found with one; a second covers a move in between. */
const REDIRECTIONS_AT_MOST = 3
/** How soon a cluster's change of shape is learnt without an error that tells of it. */
const SLOTS_EVERY_MS = 2_000

/**
 * Connects in the background; nothing is queued while there is no connection. Every failure is an error of the command, at most
 * 100 ms after it was sent. Connection errors are logged, at most one line in 10 s, and never thrown.
 * @param address redis-address.ts says which there are
 */
export function createRedis(address: string, purpose: RedisPurpose, log: Pick<Logger, 'warn'>): RedisClient {
  const parsed = parseRedisAddress(address)
  if (parsed === null) throw new Error(`Expected ${REDIS_ADDRESS}`)
  const client = parsed.isCluster ? connectCluster(parsed, purpose) : connectServer(parsed, purpose)
  let loggedAtMs = -Infinity
  client.on('error', (error: Error) => {
    if (performance.now() - loggedAtMs < 10_000) return
    loggedAtMs = performance.now()
    log.warn({ err: error.message, purpose }, 'a Redis connection failed')
  })
  return client
}

const reconnectAfterMs = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 10), RECONNECT_AT_MOST_MS)

function connectionOptions({ username, password, isTls }: RedisAddress, purpose: RedisPurpose) {
  return {
    connectionName: purpose,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: {} } : {}),
    // A subscriber waits for as long as nothing is published.
    ...(purpose === 'pubsub' ? {} : { commandTimeout: COMMAND_MS, socketTimeout: SILENCE_MS }),
  } satisfies RedisOptions
}

function connectServer(address: RedisAddress, purpose: RedisPurpose): Redis {
  const [node] = address.nodes
  return new Redis({
    ...connectionOptions(address, purpose),
    host: node?.host ?? '',
    port: node?.port ?? 0,
    db: address.database,
    // A subscriber queues its subscriptions until it is connected.
    enableOfflineQueue: purpose === 'pubsub',
    retryStrategy: reconnectAfterMs,
    // After a failover the address may lead elsewhere, and the old server be a replica that still answers.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })
}

function connectCluster(address: RedisAddress, purpose: RedisPurpose): Cluster {
  return new Cluster([...address.nodes], {
    redisOptions: connectionOptions(address, purpose),
    enableOfflineQueue: purpose === 'pubsub',
    clusterRetryStrategy: reconnectAfterMs,
    slotsRefreshTimeout: CONNECT_MS,
    slotsRefreshInterval: SLOTS_EVERY_MS,
    maxRedirections: REDIRECTIONS_AT_MOST,
    // Whoever asked has a database to ask; waiting for a node to come back is nobody's errand.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
  })
}

/** What /readyz says: known now, without asking. A frozen Redis still accepts connections, so only a ready one counts. */
export function redisHealth(redis: Pick<RedisClient, 'status'> | null): PartHealth {
  if (redis === null) return { ok: true, required: false, detail: 'none: memory only' }
  return { ok: redis.status === 'ready', required: false, detail: redis.status }
}

/**
 * A policy of `allkeys-*` would evict watermarks and tables, which have no TTL.
 * @throws Error when a server's maxmemory-policy is such a one; a server that does not tell (managed services) passes
 */
export async function refuseAllkeysEviction(redis: Pick<Redis, 'config'> | Cluster): Promise<void> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis]
  for (const policy of await Promise.all(servers.map(evictionPolicy))) {
    if (policy.startsWith('allkeys-')) {
      throw new Error(`Redis must not run with maxmemory-policy ${policy}: it would evict watermarks; use volatile-lru or noeviction`)
    }
  }
}

async function evictionPolicy(redis: Pick<Redis, 'config'>): Promise<string> {
  const answer: unknown = await redis.config('GET', 'maxmemory-policy').catch(() => null)
  return Array.isArray(answer) ? String(answer[1]) : ''
}
