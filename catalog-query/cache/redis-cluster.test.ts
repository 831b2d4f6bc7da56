import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BUCKET_COUNT, bucketOf } from '../../shared/bucket.ts'
import { createRedis, refuseAllkeysEviction, type RedisClient } from '../../shared/redis.ts'
import { nowUs, toStamp } from '../../shared/stamp.ts'
import { signalGroup } from '../../stack/process.ts'
import { findRedis, startRedis } from '../../stack/redis.ts'
import { redisClusterUrl, startRedisCluster, type RedisClusterNode } from '../../stack/redis-cluster.ts'
import { tinyDocument } from '../../test/support/commit-product.ts'
import { redisMissing } from '../../test/support/parts.ts'
import type { FillInput } from './cache-store.ts'
import { decodeCopy, encodePayload } from './copy.ts'
import { DROP_CHANNEL, decodeDrop } from './drop-channel.ts'
import { createRedisStore, type RedisStore } from './redis-store.ts'
import { renderCopy } from './render-copy.ts'

/** Three real nodes: the buckets are spread over them, and one that is lost takes its own with it. */

const CODE = 'default/en'
const log = pino({ level: 'silent' })

/** A product of each bucket. */
const PRODUCTS = productOfEachBucket()

function productOfEachBucket(): readonly string[] {
  const products: string[] = []
  while (Object.keys(products).length < BUCKET_COUNT) {
    const id = randomUUID()
    products[bucketOf(id)] = id
  }
  return products
}

describe.skipIf(await redisMissing())('a Redis Cluster of three nodes', () => {
  let folder: string
  let nodes: RedisClusterNode[]
  let options: { command: string; logPath: string; maxMemoryMb: number }
  let redis: RedisClient
  let store: RedisStore

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'catalog-cluster-'))
    const command = (await findRedis(join(import.meta.dirname, '../..'), () => {})) ?? ''
    options = { command, logPath: join(folder, 'log'), maxMemoryMb: 16 }
    nodes = [...(await startRedisCluster({ ...options, dataDir: folder }))]
    redis = createRedis(redisClusterUrl(nodes.slice(0, 2)), 'cache', log)
    store = createRedisStore(redis)
    await ready(redis)
  })
  afterAll(async () => {
    redis?.disconnect()
    for (const { process: node } of nodes ?? []) {
      signalGroup(node.pid, 'SIGCONT', false)
      await node.stop()
    }
    if (folder) rmSync(folder, { recursive: true })
  })

  async function ready(client: RedisClient): Promise<void> {
    while (client.status !== 'ready') await sleep(10)
  }

  async function makeBucket(bucket: number): Promise<void> {
    const init = { gen: 'a'.repeat(16), next: 0, p: toStamp(1, 0), replaces: null }
    const run = { bucket, from: 0, to: 1, heartbeat: toStamp(1, nowUs()), events: [], init, ttlMs: 60_000 }
    await store.apply(run)
    await store.apply(run)
  }

  function copyOf(productId: string, rev: number): FillInput {
    const source = { state: 'visible', rev, document: tinyDocument(productId, 'One'), changedAtMs: 0, contained: toStamp(1, 5) } as const
    const payload = encodePayload(renderCopy(source, { channel: 'default', locales: ['en'] }, 0))
    return { bucket: bucketOf(productId), productId, code: CODE, rev, asOf: toStamp(1, nowUs()), payload, ttlMs: 60_000 }
  }

  const readAll = () => store.readMany(PRODUCTS.map((productId, bucket) => ({ bucket, keys: [{ productId, code: CODE }] })))

  test('takes every script and every read of every bucket, each bucket on one node', async () => {
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) await makeBucket(bucket)
    for (const productId of PRODUCTS) expect(await store.fill(copyOf(productId, 7))).toBe('stored')
    const read = await readAll()
    expect(read.map((one) => decodeCopy(one?.copies[0] ?? Buffer.alloc(0))?.rev)).toEqual(PRODUCTS.map(() => 7))
    const productId = PRODUCTS[3] as string
    expect(await store.touch({ bucket: 3, productId, code: CODE, gen: 'a'.repeat(16), rev: 7, asOf: toStamp(2, nowUs()) })).toBe(true)
    expect((await store.residents(3, [productId])).resident).toEqual([[CODE]])
    expect(await store.lock(3, { productId, code: CODE }, 1_000)).toBe(true)
    expect(await store.lock(3, { productId, code: CODE }, 1_000)).toBe(false)
    await store.unlock(3, { productId, code: CODE })
    await refuseAllkeysEviction(redis)
  })

  test('carries the drop of a change from whichever node it was applied on', async () => {
    const subscriber = createRedis(redisClusterUrl(nodes), 'pubsub', log)
    try {
      const heard = new Set<string>()
      subscriber.on('message', (_channel: string, message: string) => decodeDrop(message).forEach((id) => heard.add(id)))
      await subscriber.subscribe(DROP_CHANNEL)
      for (const [bucket, read] of (await readAll()).entries()) {
        const from = read?.watermark?.next ?? 0
        const events = [{ productId: PRODUCTS[bucket] ?? '', rev: 8, stamp: toStamp(1, nowUs()), payloads: new Map<string, Buffer>() }]
        expect(await store.apply({ bucket, from, to: from + 1, heartbeat: null, events, init: null, ttlMs: 60_000 })).toMatchObject({
          applied: true,
        })
      }
      await expect.poll(() => heard).toEqual(new Set(PRODUCTS))
    } finally {
      subscriber.disconnect()
    }
  })

  async function lose(signal: 'SIGKILL' | 'SIGSTOP'): Promise<{ lost: readonly number[]; slowestMs: readonly number[] }> {
    process.kill(nodes[1]?.process.pid ?? 0, signal)
    const slowestMs: number[] = []
    let lost: number[] = []
    for (let i = 0; i < 12; i++) {
      const begunMs = performance.now()
      const read = await readAll()
      slowestMs.push(performance.now() - begunMs)
      lost = read.flatMap((one, bucket) => (one === null ? [bucket] : []))
    }
    return { lost, slowestMs }
  }

  /** Without anybody's help: the same connection, the same store. */
  async function untilAllAnswer(): Promise<void> {
    const endMs = performance.now() + 15_000
    while ((await readAll()).some((one) => one === null)) {
      if (performance.now() > endMs) throw new Error('Some buckets did not come back within 15 s')
      await sleep(100)
    }
  }

  test('with one node frozen loses its buckets, fails them fast, and has them again when it wakes', async () => {
    const { lost, slowestMs } = await lose('SIGSTOP')
    expect(lost.length).toBeGreaterThanOrEqual(3)
    expect(lost.length).toBeLessThanOrEqual(7)
    expect(Math.max(...slowestMs)).toBeLessThan(600)
    // Once the breakers of its buckets are open nobody waits for it.
    expect(slowestMs.toSorted((a, b) => a - b)[6]).toBeLessThan(50)
    expect(store.breakers.filter((breaker) => breaker.state() !== 'closed').length).toBe(lost.length)
    process.kill(nodes[1]?.process.pid ?? 0, 'SIGCONT')
    await untilAllAnswer()
  })

  test('with one node killed goes on with the others, and takes it back when it is started anew, empty', async () => {
    const { lost, slowestMs } = await lose('SIGKILL')
    expect(lost.length).toBeGreaterThanOrEqual(3)
    expect(lost.length).toBeLessThanOrEqual(7)
    expect(Math.max(...slowestMs)).toBeLessThan(600)
    const kept = PRODUCTS.find((_, bucket) => !lost.includes(bucket)) as string
    expect(await store.fill(copyOf(kept, 8))).toBe('stored')
    await expect(store.fill(copyOf(PRODUCTS[lost[0] ?? 0] as string, 8))).rejects.toThrow(/./)
    const node = nodes[1] as RedisClusterNode
    nodes[1] = { ...node, process: await startRedis({ ...options, ...node }) }
    await untilAllAnswer()
    await makeBucket(lost[0] ?? 0)
    expect(await store.fill(copyOf(PRODUCTS[lost[0] ?? 0] as string, 9))).toBe('stored')
  })
})
