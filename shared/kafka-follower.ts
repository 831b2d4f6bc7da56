/** Follows the product topic from given offsets, run by run, for ever: a consumer group of its own that commits nothing. */
import { randomBytes } from 'node:crypto'
import { BUCKET_COUNT } from './bucket.ts'
import type { ApplyRun, EventFollower, LogPosition, LogStart } from './event-log.ts'
import { createKafka, productTopic, type KafkaBatch, type KafkaClient, type KafkaConsumer } from './kafka.ts'
import { toRuns } from './kafka-runs.ts'
import type { KafkaOptions } from './kafka-publisher.ts'
import { pause, withTimeout } from './lifecycle.ts'
import { createOutage } from './outage.ts'

const RESTART_AFTER_MS = 1_000
const RETRY_APPLY_MS = 200
const ADMIN_MS = 10_000
/** Of one fetch of one partition; a run is smaller still. */
const FETCH_BYTES = 1024 * 1024

export interface KafkaFollowerOptions extends KafkaOptions {
  readonly group: string
  /** Told how many messages of a run could not be read; those that name a product invalidate it. */
  readonly onUnreadable?: (messages: number) => void
}

/**
 * @param options.group names the group; each start adds random letters, because two members of one group would share the partitions,
 *   and a member that died would hold up its successor until its session ended
 */
export function createKafkaFollower(options: KafkaFollowerOptions): EventFollower {
  const kafka = createKafka(options.brokers, options.clientId, options.log)
  const topic = productTopic(options.topicPrefix)
  const abort = new AbortController()
  /** The next offset of each partition; kafkajs forgets it whenever it restarts. */
  const next = new Map<number, number>()
  const newestTimeline = new Map<number, number>()
  const positions = sharedPositions(kafka, topic)
  const reaching = createOutage(options.log, {
    begins: 'the event log cannot be followed now; trying again',
    ends: 'the event log is followed again',
  })
  const applying = createOutage(options.log, { begins: 'events cannot be applied; trying again', ends: 'events are applied again' })
  let heardAtMs = performance.now()
  let following: Promise<void> = Promise.resolve()

  async function follow(startAt: (partition: number) => Promise<LogStart>, apply: ApplyRun): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        await begin(startAt)
        await consume(apply)
      } catch (error) {
        reaching.failed(error)
      }
      await pause(RESTART_AFTER_MS, abort.signal)
    }
  }

  async function begin(startAt: (partition: number) => Promise<LogStart>): Promise<void> {
    const missing = Array.from({ length: BUCKET_COUNT }, (_, partition) => partition).filter((partition) => !next.has(partition))
    const starts = await Promise.all(missing.map((partition) => startAt(partition)))
    missing.forEach((partition, i) => {
      next.set(partition, starts[i]?.offset ?? 0)
      newestTimeline.set(partition, starts[i]?.newestTimeline ?? 0)
    })
  }

  /** Resolves when the consumer has given up or the follower is closed. */
  async function consume(apply: ApplyRun): Promise<void> {
    const consumer = createConsumer(kafka, `${options.group}.${randomBytes(4).toString('hex')}`)
    const ended = Promise.withResolvers<void>()
    // Before the first fetch of every (re)join, in the same turn: "latest" would lose what was sent before.
    consumer.on(consumer.events.GROUP_JOIN, () => {
      for (const [partition, offset] of next) consumer.seek({ topic, partition, offset: String(offset) })
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) ended.resolve()
    })
    consumer.on(consumer.events.REQUEST, ({ payload }) => {
      if (payload.apiName !== 'Fetch') return
      heardAtMs = performance.now()
      reaching.succeeded()
    })
    const end = () => ended.resolve()
    abort.signal.addEventListener('abort', end, { once: true })
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: BUCKET_COUNT,
        eachBatch: (payload) => takeBatch(consumer, payload, apply),
      })
      await ended.promise
    } finally {
      abort.signal.removeEventListener('abort', end)
      await consumer.disconnect()
    }
  }

  async function takeBatch(consumer: KafkaConsumer, payload: KafkaBatch, apply: ApplyRun): Promise<void> {
    const { partition, messages } = payload.batch
    // A twin may have been here first. Not known beyond this batch: one that begins earlier than expected is of a log that was cut.
    let ahead = 0
    for (const { run, unreadable } of toRuns(partition, messages, newestTimeline.get(partition) ?? 0)) {
      if (!payload.isRunning() || payload.isStale()) return
      newestTimeline.set(partition, run.newestTimeline)
      if (unreadable > 0) options.onUnreadable?.(unreadable)
      if (run.to > ahead) {
        const applied = await applyOnce(run, apply)
        if (applied === null) return await payload.heartbeat()
        ahead = applied.next
        next.set(partition, ahead)
        if (ahead < run.to) return consumer.seek({ topic, partition, offset: String(ahead) })
      }
      payload.resolveOffset(String(ahead - 1))
      await payload.heartbeat()
    }
  }

  /** null after a failure: the offset was not moved, so the run is fetched again. */
  async function applyOnce(run: Parameters<ApplyRun>[0], apply: ApplyRun): Promise<{ next: number } | null> {
    try {
      const applied = await apply(run)
      applying.succeeded()
      return applied
    } catch (error) {
      applying.failed(error)
      await pause(RETRY_APPLY_MS, abort.signal)
      return null
    }
  }

  return {
    start: (startAt, apply) => {
      following = follow(startAt, apply)
      return Promise.resolve()
    },
    position: async (partition) => found(await positions(), partition),
    silentMs: () => performance.now() - heardAtMs,
    close: async () => {
      abort.abort()
      await following
    },
  }
}

function createConsumer(kafka: KafkaClient, groupId: string): KafkaConsumer {
  return kafka.consumer({
    groupId,
    minBytes: 1,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: FETCH_BYTES,
    maxBytes: BUCKET_COUNT * FETCH_BYTES,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    heartbeatInterval: 1_000,
    metadataMaxAge: 60_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: () => Promise.resolve(true) },
  })
}

/** Callers of one turn share one request, which begins after all of them have asked. */
function sharedPositions(kafka: KafkaClient, topic: string): () => Promise<ReadonlyMap<number, LogPosition>> {
  let reading: Promise<ReadonlyMap<number, LogPosition>> | null = null
  async function readSoon(): Promise<ReadonlyMap<number, LogPosition>> {
    await new Promise((resolve) => setImmediate(resolve))
    reading = null
    return await readPositions(kafka, topic)
  }
  return () => (reading ??= readSoon())
}

async function readPositions(kafka: KafkaClient, topic: string): Promise<ReadonlyMap<number, LogPosition>> {
  const admin = kafka.admin({ retry: { retries: 2 } })
  return await withTimeout(ADMIN_MS, `Reading the offsets of ${topic}`, async () => {
    try {
      await admin.connect()
      const offsets = await admin.fetchTopicOffsets(topic)
      return new Map(offsets.map(({ partition, low, high }) => [partition, { earliest: Number(low), end: Number(high) }]))
    } finally {
      await admin.disconnect()
    }
  })
}

function found(positions: ReadonlyMap<number, LogPosition>, partition: number): LogPosition {
  const position = positions.get(partition)
  if (position === undefined) throw new Error(`Expected the product topic to have partition ${partition}, got none`)
  return position
}
