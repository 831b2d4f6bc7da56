/** The consumer of a common way: one group of two, at least once, every product event invalidates its product. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createKafka, productTopic, type KafkaBatch, type KafkaConsumer } from '../../../shared/kafka.ts'
import { createLifecycle, runProgram, type Lifecycle } from '../../../shared/lifecycle.ts'
import { createLogger } from '../../../shared/log.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { startOpsServer } from '../../../shared/ops-server.ts'
import { readInvalidatorConfig } from '../config.ts'
import { createConnections } from '../connections.ts'
import type { Way } from '../way.ts'
import { COMMON_WAYS } from '../ways.ts'

const PARTITIONS_AT_ONCE = 16
/** A consumer that is killed handles so much of the log again. */
const COMMIT_EVERY_MS = 500

type InvalidatorSettings = ReturnType<typeof readInvalidatorConfig>

runProgram('common-way-invalidator', async () => await start(readInvalidatorConfig()))

async function start(config: InvalidatorSettings): Promise<Lifecycle> {
  const log = createLogger('common-way-invalidator', 'warn')
  const lifecycle = createLifecycle(log)
  const { connect, isReady } = createConnections(config.REDIS_URL, lifecycle, log)
  const { open, againAfterMs } = COMMON_WAYS[config.COMMON_WAY]
  const way = await open({ connect, load: () => Promise.resolve(null) })
  lifecycle.onStop('way', () => way[Symbol.asyncDispose]())

  /** A library that logs a failed deletion and goes on would lose it: the event is taken again instead. */
  async function invalidate(id: string): Promise<void> {
    if (!isReady()) throw new Error('Redis is away')
    await way.invalidate(id)
  }

  const kafka = createKafka(config.KAFKA_BROKERS, 'common-way', log)
  // The second deletion is a group of its own that runs late: as sure as the first, also when it is killed in between.
  const delays = againAfterMs === null ? [0] : [0, againAfterMs]
  const followers = delays.map((delayMs) => {
    const consumer = kafka.consumer({
      groupId: `${config.COMMON_WAY_GROUP}.${delayMs}`,
      minBytes: 1,
      maxWaitTimeInMs: 100,
      sessionTimeout: 10_000,
      heartbeatInterval: 1_000,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: () => Promise.resolve(true) },
    })
    const follower = follow(consumer, delayMs, invalidate)
    lifecycle.onStop('consumer', () => consumer.disconnect())
    return follower
  })
  await Promise.all(followers.map(({ begun }) => begun))
  const ops = await startOpsServer({
    host: config.HOST,
    port: config.INVALIDATOR_OPS_PORT,
    metrics: createMetrics('common-way-invalidator'),
    health: () => ({
      log: { ok: followers.every(({ isJoined }) => isJoined()), required: true, detail: 'whether its group has let it in' },
    }),
    stopping: lifecycle.signal,
  })
  lifecycle.onStop('operations server', () => ops.close())
  return lifecycle
}

interface Follower {
  readonly begun: Promise<void>
  readonly isJoined: () => boolean
}

function follow(consumer: KafkaConsumer, delayMs: number, invalidate: Way['invalidate']): Follower {
  let joined = false
  consumer.on(consumer.events.GROUP_JOIN, () => (joined = true))

  async function takeBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }: KafkaBatch): Promise<void> {
    for (const message of batch.messages) {
      if (!isRunning() || isStale()) return
      // The catalog's own heartbeats name no product.
      if (message.key !== null) {
        await sleep(Math.max(0, Number(message.timestamp) + delayMs - Date.now()))
        await invalidate(message.key.toString())
      }
      resolveOffset(message.offset)
      await heartbeat()
    }
  }

  const begin = async () => {
    await consumer.connect()
    await consumer.subscribe({ topics: [productTopic('')], fromBeginning: false })
    await consumer.run({
      autoCommitInterval: COMMIT_EVERY_MS,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatchAutoResolve: false,
      eachBatch: takeBatch,
    })
  }
  return { begun: begin(), isJoined: () => joined }
}
