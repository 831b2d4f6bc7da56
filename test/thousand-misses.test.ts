/** A thousand readers miss the same product at the same moment, over three query processes: one of them asks a database. */
import { Redis } from 'ioredis'
import { v7 as uuid } from 'uuid'
import { expect, test, vi } from 'vitest'
import { createRedisStore } from '../catalog-query/cache/redis-store.ts'
import { openReadConnection, type RawAnswer, type ReadConnection } from '../loadtests/traffic/read-connection.ts'
import { parseSamples, sumOf, type Samples } from '../loadtests/scenario/metrics.ts'
import { BUCKET_COUNT } from '../shared/bucket.ts'
import { tick } from '../shared/clock.ts'
import { toStamp } from '../shared/stamp.ts'
import { commitProduct, tinyDocument } from './support/commit-product.ts'
import { redisMissing, testDatabase, testRedis, type TestDatabase } from './support/parts.ts'
import { runProgram, type RunningProgram } from './support/run-program.ts'

const noRedis = await redisMissing()
const PROCESSES = 3
const READERS = 1_000
const PRODUCTS = 12

/** Watermarks without which FILL keeps nothing: what an invalidator makes of an empty Redis. */
async function makeBuckets(url: string): Promise<void> {
  const redis = new Redis(url)
  const store = createRedisStore(redis)
  const init = { gen: 'a'.repeat(16), next: 0, p: toStamp(1, 0), replaces: null }
  for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
    const run = { bucket, from: 0, to: 1, heartbeat: null, events: [], init, ttlMs: 60_000 }
    await store.apply(run)
    await store.apply(run)
  }
  redis.disconnect()
}

async function newProduct(database: TestDatabase): Promise<string> {
  const id = uuid()
  await commitProduct(database.primary, { id, doc: tinyDocument(id, 'One') })
  await tick(database.primary)
  await database.caughtUp()
  return id
}

interface Reader {
  readonly connection: ReadConnection
  /** Of the question that was asked last. */
  answered: (answer: RawAnswer) => void
}

function openReader(origin: string): Reader {
  const connection = openReadConnection(origin, { onAnswer: (answer) => reader.answered(answer), onEnd: () => {} })
  const reader: Reader = { connection, answered: () => {} }
  return reader
}

/** All questions are written before any answer can be looked at. @returns how many answers had each status */
async function askAtOnce(readers: readonly Reader[], id: string): Promise<Record<number, number>> {
  const answers = readers.map((reader) => new Promise<RawAnswer>((resolve) => (reader.answered = resolve)))
  for (const { connection } of readers) connection.ask(`/v1/products/${id}`)
  const statuses: Record<number, number> = {}
  for (const { status } of await Promise.all(answers)) statuses[status] = (statuses[status] ?? 0) + 1
  return statuses
}

interface Misses {
  /** Reads of a database, of all processes. */
  readonly reads: number
  /** Of those who missed: got the herd lock, or waited for its owner longer than anybody does (155 ms). */
  readonly taken: number
  readonly gaveUp: number
  /** Calls of Redis that were not answered within 100 ms, so that nobody could be waited for. */
  readonly unanswered: number
}

async function scrape({ opsUrl }: RunningProgram): Promise<Samples> {
  return parseSamples(await (await fetch(`${opsUrl}/metrics`)).text())
}

async function countMisses(queries: readonly RunningProgram[]): Promise<Misses> {
  const samples = await Promise.all(queries.map(scrape))
  const sum = (name: string, label: string) => samples.reduce((all, each) => all + sumOf(each, name, label), 0)
  const herd = (outcome: string) => sum('catalog_herd_locks_total', `outcome="${outcome}"`)
  const reads = sum('catalog_product_reads_total', 'tier="replica"')
  return { reads, taken: herd('taken'), gaveUp: herd('gave-up'), unanswered: sum('catalog_redis_errors_total', '') }
}

async function sumOfAll(queries: readonly RunningProgram[], name: string): Promise<number> {
  const all = await Promise.all(queries.map(scrape))
  return all.reduce((sum, samples) => sum + sumOf(samples, name), 0)
}

const less = (after: Misses, before: Misses): Misses => ({
  reads: after.reads - before.reads,
  taken: after.taken - before.taken,
  gaveUp: after.gaveUp - before.gaveUp,
  unanswered: after.unanswered - before.unanswered,
})

test.skipIf(noRedis)(
  'a thousand simultaneous misses of a product over three processes are one read of a database',
  { timeout: 120_000 },
  async () => {
    await using database = await testDatabase()
    await using redis = await testRedis()
    await makeBuckets(redis.url)
    const ticking = setInterval(() => void tick(database.primary).catch(() => {}), 200)
    const env = { DATABASE_REPLICA_URLS: database.replicaUrl, REDIS_URL: redis.url, QUERY_MAX_DELAY_MS: '0' }
    const queries = await Promise.all(Array.from({ length: PROCESSES }, () => runProgram('catalog-query/main.ts', env)))
    const readers = Array.from({ length: READERS }, (_, n) => openReader(queries[n % PROCESSES]!.url))
    try {
      // Every connection is open, and every process warm, before anything is counted.
      await askAtOnce(readers, await newProduct(database))
      const misses: Misses[] = []
      for (let n = 0; n < PRODUCTS; n++) {
        const id = await newProduct(database)
        await vi.waitUntil(async () => (await sumOfAll(queries, 'catalog_breaker_open')) === 0, { timeout: 20_000 })
        const before = await countMisses(queries)
        expect(await askAtOnce(readers, id)).toEqual({ 200: READERS })
        misses.push(less(await countMisses(queries), before))
      }
      // On a machine that is short of time the owner of the lock, or Redis, is waited for in vain, and another reads too. Nothing else excuses it.
      const unexplained = misses.filter(({ reads, taken, gaveUp, unanswered }) => (reads !== 1 || taken !== 1) && gaveUp + unanswered === 0)
      expect(unexplained).toEqual([])
      expect(misses.map(({ reads }) => reads)).toContain(1)
    } finally {
      clearInterval(ticking)
      for (const { connection } of readers) connection.end('the test is over')
      for (const query of queries) await query[Symbol.asyncDispose]()
    }
  },
)
