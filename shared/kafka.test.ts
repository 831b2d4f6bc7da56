import { once } from 'node:events'
import { createServer, Socket, type AddressInfo } from 'node:net'
import kafkajs, { type KafkaMessage } from 'kafkajs'
import { v7 as uuid } from 'uuid'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { kafkaMissing, testKafka, type TestKafka } from '../test/support/parts.ts'
import { BUCKET_COUNT, bucketOf } from './bucket.ts'
import type { LogRun, ProductEvent } from './event-log.ts'
import { createKafkaFollower } from './kafka-follower.ts'
import { createKafkaPublisher } from './kafka-publisher.ts'
import { produceRequest } from './kafka-produce.ts'
import {
  createKafka,
  createProducer,
  createTopics,
  GZIP,
  productStateTopic,
  productTopic,
  RequestQueueClass,
  topicSettings,
  type RequestQueue,
} from './kafka.ts'
import { nowUs, toStamp, type Stamp } from './stamp.ts'

const log = { info: () => {}, debug: () => {}, warn: () => {} }
const stampNow = (): Stamp => toStamp(1, nowUs())
const atStart = () => Promise.resolve({ offset: 0, newestTimeline: 0 })
const goOn = (run: LogRun) => Promise.resolve({ next: run.to })

function event(productId: string, rev: number, fields: Partial<ProductEvent> = {}): ProductEvent {
  return { productId, rev, stamp: stampNow(), state: 'visible', doc: `{"n":${rev}}`, omitted: false, changedAtMs: 1, ...fields }
}

describe.skipIf(await kafkaMissing())('on a real Kafka', () => {
  let kafka: TestKafka

  beforeAll(async () => {
    kafka = await testKafka()
    await createTopics(kafka.brokers, kafka.topicPrefix, 1)
  })

  const publisher = () => createKafkaPublisher({ ...kafka, clientId: 'test', log })
  const follower = () => createKafkaFollower({ ...kafka, clientId: 'test', group: `${kafka.topicPrefix}test`, log })

  test('the topics can be made twice, and by several at once', async () => {
    const topicPrefix = `${kafka.topicPrefix}again.`
    const made = await Promise.all([1, 2, 3].map(() => createTopics(kafka.brokers, topicPrefix, 1)))
    expect(made.flat().length).toBeGreaterThanOrEqual(4)
    expect(await createTopics(kafka.brokers, topicPrefix, 1)).toEqual([])
    const admin = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: [productTopic(topicPrefix)] })
    expect(topics[0]?.partitions).toHaveLength(BUCKET_COUNT)
    expect(await topicSettings(admin, productTopic(topicPrefix))).toMatchObject({ 'cleanup.policy': 'delete', 'retention.ms': '604800000' })
    expect(await topicSettings(admin, productStateTopic(topicPrefix))).toMatchObject({ 'cleanup.policy': 'compact' })
    await admin.disconnect()
  })

  test('a topic with another number of partitions is refused', async () => {
    const topicPrefix = `${kafka.topicPrefix}few.`
    const admin = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: productTopic(topicPrefix), numPartitions: 3 }] })
    await admin.disconnect()
    await expect(createTopics(kafka.brokers, topicPrefix, 1)).rejects.toThrow('to have 16 partitions, got 3')
  })

  test('what is published is followed in order, in contiguous runs, each product in its bucket', async () => {
    const [sending, following] = [publisher(), follower()]
    const sent = Array.from({ length: 300 }, (_, n) => event(uuid(), n + 1))
    const runs: LogRun[] = []
    await following.start(atStart, (run) => {
      runs.push(run)
      return goOn(run)
    })
    for (let n = 0; n < sent.length; n += 50) await sending.publish(sent.slice(n, n + 50))
    const stamp = stampNow()
    await sending.heartbeat(stamp)
    await expect.poll(() => runs.filter((run) => run.heartbeat === stamp).length, { timeout: 20_000 }).toBe(BUCKET_COUNT)
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const own = runs.filter((run) => run.partition === bucket)
      expect(own.flatMap((run) => run.events)).toEqual(sent.filter(({ productId }) => bucketOf(productId) === bucket))
      expect(own.slice(1).every((run, n) => run.from === own[n]?.to)).toBe(true)
      expect((await following.position(bucket)).end).toBe(own.at(-1)?.to)
    }
    expect(following.silentMs()).toBeLessThan(5_000)
    await Promise.all([sending.close(), following.close()])
  })

  test('a follower that ended is resumed by another from the offset that was kept elsewhere', async () => {
    const sending = publisher()
    const id = uuid()
    const bucket = bucketOf(id)
    const kept = { next: (await follower().position(bucket)).end }
    const revs: number[] = []
    const start = async (following: ReturnType<typeof follower>) => {
      const positions = await Promise.all(Array.from({ length: BUCKET_COUNT }, (_, partition) => following.position(partition)))
      const startAt = async (partition: number) => ({
        offset: partition === bucket ? kept.next : (positions[partition]?.end ?? 0),
        newestTimeline: 1,
      })
      await following.start(startAt, async (run) => {
        if (run.partition !== bucket) return { next: run.to }
        revs.push(...run.events.map(({ rev }) => rev))
        kept.next = run.to
        return { next: run.to }
      })
    }
    const first = follower()
    await start(first)
    await sending.publish([event(id, 1), event(id, 2)])
    await expect.poll(() => revs, { timeout: 20_000 }).toEqual([1, 2])
    await first.close()
    await sending.publish([event(id, 3)])
    const second = follower()
    await start(second)
    await sending.publish([event(id, 4)])
    await expect.poll(() => revs, { timeout: 20_000 }).toEqual([1, 2, 3, 4])
    await Promise.all([sending.close(), second.close()])
  })

  test('a run that could not be applied is handed in again, and one that leaves a gap goes back', async () => {
    const [sending, following] = [publisher(), follower()]
    const id = uuid()
    const bucket = bucketOf(id)
    const from = (await following.position(bucket)).end
    await sending.publish([event(id, 1)])
    await sending.publish([event(id, 2)])
    const seen: number[][] = []
    const answers = [
      () => Promise.reject(new Error('not now')),
      (run: LogRun) => Promise.resolve(run.to),
      () => Promise.resolve(from),
      async () => {
        await sending.publish([event(id, 4)])
        await sending.publish([event(id, 5)])
        // A twin has applied rev 4, but not yet rev 5.
        return from + 4
      },
    ]
    const startAt = async (partition: number) => ({
      offset: partition === bucket ? from : (await following.position(partition)).end,
      newestTimeline: 1,
    })
    await following.start(startAt, async (run) => {
      if (run.partition !== bucket) return { next: run.to }
      seen.push(run.events.map(({ rev }) => rev))
      return { next: (await answers.shift()?.(run)) ?? run.to }
    })
    await expect
      .poll(() => seen, { timeout: 20_000 })
      .toEqual([
        [1, 2],
        [1, 2],
      ])
    await sending.publish([event(id, 3)])
    await expect.poll(() => seen.slice(2), { timeout: 20_000 }).toEqual([[3], [1, 2, 3], [5]])
    await Promise.all([sending.close(), following.close()])
  })

  test('a publish that nobody answers fails', async () => {
    const silent = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const sending = createKafkaPublisher({ ...kafka, brokers: [`127.0.0.1:${port}`], clientId: 'test', log })
    await expect(sending.publish([event(uuid(), 1)])).rejects.toThrow(/Closed connection|Connection|broker/i)
    silent.close()
    await sending.close()
  })

  test('what a producer sends is encoded by us, one batch for both topics', async () => {
    const messages = [{ key: 'k', value: 'text '.repeat(2_000), headers: { ce_id: '1' }, partition: 0 }]
    const topics = [productTopic(kafka.topicPrefix), productStateTopic(kafka.topicPrefix)]
    const sending = createProducer(createKafka(kafka.brokers, 'test', log))
    await sending.connect()
    const written = vi.spyOn(Socket.prototype, 'write')
    await sending.sendBatch({ acks: -1, timeout: 5_000, compression: GZIP, topicMessages: topics.map((topic) => ({ topic, messages })) })
    const sizes = written.mock.calls.map(([bytes]) => bytes.length)
    written.mockRestore()
    await sending.disconnect()
    const topicData = topics.map((topic) => ({ topic, partitions: [{ partition: 0, messages }] }))
    const { buffer } = await produceRequest({ acks: -1, timeout: 5_000, compression: GZIP, topicData }).encode()
    // A request begins with its length, its kind and version, a number, and who sends it.
    expect(sizes).toContain(4 + 2 + 2 + 4 + 2 + 'test'.length + buffer.length)
  })

  test('the compacted topic holds the state of a product by its key, and a tombstone once it is deleted', async () => {
    const sending = publisher()
    const id = uuid()
    await sending.publish([event(id, 1), event(id, 2, { state: 'hidden', doc: null }), event(id, 3, { state: 'deleted', doc: null })])
    await sending.heartbeat(stampNow())
    await sending.close()
    const own: KafkaMessage[] = []
    const others: (string | undefined)[] = []
    const client = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: kafkajs.logLevel.NOTHING })
    const consumer = client.consumer({ groupId: `${kafka.topicPrefix}state` })
    await consumer.connect()
    await consumer.subscribe({ topics: [productStateTopic(kafka.topicPrefix)], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (message.key?.toString() === id) own.push(message)
        else others.push(message.headers?.['ce_type']?.toString())
      },
    })
    await expect.poll(() => own.length, { timeout: 20_000 }).toBe(3)
    await consumer.disconnect()
    expect(own.map((message) => message.value && (JSON.parse(message.value.toString()) as { state: string }).state)).toEqual([
      'visible',
      'hidden',
      null,
    ])
    expect(others).not.toContain('catalog.heartbeat.v1')
  })
})

describe('the repair of kafkajs', () => {
  test('still fits the kafkajs that is installed', () => {
    const { prototype } = RequestQueueClass
    expect(Object.getOwnPropertyNames(prototype)).toEqual(
      expect.arrayContaining(['scheduleCheckPendingRequests', 'checkPendingRequests', 'canSendSocketRequestImmediately', 'push']),
    )
    const queue = newQueue()
    expect(queue).toMatchObject({ pending: [], throttledUntil: -1, throttleCheckTimeoutId: null })
  })

  test('an idle queue sets no timer; one with something pending does', () => {
    const queue = newQueue()
    queue.scheduleCheckPendingRequests()
    expect(queue.throttleCheckTimeoutId).toBeNull()
    queue.pending.push({})
    queue.scheduleCheckPendingRequests()
    expect(queue.throttleCheckTimeoutId).not.toBeNull()
    clearTimeout(queue.throttleCheckTimeoutId as NodeJS.Timeout)
  })
})

function newQueue(): RequestQueue & { throttleCheckTimeoutId: NodeJS.Timeout | null } {
  const Queue = RequestQueueClass as unknown as new (options: object) => ReturnType<typeof newQueue>
  return new Queue({
    maxInFlightRequests: 1,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: 'none',
    logger: log,
  })
}
