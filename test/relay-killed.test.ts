/** What happens between an outbox row and Redis when a part dies in between: through real PostgreSQL, Kafka and Redis. */
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { v7 as uuid } from 'uuid'
import { expect, test } from 'vitest'
import { markPublished, selectPage } from '../catalog-admin/relay/outbox.ts'
import { relayRound } from '../catalog-admin/relay/relay-round.ts'
import { copyTtlMs, newGeneration, type CacheStore } from '../catalog-query/cache/cache-store.ts'
import { decodeCopy, encodePayload } from '../catalog-query/cache/copy.ts'
import { createRedisStore } from '../catalog-query/cache/redis-store.ts'
import { renderCopy } from '../catalog-query/cache/render-copy.ts'
import { createRunApplier } from '../catalog-query/invalidator/run-applier.ts'
import { startAt } from '../catalog-query/invalidator/start-at.ts'
import { bucketOf } from '../shared/bucket.ts'
import { readPosition, tick } from '../shared/clock.ts'
import type { EventFollower, EventPublisher, LogRun } from '../shared/event-log.ts'
import { createKafkaFollower } from '../shared/kafka-follower.ts'
import { createKafkaPublisher } from '../shared/kafka-publisher.ts'
import { createTopics } from '../shared/kafka.ts'
import { createLogTableFollower } from '../shared/log-table-follower.ts'
import { createLogTablePublisher } from '../shared/log-table.ts'
import { parseRepresentationCode } from '../shared/representation.ts'
import { nowUs, toStamp } from '../shared/stamp.ts'
import { commitProduct, tinyDocument } from './support/commit-product.ts'
import { kafkaMissing, redisMissing, testDatabase, testKafka, testRedis, type TestDatabase } from './support/parts.ts'

const log = { info: () => {}, debug: () => {}, warn: () => {} }
const CODE = 'default/en'
const noRedis = await redisMissing()
const noKafka = await kafkaMissing()

interface Log {
  readonly publisher: () => EventPublisher
  readonly follower: () => EventFollower
}

async function kafkaLog(): Promise<Log> {
  const kafka = await testKafka()
  await createTopics(kafka.brokers, kafka.topicPrefix, 1)
  return {
    publisher: () => createKafkaPublisher({ ...kafka, clientId: 'test', log }),
    follower: () => createKafkaFollower({ ...kafka, clientId: 'test', group: `${kafka.topicPrefix}test`, log }),
  }
}

const tableLog = (database: TestDatabase): Log => ({
  publisher: () => createLogTablePublisher(database.primary),
  follower: () => createLogTableFollower({ pools: [database.replica], log }),
})

/** A relay by hand: one round at a time, on a session of its own. */
async function openRelay(database: TestDatabase, publisher: EventPublisher) {
  const session = new Client(database.primaryUrl)
  await session.connect()
  return {
    round: () =>
      relayRound(
        {
          tick: () => tick(session),
          selectPage: () => selectPage(session),
          readPosition: () => readPosition(session),
          publish: publisher.publish,
          mark: (rowIds) => markPublished(session, rowIds),
          heartbeat: publisher.heartbeat,
        },
        true,
      ),
    end: async () => {
      await session.end()
      await publisher.close()
    },
  }
}

async function startInvalidator(store: CacheStore, follower: EventFollower) {
  const runs: LogRun[] = []
  const apply = createRunApplier({ store, position: follower.position, nowUs, newGeneration, ttlMs: copyTtlMs })
  await follower.start(
    (partition) => startAt(partition, store, follower.position),
    async (run) => {
      const applied = await apply(run)
      runs.push(run)
      return applied
    },
  )
  return runs
}

async function fillOld(store: CacheStore, productId: string): Promise<void> {
  const asOf = toStamp(1, nowUs() + 1_000_000)
  const source = { state: 'visible', rev: 1, document: tinyDocument(productId, 'Old'), changedAtMs: 0, contained: asOf } as const
  const payload = encodePayload(renderCopy(source, parseRepresentationCode(CODE), 0))
  expect(await store.fill({ bucket: bucketOf(productId), productId, code: CODE, rev: 1, asOf, payload, ttlMs: 60_000 })).toBe('stored')
}

async function read(store: CacheStore, productId: string) {
  const [answer] = await store.readMany([{ bucket: bucketOf(productId), keys: [{ productId, code: CODE }] }])
  return { watermark: answer?.watermark ?? null, copy: decodeCopy(answer?.copies[0] ?? Buffer.alloc(0)) }
}

/** The story of a relay that died, and of the next one. @returns the revs published of the product, its own rev, and its title in Redis */
async function killedBetweenPublishAndMark(database: TestDatabase, eventLog: Log) {
  await using part = await testRedis()
  const redis = new Redis(part.url)
  const store = createRedisStore(redis)
  const id = uuid()
  const follower = eventLog.follower()
  const runs = await startInvalidator(store, follower)

  const sending = eventLog.publisher()
  const dying = await openRelay(database, {
    ...sending,
    publish: async (events) => {
      await sending.publish(events)
      throw new Error('killed')
    },
  })
  await dying.round()
  await expect.poll(async () => (await read(store, id)).watermark?.ts ?? '', { timeout: 20_000 }).toMatch(/^0001/)
  await fillOld(store, id)
  const { rev } = await commitProduct(database.primary, { id, doc: tinyDocument(id, 'New') })
  await expect(dying.round()).rejects.toThrow('killed')
  await dying.end()

  const second = await openRelay(database, eventLog.publisher())
  const { heartbeat, rows } = await second.round()
  expect(rows).toBe(1)
  expect((await second.round()).rows).toBe(0)
  await expect
    .poll(async () => (await read(store, id)).watermark?.ts ?? '', { timeout: 20_000 })
    .toSatisfy((ts: string) => ts >= (heartbeat ?? '9'))
  const published = runs.flatMap((run) => run.events.filter((event) => event.productId === id))
  const { copy } = await read(store, id)
  await second.end()
  await follower.close()
  redis.disconnect()
  const { title } = JSON.parse(copy?.body.toString() ?? '{}') as { title?: string }
  return { rev, published: published.map((event) => event.rev), cached: { rev: copy?.rev, title } }
}

test.skipIf(noRedis || noKafka)(
  'a relay killed between publish and mark publishes twice and nothing breaks, on Kafka',
  { timeout: 60_000 },
  async () => {
    await using database = await testDatabase()
    const { rev, published, cached } = await killedBetweenPublishAndMark(database, await kafkaLog())
    expect(published).toEqual([rev, rev])
    expect(cached).toEqual({ rev, title: 'New' })
  },
)

test.skipIf(noRedis)('a relay killed between publish and mark publishes twice and nothing breaks, on the log table', async () => {
  await using database = await testDatabase()
  const { rev, published, cached } = await killedBetweenPublishAndMark(database, tableLog(database))
  expect(published).toEqual([rev, rev])
  expect(cached).toEqual({ rev, title: 'New' })
})

test.skipIf(noRedis || noKafka)(
  'a Redis that lost everything gets new watermarks, and what follows is applied',
  { timeout: 60_000 },
  async () => {
    await using database = await testDatabase()
    await using part = await testRedis()
    const eventLog = await kafkaLog()
    const redis = new Redis(part.url)
    const store = createRedisStore(redis)
    const id = uuid()
    const [one, two] = [eventLog.follower(), eventLog.follower()]
    await startInvalidator(store, one)
    await startInvalidator(store, two)
    const relay = await openRelay(database, eventLog.publisher())
    const claimed = async () => {
      const { heartbeat } = await relay.round()
      await expect
        .poll(async () => (await read(store, id)).watermark?.ts ?? '', { timeout: 20_000 })
        .toSatisfy((ts: string) => ts >= (heartbeat ?? '9'))
    }
    await claimed()
    await fillOld(store, id)
    const before = (await read(store, id)).watermark
    await redis.flushall()
    await claimed()
    const after = (await read(store, id)).watermark
    expect(after?.gen).not.toBe(before?.gen)
    await fillOld(store, id)
    const { rev } = await commitProduct(database.primary, { id, doc: tinyDocument(id, 'New') })
    await claimed()
    expect((await read(store, id)).copy?.rev).toBe(rev)
    await relay.end()
    await Promise.all([one.close(), two.close()])
    redis.disconnect()
  },
)
