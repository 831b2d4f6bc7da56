/** How long a commit takes to reach Redis, through the real programs: outbox, relay, Kafka, invalidator. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { v7 as uuid } from 'uuid'
import { createRedisStore, type RedisStore } from '../catalog-query/cache/redis-store.ts'
import { encodePayload } from '../catalog-query/cache/copy.ts'
import { decodeCopy } from '../catalog-query/cache/copy.ts'
import { renderCopy } from '../catalog-query/cache/render-copy.ts'
import { DROP_CHANNEL, decodeDrop } from '../catalog-query/cache/drop-channel.ts'
import { bucketOf } from '../shared/bucket.ts'
import { createTopics } from '../shared/kafka.ts'
import { parseRepresentationCode } from '../shared/representation.ts'
import { nowUs, toStamp } from '../shared/stamp.ts'
import { commitProduct, tinyDocument } from './support/commit-product.ts'
import { kafkaMissing, redisMissing, testDatabase, testKafka, testRedis } from './support/parts.ts'
import { runProgram } from './support/run-program.ts'

const CODE = 'default/en'
const PRODUCTS = 200
const WRITES = 1_600
/** Before these the programs are cold: compiled as they go, connecting as they go. */
const WARM_UP = 600
const WRITES_PER_SECOND = 200

test.skipIf((await kafkaMissing()) || (await redisMissing()))(
  'a commit reaches Redis within milliseconds at 200 writes a second',
  { timeout: 120_000 },
  async () => {
    await using database = await testDatabase()
    await using redisPart = await testRedis()
    const kafka = await testKafka()
    await createTopics(kafka.brokers, kafka.topicPrefix, 1)
    const env = {
      DATABASE_URL: database.primaryUrl,
      REDIS_URL: redisPart.url,
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_TOPIC_PREFIX: kafka.topicPrefix,
    }
    await using relay = await runProgram('catalog-admin/relay/main.ts', env)
    await using one = await runProgram('catalog-query/invalidator/main.ts', env)
    await using twin = await runProgram('catalog-query/invalidator/main.ts', env)
    const [redis, drops] = [new Redis(redisPart.url), new Redis(redisPart.url)]
    const store = createRedisStore(redis)
    const ids = Array.from({ length: PRODUCTS }, () => uuid())
    await everyBucketClaims(store)
    await fillAll(store, ids)

    // APPLY publishes the drop last: when it is heard, Redis holds the change.
    const appliedUs = new Map<string, number>()
    const delaysMs: number[] = []
    await drops.subscribe(DROP_CHANNEL)
    const waiting = new Map<string, number>()
    drops.on('message', (_channel, message) => {
      for (const id of decodeDrop(message)) {
        appliedUs.set(id, nowUs())
        const acknowledgedUs = waiting.get(id)
        if (acknowledgedUs === undefined) continue
        waiting.delete(id)
        delaysMs.push((nowUs() - acknowledgedUs) / 1000)
      }
    })
    const last = new Map<string, number>()
    const begunMs = performance.now()
    const writes: Promise<void>[] = []
    for (let n = 0; n < WRITES; n++) {
      await sleep(Math.max(0, begunMs + (n * 1000) / WRITES_PER_SECOND - performance.now()))
      const id = ids[n % PRODUCTS] as string
      const isMeasured = n >= WARM_UP
      writes.push(
        commitProduct(database.primary, { id, doc: tinyDocument(id, `Title ${n}`) }).then(({ rev, acknowledgedUs }) => {
          last.set(id, rev)
          if (!isMeasured) return
          // A page may be published before its writer hears of the commit.
          if ((appliedUs.get(id) ?? 0) > acknowledgedUs) delaysMs.push(0)
          else waiting.set(id, acknowledgedUs)
        }),
      )
    }
    await Promise.all(writes)
    await expect.poll(() => revsOf(store, ids), { timeout: 10_000, interval: 50 }).toEqual(ids.map((id) => last.get(id)))
    const sorted = delaysMs.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number
    process.stdout.write(
      `commit → Redis: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms, max ${at(1).toFixed(1)} ms (${sorted.length})\n`,
    )
    // Not the goal (10 and 100 ms on a machine that does nothing else), but what a machine full of other tests still keeps.
    expect(at(0.5)).toBeLessThan(1_000)
    for (const program of [relay, one, twin])
      expect(await (await fetch(`${program.opsUrl}/readyz`)).json()).toMatchObject({ status: 'ready' })
    redis.disconnect()
    drops.disconnect()
  },
)

async function everyBucketClaims(store: RedisStore): Promise<void> {
  const buckets = Array.from({ length: 16 }, (_, bucket) => ({ bucket, keys: [] }))
  await expect
    .poll(async () => (await store.readMany(buckets)).filter((read) => Number(read?.watermark?.ts ?? 0) > 0).length, { timeout: 30_000 })
    .toBe(16)
}

async function fillAll(store: RedisStore, ids: readonly string[]): Promise<void> {
  // Later than the new watermarks' p, which is 500 ms ahead of the invalidators' clock.
  const asOf = toStamp(1, nowUs() + 1_000_000)
  for (const productId of ids) {
    const source = { state: 'visible', rev: 1, document: tinyDocument(productId, 'Old'), changedAtMs: 0, contained: asOf } as const
    const payload = encodePayload(renderCopy(source, parseRepresentationCode(CODE), 0))
    const fill = { bucket: bucketOf(productId), productId, code: CODE, rev: 1, asOf, payload, ttlMs: 60_000 }
    expect(await store.fill(fill)).toBe('stored')
  }
}

async function revsOf(store: RedisStore, ids: readonly string[]): Promise<(number | undefined)[]> {
  const requests = ids.map((productId) => ({ bucket: bucketOf(productId), keys: [{ productId, code: CODE }] }))
  const reads = await store.readMany(requests)
  return reads.map((read) => decodeCopy(read?.copies[0] ?? Buffer.alloc(0))?.rev)
}
