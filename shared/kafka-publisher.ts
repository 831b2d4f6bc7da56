/** Appends product events to Kafka: a page in one request a broker, acknowledged by all in-sync replicas. */
import type { Logger } from 'pino'
import { BUCKET_COUNT, bucketOf } from './bucket.ts'
import type { EventPublisher, ProductEvent } from './event-log.ts'
import { toHeartbeatMessage, toProductMessage, toStateMessage, type EventMessage } from './event-message.ts'
import { createKafka, createProducer, GZIP, productStateTopic, productTopic } from './kafka.ts'
import type { Stamp } from './stamp.ts'

/** Below this a page is not worth its compression. */
const GZIP_FROM_BYTES = 8 * 1024
const ACKNOWLEDGE_MS = 5_000

export interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly topicPrefix: string
  readonly clientId: string
  readonly log: Pick<Logger, 'info' | 'debug' | 'warn'>
}

interface PartitionMessage extends EventMessage {
  readonly partition: number
  readonly headers: Record<string, string>
}

/** Connects at the first publish, and again after every failure: a broker need not be there at the start. */
export function createKafkaPublisher(options: KafkaOptions): EventPublisher {
  const producer = createProducer(createKafka(options.brokers, options.clientId, options.log))
  const topic = productTopic(options.topicPrefix)
  const stateTopic = productStateTopic(options.topicPrefix)
  let connected: Promise<void> | null = null

  /** A failed connection is forgotten, so that the next publish tries again. */
  async function connect(): Promise<void> {
    connected ??= producer.connect()
    try {
      await connected
    } catch (error) {
      connected = null
      throw error
    }
  }

  async function send(topicMessages: { topic: string; messages: PartitionMessage[] }[], compressed: boolean): Promise<void> {
    await connect()
    await producer.sendBatch({ topicMessages, acks: -1, timeout: ACKNOWLEDGE_MS, ...(compressed ? { compression: GZIP } : {}) })
  }

  return {
    publish: async (events: readonly ProductEvent[]) => {
      if (events.length === 0) return
      const pairs = events.map((event) => {
        const changed = message(toProductMessage(event), bucketOf(event.productId))
        return { changed, state: toStateMessage(event, changed) }
      })
      const sizeBytes = pairs.reduce((sum, { changed }) => sum + (changed.value?.length ?? 0), 0)
      const topics = [
        { topic, messages: pairs.map(({ changed }) => changed) },
        { topic: stateTopic, messages: pairs.map(({ state }) => state) },
      ]
      await send(topics, sizeBytes >= GZIP_FROM_BYTES)
    },
    heartbeat: async (stamp: Stamp) => {
      const messages = Array.from({ length: BUCKET_COUNT }, (_, partition) => message(toHeartbeatMessage(stamp, partition), partition))
      await send([{ topic, messages }], false)
    },
    close: () => producer.disconnect(),
  }
}

/** kafkajs wants headers that it may change. */
function message({ key, headers, value }: EventMessage, partition: number): PartitionMessage {
  return { key, headers: { ...headers }, value, partition }
}
