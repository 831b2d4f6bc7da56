import { Kafka, logLevel } from 'kafkajs'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { kafkaMissing, redisMissing, testDatabase, testKafka, testRedis } from './parts.ts'

test('a test database has the tables, of its own, and its standby follows', async () => {
  await using one = await testDatabase()
  await using other = await testDatabase()
  await one.primary.query(`insert into brand (slug, name) values ('acme', 'Acme')`)
  await one.caughtUp()
  expect((await one.replica.query('select slug from brand')).rows).toEqual([{ slug: 'acme' }])
  expect((await other.primary.query('select slug from brand')).rows).toEqual([])
  expect((await one.replica.query('select pg_is_in_recovery() as standby')).rows).toEqual([{ standby: true }])
})

test.skipIf(await redisMissing())('a test Redis is empty and evicts nothing without a TTL', async () => {
  await using part = await testRedis()
  const redis = new Redis(part.url)
  try {
    expect(await redis.dbsize()).toBe(0)
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'volatile-lru'])
  } finally {
    redis.disconnect()
  }
})

test.skipIf(await kafkaMissing())('a test Kafka has one broker and prefixes that never meet', async () => {
  const [one, other] = [await testKafka(), await testKafka()]
  expect(one.brokers).toEqual(other.brokers)
  expect(one.topicPrefix).not.toBe(other.topicPrefix)
  const admin = new Kafka({ brokers: one.brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  expect((await admin.describeCluster()).brokers).toHaveLength(1)
  await admin.disconnect()
})
