import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Pool, QueryConfig } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bucketOf } from '../../shared/bucket.ts'
import { readAfterCommit, tick } from '../../shared/clock.ts'
import { unavailable } from '../../shared/problem.ts'
import { nowUs, stampTimeUs, toStamp, type Stamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import { commitProduct, tinyDocument } from '../../test/support/commit-product.ts'
import { redisMissing, testDatabase, testRedis, type TestDatabase, type TestRedis } from '../../test/support/parts.ts'
import { decodeHeader, encodePayload } from './copy.ts'
import { createMemoryTier } from './memory-tier.ts'
import { createProductLoader } from './product-loader.ts'
import { createProductReader, type ProductReaderParts } from './product-reader.ts'
import { UNOBSERVED } from './reader-observer.ts'
import { bucketPrefix, createRedisStore, type RedisStore } from './redis-store.ts'
import { renderCopy } from './render-copy.ts'
import { createReplicas, type ReadReplicaRows, type ReadRows } from './replicas.ts'

const EN = { channel: 'default', locales: ['en'] }
const CODE = 'default/en'
const SECOND = 1_000_000

let database: TestDatabase
let part: TestRedis
let redis: Redis
let store: RedisStore
let ticking: NodeJS.Timeout

const noRedis = await redisMissing()

beforeAll(async () => {
  if (noRedis) return
  database = await testDatabase()
  part = await testRedis()
  redis = new Redis(part.url)
  store = createRedisStore(redis)
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await Promise.all(Array.from({ length: 16 }, (_, bucket) => makeBucket(bucket)))
})
afterAll(async () => {
  clearInterval(ticking)
  redis?.disconnect()
  await part?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

/** Applies an empty run: as an invalidator, it makes watermark and table. */
async function makeBucket(bucket: number): Promise<void> {
  const init = { gen: 'a'.repeat(16), next: 0, p: toStamp(1, 0), replaces: null }
  const run = { bucket, from: 0, to: 1, heartbeat: null, events: [], init, ttlMs: 60_000 }
  await store.apply(run)
  await store.apply(run)
}

async function newProduct(title = 'One'): Promise<{ id: string; rev: number; token: ConsistencyToken }> {
  const id = randomUUID()
  return { id, ...(await change(id, title)) }
}

async function change(id: string, title: string): Promise<{ rev: number; token: ConsistencyToken }> {
  const { rev } = await commitProduct(database.primary, { id, doc: tinyDocument(id, title) })
  const { stamp, lsn } = await readAfterCommit(database.primary)
  // A snapshot from after the commit shows a tick from after it.
  await tick(database.primary)
  await database.caughtUp()
  return { rev, token: { stamp, lsn, product: { id, rev } } }
}

/** Its event is the next one of its bucket, and a heartbeat of the same time follows. */
async function push(id: string, { rev, title, stamp }: { rev: number; title: string; stamp: Stamp }): Promise<void> {
  const source = { state: 'visible', rev, document: tinyDocument(id, title), changedAtMs: 0, contained: stamp } as const
  const payloads = new Map([[CODE, encodePayload(renderCopy(source, EN, 0))]])
  const from = (await store.readMany([{ bucket: bucketOf(id), keys: [] }]))[0]?.watermark?.next ?? 0
  const events = [{ productId: id, rev, stamp, payloads }]
  await store.apply({ bucket: bucketOf(id), from, to: from + 2, heartbeat: stamp, events, init: null, ttlMs: 60_000 })
}

interface Process {
  readonly reader: ReturnType<typeof createProductReader>
  /** Names of its statements. */
  readonly statements: string[]
  /** Calls of the shared cache. */
  readonly calls: string[]
}

/** A query process: its own memory, counted trips. */
function openProcess(changes: Partial<ProductReaderParts> & { readRows?: ReadRows; readReplicaRows?: ReadReplicaRows } = {}): Process {
  const statements: string[] = []
  const calls: string[] = []
  const pool = Object.assign(Object.create(database.replica) as Pool, {
    query: (query: QueryConfig) => (statements.push(query.name ?? ''), database.replica.query(query)),
  })
  const replicas = createReplicas({ replicas: [{ name: 'replica', pool }], primary: null, primaryLimit: 1 })
  const { readRows = replicas.readRows, readReplicaRows = changes.readRows === undefined ? replicas.readReplicaRows : null } = changes
  const counted = new Proxy(store, {
    get(target, name: keyof RedisStore) {
      const call = target[name] as (...args: unknown[]) => unknown
      return typeof call === 'function' ? (...args: unknown[]) => (calls.push(name), call(...args)) : call
    },
  })
  const parts = { memory: createMemoryTier(1e7), store: counted, nowUs, pause: sleep, observe: UNOBSERVED }
  return {
    reader: createProductReader({ ...parts, loader: createProductLoader({ readRows, readReplicaRows }), ...changes }),
    statements,
    calls,
  }
}

/** Whatever was sent and not waited for has arrived: Redis answers in order. */
async function settled(): Promise<void> {
  await sleep(1)
  await redis.ping()
}

async function header(id: string) {
  const bytes = await redis.getBuffer(`${bucketPrefix(bucketOf(id))}p:${id}:${CODE}`)
  return bytes === null ? null : decodeHeader(bytes)
}

/** The bucket's next heartbeat. */
async function beat(bucket: number, heartbeat: Stamp): Promise<void> {
  const from = (await store.readMany([{ bucket, keys: [] }]))[0]?.watermark?.next ?? 0
  await store.apply({ bucket, from, to: from + 1, heartbeat, events: [], init: null, ttlMs: 60_000 })
}

describe.skipIf(noRedis)('tiers', () => {
  test('ten callers of one key run one query', async () => {
    const { id, rev } = await newProduct()
    const { reader, statements, calls } = openProcess()
    const reads = await Promise.all(Array.from({ length: 10 }, async () => await reader.readProduct(id, EN, null)))
    expect(new Set(reads).size).toBe(1)
    expect(reads[0]).toMatchObject({ rev, state: 'visible', tier: 'replica', forward: 'miss', marked: false, locale: 'en' })
    expect(statements).toEqual(['load-products'])
    // Of all ten together: before the herd lock and behind it.
    expect(calls.filter((call) => ['readMany', 'lock'].includes(call))).toEqual(['readMany', 'lock', 'readMany'])
  })

  test('a memory hit touches neither Redis nor PostgreSQL, and makes no promise', async () => {
    const { id, rev } = await newProduct()
    const { reader, statements, calls } = openProcess()
    await reader.readProduct(id, EN, null)
    await settled()
    const [before, callsBefore] = [statements.length, calls.length]
    const hit = reader.readProduct(id, EN, null)
    expect(hit).toMatchObject({ rev, tier: 'memory', forward: 'none' })
    expect(reader.readProduct(id, EN, null)).toBe(hit)
    expect([statements.length, calls.length]).toEqual([before, callsBefore])
  })

  test('a read that a drop has overtaken is answered and not kept: it may lack what was dropped for', async () => {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const memory = createMemoryTier(1e7)
    let overtakes = true
    // Redis has answered; the drop comes by another connection, and is first.
    const readMany: RedisStore['readMany'] = async (requests) => {
      const answers = await store.readMany(requests)
      if (overtakes) memory.drop(id)
      return answers
    }
    const { reader } = openProcess({ memory, store: { ...store, readMany } })
    expect(await reader.readProduct(id, EN, null)).toMatchObject({ tier: 'redis' })
    overtakes = false
    expect(await reader.readProduct(id, EN, null)).toMatchObject({ tier: 'redis' })
    expect(await reader.readProduct(id, EN, null)).toMatchObject({ tier: 'memory' })
  })

  test('what one process filled, another reads from Redis: the same bytes, and no statement', async () => {
    const { id } = await newProduct('A title that is read twice')
    const first = await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const other = openProcess()
    const second = await other.reader.readProduct(id, EN, null)
    expect(second).toMatchObject({ tier: 'redis', forward: 'none', rev: first.rev })
    for (const bytes of ['body', 'names', 'card'] as const) expect(second[bytes]).toEqual(first[bytes])
    expect(other.statements).toEqual([])
  })

  test('all misses of one turn are one call of Redis and one statement, answered in order', async () => {
    const products = await Promise.all(Array.from({ length: 20 }, (_, i) => newProduct(`Product ${i}`)))
    const ids = products.map(({ id }) => id)
    const { reader, statements, calls } = openProcess()
    const reads = await reader.readMany([...ids, ids[0] as string], EN, null)
    expect(reads.map(({ id, rev }) => [id, rev])).toEqual([...products, products[0]].map((product) => [product?.id, product?.rev]))
    expect(statements).toEqual(['load-products'])
    expect(calls.filter((call) => call === 'readMany')).toHaveLength(1)
    expect(calls).not.toContain('lock')
  })

  test('what is not there, hidden or deleted is cached like anything else', async () => {
    const [absent, hidden, deleted] = [randomUUID(), randomUUID(), randomUUID()]
    await commitProduct(database.primary, { id: hidden, state: 'hidden', doc: null })
    await commitProduct(database.primary, { id: deleted, state: 'deleted', doc: null })
    await tick(database.primary)
    await database.caughtUp()
    await openProcess().reader.readMany([absent, hidden, deleted], EN, null)
    await settled()
    const other = openProcess()
    const reads = await other.reader.readMany([absent, hidden, deleted], EN, null)
    expect(reads.map(({ state, tier }) => [state, tier])).toEqual([
      ['absent', 'redis'],
      ['hidden', 'redis'],
      ['deleted', 'redis'],
    ])
    expect(reads[0]?.rev).toBe(0)
    expect(other.statements).toEqual([])
  })
})

describe.skipIf(noRedis)('trust', () => {
  /** A process for which everything that is stored now is 3 s old; what databases say is judged by the true clock. */
  const later = () => openProcess({ nowUs: () => nowUs() + 3 * SECOND })

  test('a suspect copy whose rev is still the database’s is served with its asOf, and touched', async () => {
    const { id, rev } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const before = await header(id)
    await tick(database.primary)
    await database.caughtUp()
    const { reader, statements, calls } = later()
    const read = await reader.readProduct(id, EN, null)
    expect(read).toMatchObject({ rev, tier: 'redis', forward: 'stale', marked: false })
    expect(read.vouched > (before?.asOf ?? '')).toBe(true)
    expect(statements).toEqual(['check-revs'])
    await settled()
    expect(calls).toContain('touch')
    expect((await header(id))?.asOf).toBe(read.vouched)
  })

  test('a suspect copy of another rev than the database’s is loaded anew and replaced', async () => {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const { rev } = await change(id, 'Two')
    const { reader, statements } = later()
    const read = await reader.readProduct(id, EN, null)
    expect(read).toMatchObject({ rev, tier: 'replica', forward: 'stale' })
    expect(read.body.toString()).toContain('"title":"Two"')
    expect(statements).toEqual(['check-revs', 'load-products'])
    await settled()
    expect((await header(id))?.rev).toBe(rev)
  })

  test('suspect copies of one turn are checked by one statement', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, async () => (await newProduct()).id))
    await openProcess().reader.readMany(ids, EN, null)
    await settled()
    const { reader, statements } = later()
    await reader.readMany(ids, EN, null)
    expect(statements).toEqual(['check-revs'])
  })

  test('a copy that an event pushed is vouched for by the watermark alone', async () => {
    const { id, rev } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const bucket = bucketOf(id)
    const payload = (await redis.getBuffer(`${bucketPrefix(bucket)}p:${id}:${CODE}`))?.subarray(56) ?? Buffer.alloc(0)
    const [read] = await store.readMany([{ bucket, keys: [] }])
    const from = read?.watermark?.next ?? 0
    const events = [{ productId: id, rev: rev + 1, stamp: toStamp(1, nowUs()), payloads: new Map([[CODE, payload]]) }]
    const heartbeat = toStamp(1, nowUs())
    await store.apply({ bucket, from, to: from + 2, heartbeat, events, init: null, ttlMs: 60_000 })
    expect(await openProcess().reader.readProduct(id, EN, null)).toMatchObject({ rev: rev + 1, tier: 'redis', vouched: heartbeat })
  })

  test('a clock that is not sound makes every copy suspect, memory’s too', async () => {
    const { id } = await newProduct()
    const { reader, statements } = openProcess({ clockIsSound: () => false })
    await reader.readProduct(id, EN, null)
    await settled()
    expect(await reader.readProduct(id, EN, null)).toMatchObject({ tier: 'redis', forward: 'stale' })
    expect(statements).toEqual(['load-products', 'check-revs'])
  })
})

describe.skipIf(noRedis)('tokens', () => {
  test('a copy of the written product serves by its rev; an older one is passed by', async () => {
    const { id, rev, token } = await newProduct()
    const { reader, statements } = openProcess()
    await reader.readProduct(id, EN, null)
    await settled()
    expect(reader.readProduct(id, EN, token)).toMatchObject({ tier: 'memory', rev })
    const written = await change(id, 'Two')
    const read = await reader.readProduct(id, EN, written.token)
    expect(read).toMatchObject({ rev: written.rev, tier: 'replica', forward: 'request' })
    expect(statements).toEqual(['load-products', 'has-replayed', 'load-products'])
    expect(reader.readProduct(id, EN, written.token)).toMatchObject({ rev: written.rev, tier: 'memory' })
  })

  /** A product in Redis that was changed `ageMs` after what vouches for its copy, and a clock that stands still then: how long all this took here says nothing. */
  async function changedSince(ageMs: number) {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    // Its own asOf, or a later heartbeat of its bucket.
    const { vouched } = await openProcess().reader.readProduct(id, EN, null)
    const { rev, token } = await change(id, 'Two')
    const now = stampTimeUs(vouched) + ageMs * 1_000
    return { id, rev, token: { ...token, stamp: toStamp(1, now) }, clock: { nowUs: () => now } }
  }

  test('who has just written reads it from Redis when its event comes, and no database is asked', async () => {
    const { id, rev, token, clock } = await changedSince(20)
    const waits: number[] = []
    const memory = createMemoryTier(1e7)
    const pause = async (waitMs: number) => {
      if (waits.push(waitMs) !== 2) return
      await push(id, { rev, title: 'Two', stamp: token.stamp })
      // The drop comes with it, and is no reason not to keep what is read afterwards.
      memory.drop(id)
    }
    const { reader, statements } = openProcess({ pause, memory, ...clock })
    const read = await reader.readProduct(id, EN, token)
    expect(read).toMatchObject({ rev, tier: 'redis', forward: 'none' })
    expect(String(read.body)).toContain('Two')
    expect([waits, statements]).toEqual([[5, 5], []])
    expect(reader.readProduct(id, EN, token)).toMatchObject({ rev, tier: 'memory' })
  })

  test('an event that does not come is waited for no longer than 40 ms', async () => {
    const { id, rev, token, clock } = await changedSince(250)
    const waits: number[] = []
    const { reader } = openProcess({ pause: (waitMs) => Promise.resolve(waits.push(waitMs)), ...clock })
    expect(await reader.readProduct(id, EN, token)).toMatchObject({ rev, tier: 'replica' })
    expect(waits).toEqual([5, 5, 10, 20])
  })

  test('nobody waits for an event that replaces no copy, nor where the bucket lags', async () => {
    const pause = () => Promise.reject(new Error('waits'))
    const created = await newProduct()
    expect(await openProcess({ pause }).reader.readProduct(created.id, EN, created.token)).toMatchObject({ tier: 'replica' })
    const { id, rev, token, clock } = await changedSince(251)
    expect(await openProcess({ pause, ...clock }).reader.readProduct(id, EN, token)).toMatchObject({ rev, tier: 'replica' })
  })

  describe('where every replica lags', () => {
    const readReplicaRows: ReadReplicaRows = () => Promise.resolve(null)

    /** A product in Redis, and a token of another one's write `ageMs` after what vouches for its copy, which is now. */
    async function otherChangedSince(ageMs: number) {
      const { id, rev } = await newProduct()
      await openProcess().reader.readProduct(id, EN, null)
      await settled()
      // Its own asOf, or a later heartbeat of its bucket.
      const { vouched } = await openProcess().reader.readProduct(id, EN, null)
      const { token } = await newProduct()
      const now = stampTimeUs(vouched) + ageMs * 1_000
      return { id, rev, token: { ...token, stamp: toStamp(1, now) }, clock: { nowUs: () => now } }
    }

    test('a copy that lacks no more than its next heartbeat is waited for, and the primary is not asked', async () => {
      const { id, rev, token, clock } = await otherChangedSince(60)
      const waits: number[] = []
      const pause = async (waitMs: number) => {
        if (waits.push(waitMs) === 3) await beat(bucketOf(id), toStamp(1, stampTimeUs(token.stamp) + 1))
      }
      const { reader, statements } = openProcess({ pause, readReplicaRows, ...clock })
      expect(await reader.readProduct(id, EN, token)).toMatchObject({ rev, tier: 'redis', forward: 'none' })
      expect([waits, statements]).toEqual([[20, 20, 20], []])
      expect(reader.readProduct(id, EN, token)).toMatchObject({ rev, tier: 'memory' })
    })

    test('a heartbeat that stands exactly at the token’s time vouches for nothing', async () => {
      const { id, token, clock } = await otherChangedSince(60)
      const pause = async () => await beat(bucketOf(id), token.stamp)
      const { reader, statements } = openProcess({ pause, readReplicaRows, ...clock })
      expect(await reader.readProduct(id, EN, token)).toMatchObject({ tier: 'replica' })
      expect(statements).toContain('load-products')
    })

    test('a heartbeat that does not come is waited for no longer than 120 ms', async () => {
      const { id, token, clock } = await otherChangedSince(250)
      const waits: number[] = []
      const { reader, statements } = openProcess({ pause: (waitMs) => Promise.resolve(waits.push(waitMs)), readReplicaRows, ...clock })
      expect(await reader.readProduct(id, EN, token)).toMatchObject({ tier: 'replica', forward: 'request' })
      expect([waits, statements.at(-1)]).toEqual([[20, 20, 20, 20, 20, 20], 'load-products'])
    })

    test('nobody waits for one where the bucket lags, nor without a copy', async () => {
      const pause = () => Promise.reject(new Error('waits'))
      const { id, token, clock } = await otherChangedSince(251)
      expect(await openProcess({ pause, readReplicaRows, ...clock }).reader.readProduct(id, EN, token)).toMatchObject({ tier: 'replica' })
      const { id: unread } = await newProduct()
      expect(await openProcess({ pause, readReplicaRows, ...clock }).reader.readProduct(unread, EN, token)).toMatchObject({
        tier: 'replica',
      })
    })
  })

  test('a replica that has what the token stands for is not waited in front of', async () => {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const { token } = await newProduct()
    const { reader, statements } = openProcess({ pause: () => Promise.reject(new Error('waits')) })
    expect(await reader.readProduct(id, EN, token)).toMatchObject({ tier: 'replica', forward: 'request' })
    expect(statements).toEqual(['has-replayed', 'load-products'])
  })

  test('a token of another product’s write is satisfied only by what was vouched for after it', async () => {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const other = await newProduct()
    const read = await openProcess().reader.readProduct(id, EN, other.token)
    expect(read).toMatchObject({ tier: 'replica', forward: 'request' })
  })

  test('many reads with one token are one statement', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await newProduct()).id))
    const { token } = await newProduct()
    const { reader, statements } = openProcess()
    await reader.readMany(ids, EN, token)
    expect(statements).toEqual(['has-replayed', 'load-products'])
  })
})

describe.skipIf(noRedis)('the herd', () => {
  test('what was filled between the look and the lock is not loaded once more', async () => {
    const { id } = await newProduct()
    const first = openProcess()
    const lock: RedisStore['lock'] = async (...args) => {
      // Another process comes and goes in between.
      await first.reader.readProduct(id, EN, null)
      await settled()
      return await store.lock(...args)
    }
    const second = openProcess({ store: { ...store, lock } })
    expect(await second.reader.readProduct(id, EN, null)).toMatchObject({ state: 'visible', tier: 'redis' })
    expect(second.statements).toEqual([])
  })

  test('of two processes that miss at once one loads; the other finds its copy', async () => {
    const { id } = await newProduct()
    const first = openProcess()
    const filled = Promise.withResolvers<void>()
    const second = openProcess({ pause: () => filled.promise })
    const loading = first.reader.readProduct(id, EN, null)
    // The first holds the lock from here on.
    while (!first.calls.includes('lock')) await sleep(1)
    await redis.ping()
    const waiting = second.reader.readProduct(id, EN, null)
    await loading
    await settled()
    filled.resolve()
    expect(await waiting).toMatchObject({ tier: 'redis', forward: 'none' })
    expect([first.statements, second.statements]).toEqual([['load-products'], []])
  })

  test('a process whose lock’s owner died loads itself after a few looks', async () => {
    const { id, rev } = await newProduct()
    await store.lock(bucketOf(id), { productId: id, code: CODE }, 60_000)
    const waits: number[] = []
    const pause = (waitMs: number) => (waits.push(waitMs), Promise.resolve())
    const { reader, statements } = openProcess({ pause })
    expect(await reader.readProduct(id, EN, null)).toMatchObject({ rev, tier: 'replica' })
    expect(waits).toEqual([5, 10, 20, 40, 80])
    expect(statements).toEqual(['load-products'])
  })

  test('the lock is given back after the fill', async () => {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    await settled()
    expect(await redis.exists(`${bucketPrefix(bucketOf(id))}lock:${id}:${CODE}`)).toBe(0)
  })
})

describe.skipIf(noRedis)('parts that are away', () => {
  const noDatabase: ReadRows = () => Promise.reject(unavailable('No database can answer now'))

  test('without a database the last known copy is served, marked, for ten minutes; then unavailable', async () => {
    const { id, rev } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const after = (seconds: number) => openProcess({ readRows: noDatabase, nowUs: () => nowUs() + seconds * SECOND }).reader
    expect(await after(590).readProduct(id, EN, null)).toMatchObject({ rev, tier: 'redis', forward: 'stale', marked: true })
    await expect(after(610).readProduct(id, EN, null)).rejects.toMatchObject({ problem: 'unavailable', headers: { 'retry-after': '1' } })
  })

  test('a last known copy older than the token is not served', async () => {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const { token } = await change(id, 'Two')
    const { reader } = openProcess({ readRows: noDatabase })
    await expect(reader.readProduct(id, EN, token)).rejects.toMatchObject({ problem: 'unavailable' })
  })

  test('without a database and without Redis memory’s last known copy is served, marked', async () => {
    const { id, rev } = await newProduct()
    const memory = createMemoryTier(1e7)
    await openProcess({ memory, store: null }).reader.readProduct(id, EN, null)
    const { reader } = openProcess({ memory, store: null, readRows: noDatabase, nowUs: () => nowUs() + 60 * SECOND })
    expect(await reader.readProduct(id, EN, null)).toMatchObject({ rev, tier: 'memory', forward: 'stale', marked: true })
  })

  test('a marked answer is not kept in memory', async () => {
    const { id } = await newProduct()
    const { reader } = openProcess({ readRows: markedRows(id) })
    await reader.readProduct(id, EN, null)
    expect(reader.readProduct(id, EN, null)).toBeInstanceOf(Promise)
  })

  test('a statement’s own fault is not hidden by a stale copy', async () => {
    const { id } = await newProduct()
    await openProcess().reader.readProduct(id, EN, null)
    await settled()
    const broken = openProcess({ readRows: () => Promise.reject(new TypeError('a bug')), nowUs: () => nowUs() + 3 * SECOND })
    await expect(broken.reader.readProduct(id, EN, null)).rejects.toThrow('a bug')
  })

  /** A lagging replica and no primary. */
  function markedRows(id: string): ReadRows {
    const asOf: Stamp = toStamp(1, nowUs() - 60 * SECOND)
    const row = { id, rev: '1', state: 'hidden', doc: null, changed_at_ms: '0' }
    return () => Promise.resolve({ rows: [row], asOf, contained: asOf, tier: 'replica', marked: true })
  }
})
