/** The only file that imports kafkajs (unmaintained since 2023): the client, its repairs (the other is kafka-produce.ts), and the topics. */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Kafka, type LogEntry } from 'kafkajs'
import type { Logger } from 'pino'
import { BUCKET_COUNT } from './bucket.ts'
import { replaceProduce } from './kafka-produce.ts'

// Node sees only some of the names that this CommonJS package exports.
const { CompressionTypes, ConfigResourceTypes, logLevel, Partitioners } = kafkajs

export type KafkaClient = Kafka
export type KafkaProducer = ReturnType<Kafka['producer']>
export type KafkaConsumer = ReturnType<Kafka['consumer']>
export type KafkaAdmin = ReturnType<Kafka['admin']>
export type KafkaBatch = Parameters<NonNullable<NonNullable<Parameters<KafkaConsumer['run']>[0]>['eachBatch']>>[0]
export const GZIP = CompressionTypes.GZIP

/** What the repair touches of kafkajs's queue of requests to one broker. */
export interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  scheduleCheckPendingRequests(): void
}
export const RequestQueueClass = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }

// kafkajs looks at its queue in an endless loop of 1 ms timers, also when nothing waits: 4 % of a core for an idle client, against 0.2 %.
const scheduleAlways = RequestQueueClass.prototype.scheduleCheckPendingRequests
RequestQueueClass.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleAlways.call(this)
}

replaceProduce()

/** @param log gets kafkajs's lines one level lower than it thinks: most of its errors are retried and pass */
export function createKafka(brokers: readonly string[], clientId: string, log: Pick<Logger, 'info' | 'debug'>): KafkaClient {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => {
      const { message, error } = entry.log
      log[entry.level <= logLevel.ERROR ? 'info' : 'debug']({ kafka: entry.namespace, err: error as unknown }, message)
    },
  })
}

export function createProducer(kafka: KafkaClient): KafkaProducer {
  return kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
  })
}

const PRODUCTS = 'catalog.products.v1'
const PRODUCTS_STATE = 'catalog.products.state.v1'
const COMMANDS = 'catalog.commands.v1'
const COMMANDS_DEAD = 'catalog.commands.dlq.v1'

export const productTopic = (prefix: string): string => `${prefix}${PRODUCTS}`
export const productStateTopic = (prefix: string): string => `${prefix}${PRODUCTS_STATE}`

/** On a busy machine a broker leads its new partitions only after a while. */
const READY_MS = 30_000
const READY_AGAIN_MS = 50
const DAY_MS = 24 * 60 * 60 * 1000
const KEPT = { 'cleanup.policy': 'delete', 'retention.ms': String(7 * DAY_MS), 'retention.bytes': String(4 * 1024 ** 3) }
const TOPICS = [
  { name: PRODUCTS, config: { ...KEPT, 'segment.ms': String(DAY_MS) } },
  {
    name: PRODUCTS_STATE,
    config: { 'cleanup.policy': 'compact', 'segment.ms': String(DAY_MS), 'delete.retention.ms': String(7 * DAY_MS) },
  },
  { name: COMMANDS, config: KEPT },
  { name: COMMANDS_DEAD, config: { ...KEPT, 'retention.ms': String(30 * DAY_MS) } },
]

/** Every topic that createTopics makes. */
export const topicNames = (prefix: string): readonly string[] => TOPICS.map(({ name }) => prefix + name)

/**
 * Makes the topics that are missing; safe to run twice, and by several at once. Never changes a partition count: a product
 * would move between orders.
 * @returns the names of those it made
 * @throws when no broker answers within about 10 s, the topics are not led within 30 s, or the product topic has another number of partitions
 */
export async function createTopics(brokers: readonly string[], prefix: string, replication: number): Promise<readonly string[]> {
  const silent = { info: () => undefined, debug: () => undefined }
  const admin = createKafka(brokers, 'catalog-migrate', silent).admin()
  await admin.connect()
  try {
    const wanted = TOPICS.map((topic) => ({ name: prefix + topic.name, config: topic.config }))
    const existing = new Set(await admin.listTopics())
    const missing = wanted.filter((topic) => !existing.has(topic.name))
    if (missing.length > 0) await createMissing(admin, missing, replication)
    await checkPartitions(
      admin,
      wanted.map((topic) => topic.name),
    )
    return missing.map((topic) => topic.name)
  } finally {
    await admin.disconnect()
  }
}

async function createMissing(
  admin: KafkaAdmin,
  topics: readonly { name: string; config: Readonly<Record<string, string>> }[],
  replication: number,
): Promise<void> {
  const inSync = String(replication >= 3 ? 2 : 1)
  await admin.createTopics({
    waitForLeaders: false,
    timeout: 10_000,
    topics: topics.map(({ name, config }) => ({
      topic: name,
      numPartitions: BUCKET_COUNT,
      replicationFactor: replication,
      configEntries: Object.entries({ ...config, 'min.insync.replicas': inSync }).map(([key, value]) => ({ name: key, value })),
    })),
  })
}

/** A topic just made is not led at once, whatever the metadata says; a page sent to it now would fail in part and be sent twice. */
async function checkPartitions(admin: KafkaAdmin, names: string[]): Promise<void> {
  const endMs = performance.now() + READY_MS
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: names })
      const odd = topics.find((topic) => topic.partitions.length !== BUCKET_COUNT)
      if (odd) throw new Error(`Expected topic ${odd.name} to have ${BUCKET_COUNT} partitions, got ${odd.partitions.length}`)
      // Answered by the leaders themselves.
      for (const name of names) await admin.fetchTopicOffsets(name)
      return
    } catch (error) {
      if (!(error as { retriable?: boolean }).retriable || performance.now() > endMs) throw error
      await sleep(READY_AGAIN_MS)
    }
  }
}

/** For tests and operators: a topic's settings as the broker has them. */
export async function topicSettings(admin: KafkaAdmin, topic: string): Promise<Readonly<Record<string, string>>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  })
  return Object.fromEntries(resources.flatMap((resource) => resource.configEntries.map((entry) => [entry.configName, entry.configValue])))
}
