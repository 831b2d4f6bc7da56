/** The invalidator: follows the event log and applies every event to Redis. Several side by side all apply everything. */
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { ApplyRun, EventFollower } from '../../shared/event-log.ts'
import { createKafkaFollower } from '../../shared/kafka-follower.ts'
import { createLifecycle, runProgram, type Lifecycle } from '../../shared/lifecycle.ts'
import { createLogTableFollower } from '../../shared/log-table-follower.ts'
import { createLogger } from '../../shared/log.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { startOpsServer, type CheckHealth } from '../../shared/ops-server.ts'
import { createPool } from '../../shared/postgres.ts'
import { createRedis, redisHealth } from '../../shared/redis.ts'
import { nowUs } from '../../shared/stamp.ts'
import { createClockCheck } from '../clock-check.ts'
import { watchParts } from '../part-watch.ts'
import { copyTtlMs, newGeneration } from '../cache/cache-store.ts'
import { createRedisStore } from '../cache/redis-store.ts'
import { readConfig, type InvalidatorConfig } from './config.ts'
import { waitForRedis } from './eviction-check.ts'
import { createInvalidatorMetrics, type InvalidatorMetrics } from './invalidator-metrics.ts'
import { createRunApplier } from './run-applier.ts'
import { startAt } from './start-at.ts'

/** No fetch and no heartbeat for this long: the log, or the way to it, is down. */
const SILENT_MS = 3_000

runProgram('invalidator', async () => await start(readConfig()))

async function start(config: InvalidatorConfig): Promise<Lifecycle> {
  const log = createLogger('invalidator', config.logLevel)
  const lifecycle = createLifecycle(log)
  const registry = createMetrics('invalidator')

  const redis = createRedis(config.redisUrl, 'cache', log)
  lifecycle.onStop('redis', () => redis.disconnect())
  const pools = config.kafkaBrokers.length > 0 ? [] : createPools(config, log)
  lifecycle.onStop('pools', () => Promise.all(pools.map((pool) => pool.end())))

  const clock = createClockCheck(log)
  const metrics: InvalidatorMetrics = createInvalidatorMetrics(registry, { silentMs: () => follower.silentMs(), clock })
  const follower = createFollower(config, pools, { log, onUnreadable: metrics.onUnreadable })
  const store = createRedisStore(redis, metrics.onRedisError)
  const apply = createRunApplier({
    store,
    position: follower.position,
    // A new watermark begins later than every P so far: behind a wrong clock, by as much as it is wrong.
    nowUs: () => nowUs() + clock.doubtUs(),
    newGeneration,
    ttlMs: copyTtlMs,
    onApplied: metrics.onApplied,
    onGap: metrics.onGap,
    onNewWatermark: metrics.onNewWatermark,
  })

  const watched: ApplyRun = (run) => {
    if (run.heartbeat !== null) clock.noteStamp(run.heartbeat)
    return apply(run)
  }

  let refusal: string | null = null
  async function follow(): Promise<void> {
    await waitForRedis(redis, lifecycle.signal, (reason) => {
      if (refusal === null) log.fatal(reason.message)
      refusal = reason.message
    })
    refusal = null
    if (lifecycle.signal.aborted) return
    await follower.start((partition) => startAt(partition, store, follower.position), metrics.measured(watched))
  }

  const following = follow()
  lifecycle.onStop('follower', async () => {
    await following
    await follower.close()
  })

  const { signal } = lifecycle
  const watching = watchParts({ sources: [], redis, clock }, signal)
  lifecycle.onStop('watch', () => watching)

  const health: CheckHealth = () => ({
    clock: clock.health(),
    redis: refusal === null ? { ...redisHealth(redis), required: true } : { ok: false, required: true, detail: refusal },
    log: {
      ok: follower.silentMs() < SILENT_MS,
      required: true,
      detail: `last heard of ${Math.round(follower.silentMs())} ms ago; oldest claim ${metrics.watermarkAgeSeconds().toFixed(2)} s`,
    },
  })
  const ops = await startOpsServer({ host: config.host, port: config.opsPort, metrics: registry, health, stopping: signal })
  lifecycle.onStop('operations server', () => ops.close())
  log.info({ ops: ops.listeningOrigin, log: config.kafkaBrokers.length > 0 ? 'kafka' : 'table' }, 'listening')
  return lifecycle
}

function createFollower(
  { kafkaBrokers, topicPrefix }: InvalidatorConfig,
  pools: readonly Pool[],
  observer: { log: Logger; onUnreadable: (messages: number) => void },
): EventFollower {
  if (kafkaBrokers.length === 0) return createLogTableFollower({ pools, log: observer.log })
  return createKafkaFollower({
    brokers: kafkaBrokers,
    topicPrefix,
    clientId: 'catalog-invalidator',
    group: 'catalog-invalidator',
    ...observer,
  })
}

function createPools(config: InvalidatorConfig, log: Logger): Pool[] {
  return config.databaseUrls.map((url) =>
    createPool({ url, size: 2, connectMs: 1_000, statementMs: 2_000, applicationName: 'catalog-invalidator' }, log),
  )
}
