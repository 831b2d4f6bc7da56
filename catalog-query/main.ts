/** The query program: answers /v1 from memory, Redis and replicas; writes nothing to PostgreSQL. */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { createBearerVerifier } from '../shared/bearer-token.ts'
import type { EventFollower } from '../shared/event-log.ts'
import { createKafkaFollower } from '../shared/kafka-follower.ts'
import { createLifecycle, runProgram, type Lifecycle } from '../shared/lifecycle.ts'
import { createLogTableFollower } from '../shared/log-table-follower.ts'
import { createLogger } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { portHealth, startOpsServer } from '../shared/ops-server.ts'
import { createPool } from '../shared/postgres.ts'
import { createRedis, type RedisPurpose, type RedisClient } from '../shared/redis.ts'
import { nowUs } from '../shared/stamp.ts'
import { registerCacheInspection } from './cache-inspection.ts'
import { createMemoryTier } from './cache/memory-tier.ts'
import { createProductLoader } from './cache/product-loader.ts'
import { createProductReader } from './cache/product-reader.ts'
import { createRedisStore } from './cache/redis-store.ts'
import { createReplicas } from './cache/replicas.ts'
import { readConfig, type QueryConfig } from './config.ts'
import { createAdmission } from './http/admission.ts'
import { followDrops, subscribeToDrops } from './memory-drops.ts'
import { createClockCheck } from './clock-check.ts'
import { watchParts } from './part-watch.ts'
import { createProductFinder } from './product/find-product.ts'
import { createLookUps } from './product/look-up.ts'
import { createHealth } from './query-health.ts'
import { createQueryMetrics, measureParts } from './query-metrics.ts'
import { createReferenceData } from './reference-data.ts'
import { createQueryServer } from './server.ts'

const CONNECT_MS = 500
/** A read that takes longer is given up, and the next database is asked. With the grace well below a second: that is how long a frozen one is not found. */
const STATEMENT_MS = 600
const GRACE_MS = 100
/** Of QUERY_MEMORY_MB, for products, and for their pages with gzip or brotli: the rest is shared evenly by the smaller caches. */
const PRODUCTS_SHARE = 0.5
const PAGES_SHARE = 0.15
/** 5 of lists and searches, 3 each of facets, suggestions and trees, 2 of offers, and look-ups: whatever is given `listBytes`. */
const SMALLER_CACHES = 17

runProgram('query', async () => await start(readConfig()))

async function start(config: QueryConfig): Promise<Lifecycle> {
  const log = createLogger('query', config.logLevel)
  const registry = createMetrics('query')
  const metrics = createQueryMetrics(registry)
  const lifecycle = createLifecycle(log)
  const { signal } = lifecycle

  const pools = openPools(config, { log, lifecycle })
  const replicas = createReplicas({ ...pools, primaryLimit: config.primaryLimit, onSnapshot: metrics.onSnapshot })
  const redis = openRedis(config, 'cache', { log, lifecycle })
  const store = redis === null ? null : createRedisStore(redis, metrics.onRedisError)
  const clock = createClockCheck(log)

  const memory = createMemoryTier(Math.floor(config.memoryBytes * PRODUCTS_SHARE))
  const loader = createProductLoader(replicas)
  const clockIsSound = clock.isSound
  const reader = createProductReader({ memory, store, loader, nowUs, pause: sleep, observe: metrics.observe, clockIsSound })
  const reference = createReferenceData(replicas.readSnapshot, nowUs)
  const pageBytes = Math.floor(config.memoryBytes * PAGES_SHARE)
  const listBytes = Math.floor((config.memoryBytes * (1 - PRODUCTS_SHARE - PAGES_SHARE)) / SMALLER_CACHES)

  await startDrops(config, { log, lifecycle, pools, drop: (ids) => (ids.forEach(memory.drop), metrics.onDrops(ids.length)) })
  const watching = watchParts({ sources: replicas.sources, redis, clock }, signal)
  lifecycle.onStop('watch', () => watching)

  const redisBreakers = store?.breakers ?? []
  const memoryBytes = () => memory.sizeBytes()
  measureParts(registry, { sources: replicas.sources, redisBreakers, memoryBytes, clock })
  const admission = createAdmission(config)
  let listens = false
  const checkParts = createHealth({ admission, sources: replicas.sources, redis, redisBreakers, memoryBytes, clock })
  const health = () => ({ server: portHealth(listens), ...checkParts() })
  const ops = await startOpsServer({ host: config.host, port: config.opsPort, metrics: registry, health, stopping: signal }, (app) =>
    registerCacheInspection(app, { memory, store, reference, nowUs, clockIsSound }),
  )
  lifecycle.onStop('operations server', () => ops.close())

  const server = await createQueryServer({
    ...config,
    admission,
    log,
    metrics: registry,
    verifyBearer: config.jwt === null ? null : createBearerVerifier(config.jwt),
    limiterRedis: config.rateLimit > 0 ? openRedis(config, 'limiter', { log, lifecycle }) : null,
    pageBytes,
    listBytes,
    context: {
      readProduct: reader.readProduct,
      readMany: reader.readMany,
      loadProduct: loader.load,
      readSnapshot: replicas.readSnapshot,
      reference,
      understand: config.understand,
      products: createProductFinder({ ...reader, lookUps: createLookUps(replicas.readSnapshot, { maxBytes: listBytes }) }),
      answers: {
        cacheControl: config.cacheControl,
        private: config.authRequired,
        observeStaleness: metrics.observeStaleness,
        doubtUs: clock.doubtUs,
      },
      nowUs,
    },
  })
  lifecycle.onStop('server', () => server.close())
  await server.listen({ host: config.host, port: config.port })
  listens = true
  log.info({ url: server.listeningOrigin, ops: ops.listeningOrigin }, 'listening')
  return lifecycle
}

interface Background {
  readonly log: Logger
  readonly lifecycle: Lifecycle
}

interface Pools {
  readonly replicas: readonly { readonly name: string; readonly pool: Pool }[]
  readonly primary: Pool | null
}

function openPools(config: QueryConfig, { log, lifecycle }: Background): Pools {
  const open = (name: string, url: string, size: number): Pool => {
    const limits = {
      size,
      connectMs: CONNECT_MS,
      statementMs: STATEMENT_MS,
      graceMs: GRACE_MS,
      applicationName: 'catalog-query',
      byIndexOnly: true,
    }
    const pool = createPool({ url, ...limits }, log)
    lifecycle.onStop(name, () => pool.end())
    return pool
  }
  return {
    replicas: config.replicaUrls.map((url, i) => ({ name: `replica-${i + 1}`, pool: open(`replica-${i + 1}`, url, config.poolSize) })),
    primary: config.primaryUrl === null ? null : open('primary', config.primaryUrl, config.primaryLimit),
  }
}

function openRedis({ redisUrl }: QueryConfig, purpose: RedisPurpose, { log, lifecycle }: Background): RedisClient | null {
  if (redisUrl === null) return null
  const redis = createRedis(redisUrl, purpose, log)
  lifecycle.onStop(`redis ${purpose}`, () => redis.disconnect())
  return redis
}

/** Early drops of memory entries: published by the invalidators, or read from the event log where there is no Redis. */
async function startDrops(
  config: QueryConfig,
  { log, lifecycle, pools, drop }: Background & { pools: Pools; drop: (ids: readonly string[]) => void },
): Promise<void> {
  const redis = openRedis(config, 'pubsub', { log, lifecycle })
  if (redis !== null) return subscribeToDrops(redis, drop)
  const follower = createFollower(config, pools, log)
  lifecycle.onStop('event log', () => follower.close())
  await followDrops(follower, drop)
}

function createFollower({ kafkaBrokers, topicPrefix }: QueryConfig, { replicas, primary }: Pools, log: Logger): EventFollower {
  if (kafkaBrokers.length > 0) {
    const clientId = 'catalog-query'
    return createKafkaFollower({ brokers: kafkaBrokers, topicPrefix, clientId, group: `catalog-query.${hostname()}.${process.pid}`, log })
  }
  const pools = [...replicas.map(({ pool }) => pool), primary].filter((pool) => pool !== null)
  return createLogTableFollower({ pools, log })
}
