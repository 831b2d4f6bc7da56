import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../shared/clock.ts'
import { toStamp } from '../shared/stamp.ts'
import { openProxy as openProxyOn } from '../loadtests/cluster/tcp-proxy.ts'
import { freePort } from '../stack/port.ts'
import { findRedis, startRedis } from '../stack/redis.ts'
import { commitProduct, tinyDocument } from '../test/support/commit-product.ts'
import { redisMissing, testCluster, testRedis, type TestCluster } from '../test/support/parts.ts'
import { runProgram, type RunningProgram } from '../test/support/run-program.ts'
import { createRedisStore } from './cache/redis-store.ts'

/** The real program, and real parts that are killed or frozen under it. */

const MIGRATIONS = join(import.meta.dirname, '../catalog-admin/migrate/migrations')
const noRedis = await redisMissing()
const RECOVERY_CONFLICT = '40001'

let cluster: TestCluster
let ticking: NodeJS.Timeout

beforeAll(async () => {
  cluster = await testCluster()
  for (const file of readdirSync(MIGRATIONS).sort()) {
    if (file.endsWith('.sql')) await cluster.primary.query(readFileSync(join(MIGRATIONS, file), 'utf8'))
  }
  ticking = setInterval(() => void tick(cluster.primary).catch(() => {}), 200)
})
afterAll(async () => {
  clearInterval(ticking)
  await cluster?.[Symbol.asyncDispose]()
})

async function newProduct(): Promise<string> {
  const id = randomUUID()
  await commitProduct(cluster.primary, { id, doc: tinyDocument(id, 'One') })
  await tick(cluster.primary)
  await cluster.caughtUp()
  return id
}

async function startQuery(env: Record<string, string>): Promise<RunningProgram> {
  return await runProgram('catalog-query/main.ts', { DATABASE_REPLICA_URLS: cluster.replicaUrl, ...env })
}

interface Answer {
  readonly status: number
  readonly from: string
  readonly tookMs: number
  readonly headers: Headers
}

async function read(query: RunningProgram, id: string, headers: Record<string, string> = {}): Promise<Answer> {
  const begunMs = performance.now()
  const response = await fetch(`${query.url}/v1/products/${id}`, { headers, signal: AbortSignal.timeout(10_000) })
  await response.text()
  const from = response.headers.get('cache-status')?.replace('catalog; ', '') ?? ''
  return { status: response.status, from, tookMs: performance.now() - begunMs, headers: response.headers }
}

/** Reads ever other products, so that memory answers none. */
async function readNew(query: RunningProgram): Promise<Answer> {
  return await read(query, await newProduct())
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 15_000
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`${what} did not come true within 15 s`)
    await sleep(50)
  }
}

async function readyz(query: RunningProgram): Promise<{ status: number; parts: Record<string, { ok: boolean; detail: string }> }> {
  const response = await fetch(`${query.opsUrl}/readyz`)
  const { parts } = (await response.json()) as { parts: Record<string, { ok: boolean; detail: string }> }
  return { status: response.status, parts }
}

/** Replay goes on at once, and may cancel the very statement that let it. */
async function resumeReplay(): Promise<void> {
  await cluster.replica.query('select pg_wal_replay_resume()').catch((error: { code?: string }) => {
    if (error.code !== RECOVERY_CONFLICT) throw error
  })
}

async function whileFrozen(pid: number, work: () => Promise<void>): Promise<void> {
  // A postmaster’s backends, and the process that replays, are sessions of their own.
  const pids = [pid, ...childrenOf(pid)]
  for (const each of pids) signal(each, 'SIGSTOP')
  try {
    await work()
  } finally {
    for (const each of pids) signal(each, 'SIGCONT')
  }
}

/** A backend may have ended meanwhile. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
}

async function openProxy(port: number, target: number) {
  return { port, ...(await openProxyOn(port, target)) }
}

async function makeBuckets(url: string): Promise<void> {
  const redis = new Redis(url)
  const store = createRedisStore(redis)
  const init = { gen: 'a'.repeat(16), next: 0, p: toStamp(1, 0), replaces: null }
  for (let bucket = 0; bucket < 16; bucket++) {
    const run = { bucket, from: 0, to: 1, heartbeat: null, events: [], init, ttlMs: 60_000 }
    await store.apply(run)
    await store.apply(run)
  }
  redis.disconnect()
}

test('it starts with everything away, says so part by part, refuses with Retry-After, and ends when told', async () => {
  const away = `127.0.0.1:${await freePort()}`
  await using query = await startQuery({ DATABASE_REPLICA_URLS: `postgres://catalog@${away}/catalog`, REDIS_URL: `redis://${away}` })
  expect((await fetch(`${query.opsUrl}/livez`)).status).toBe(200)
  const ready = await readyz(query)
  expect(ready.status).toBe(503)
  expect(ready.parts).toMatchObject({ answers: { ok: false }, redis: { ok: false }, 'replica-1': { ok: false } })
  const answer = await read(query, randomUUID())
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toEqual([503, '1', 'no-store'])
  expect(answer.tookMs).toBeLessThan(2_000)
  query.child.kill('SIGTERM')
  expect(await once(query.child, 'exit')).toEqual([0, null])
})

test('what came later is found: it was started before its database had a single table', async () => {
  await cluster.primary.query('create database later')
  const url = cluster.primaryUrl.replace(/[^/]+$/, 'later')
  await using query = await startQuery({ DATABASE_REPLICA_URLS: '', DATABASE_URL: url })
  expect((await read(query, randomUUID())).status).toBe(503)
  const migrate = await import('pg').then(({ default: { Client } }) => new Client(url))
  await migrate.connect()
  for (const file of readdirSync(MIGRATIONS).sort()) {
    if (file.endsWith('.sql')) await migrate.query(readFileSync(join(MIGRATIONS, file), 'utf8'))
  }
  await migrate.end()
  await until('the new tables are read', async () => (await read(query, randomUUID())).status === 404)
})

describe.skipIf(noRedis)('Redis', () => {
  test('frozen: replicas answer within limits, the breaker spares them the wait, and Redis is used again when it wakes', async () => {
    await using part = await testRedis()
    await makeBuckets(part.url)
    await using query = await startQuery({ REDIS_URL: part.url })
    await until('Redis is used', async () => (await readyz(query)).parts['redis']?.ok === true)
    const id = await newProduct()
    await read(query, id)
    const slowest: number[] = []
    await whileFrozen(part.pid, async () => {
      for (let i = 0; i < 30; i++) {
        const answer = await readNew(query)
        expect([answer.status, answer.from]).toEqual([200, 'fwd=miss; detail=replica'])
        slowest.push(answer.tookMs)
      }
    })
    // Without a breaker each would be a read and a lock that both ran into their 100 ms; with it, mostly neither.
    expect(Math.max(...slowest)).toBeLessThan(1_500)
    expect(slowest.toSorted((a, b) => a - b)[15]).toBeLessThan(190)
    await until('Redis is used again', async () => {
      await sleep(1_000)
      return (await read(query, id)).from.includes('detail=redis')
    })
  })

  test('killed and started anew, empty: no answer fails, and it is used again', async () => {
    await using part = await testRedis()
    await makeBuckets(part.url)
    await using query = await startQuery({ REDIS_URL: part.url })
    const id = await newProduct()
    expect((await read(query, id)).status).toBe(200)
    process.kill(part.pid, 'SIGKILL')
    for (let i = 0; i < 20; i++) expect((await readNew(query)).status).toBe(200)
    expect((await readyz(query)).parts).toMatchObject({ answers: { ok: true }, redis: { ok: false } })
    const dataDir = mkdtempSync(join(tmpdir(), 'catalog-faults-'))
    const command = (await findRedis(join(import.meta.dirname, '..'), () => {})) ?? ''
    const again = await startRedis({ command, dataDir, port: part.port, logPath: join(dataDir, 'log'), maxMemoryMb: 16 })
    try {
      await makeBuckets(part.url)
      await until('the new one is used', async () => {
        const other = await newProduct()
        await read(query, other)
        await sleep(1_100)
        return (await read(query, other)).from.includes('detail=redis')
      })
    } finally {
      await again.stop()
      rmSync(dataDir, { recursive: true })
    }
  })
})

describe('databases', () => {
  test('a frozen replica: the primary answers after one wait, at once from then on; the replica is used again when it wakes', async () => {
    await using query = await startQuery({ DATABASE_URL: cluster.primaryUrl })
    expect((await readNew(query)).from).toBe('fwd=miss; detail=replica')
    const ids = await Promise.all(Array.from({ length: 30 }, newProduct))
    await whileFrozen(cluster.standbyPid, async () => {
      const answers: Answer[] = []
      for (const id of ids) answers.push(await read(query, id))
      expect(new Set(answers.map(({ status, from }) => `${status} ${from}`))).toEqual(new Set(['200 fwd=miss; detail=primary']))
      const slow = answers.filter(({ tookMs }) => tookMs > 500)
      expect(slow.length).toBeLessThanOrEqual(6)
      expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(3_000)
      expect((await readyz(query)).parts).toMatchObject({ answers: { ok: true }, primary: { ok: true } })
    })
    await until('the replica is used again', async () => (await readNew(query)).from.includes('replica'))
  })

  test('a replica that lags more than 2 s does not count; without a primary its answers are marked', async () => {
    await using withPrimary = await startQuery({ DATABASE_URL: cluster.primaryUrl })
    await using alone = await startQuery({})
    const [first, second] = [await newProduct(), await newProduct()]
    await cluster.replica.query('select pg_wal_replay_pause()')
    try {
      await sleep(2_300)
      const [answered, marked] = [await read(withPrimary, first), await read(alone, second)]
      expect(answered.from).toBe('fwd=miss; detail=primary')
      expect(Number(answered.headers.get('catalog-staleness'))).toBeLessThan(2_500)
      expect([marked.status, marked.from]).toEqual([200, 'fwd=stale; detail=unverified'])
      expect(Number(marked.headers.get('catalog-staleness'))).toBeGreaterThan(2_000)
    } finally {
      // A statement that is in the way of the replay it has just resumed may be cancelled for it.
      await resumeReplay()
    }
  })

  test('all of them frozen: the last known copy is served, marked; what nobody knows is 503', async () => {
    await using query = await startQuery({})
    const id = await newProduct()
    expect((await read(query, id)).status).toBe(200)
    const unknown = await newProduct()
    await whileFrozen(cluster.standbyPid, async () => {
      await sleep(2_000)
      const known = await read(query, id)
      expect([known.status, known.from]).toEqual([200, 'fwd=stale; detail=unverified'])
      expect(Number(known.headers.get('catalog-staleness'))).toBeGreaterThan(2_000)
      expect((await read(query, unknown)).status).toBe(503)
      expect((await readyz(query)).status).toBe(200)
    })
  })
})

describe('the way to a database', () => {
  const through = (url: string, port: number) => url.replace(/:\d+\//, `:${port}/`)
  const portOf = (url: string) => Number(new URL(url).port)

  interface Timed extends Answer {
    /** When it was asked, since the fault began. */
    readonly atMs: number
  }

  /** Reads ever other products, one each 40 ms whether or not the others were answered, as readers do. */
  async function readOn(query: RunningProgram, ids: readonly string[]): Promise<readonly Timed[]> {
    const begunMs = performance.now()
    const asked = ids.map(async (id, i) => {
      await sleep(i * 40)
      const atMs = performance.now() - begunMs
      return { ...(await read(query, id)), atMs }
    })
    return await Promise.all(asked)
  }

  test('half open (nothing arrives, nothing ends): found within a second, the primary answers, and it is used again', async () => {
    const proxy = await openProxy(await freePort(), portOf(cluster.replicaUrl))
    try {
      const DATABASE_REPLICA_URLS = through(cluster.replicaUrl, proxy.port)
      await using query = await startQuery({ DATABASE_REPLICA_URLS, DATABASE_URL: cluster.primaryUrl })
      expect((await readNew(query)).from).toBe('fwd=miss; detail=replica')
      const ids = await Promise.all(Array.from({ length: 60 }, newProduct))
      proxy.setMode({ kind: 'freeze' })
      const answers = await readOn(query, ids)
      expect(new Set(answers.map(({ status, from }) => `${status} ${from}`))).toEqual(new Set(['200 fwd=miss; detail=primary']))
      const later = answers.filter(({ atMs }) => atMs > 1_000).map(({ tookMs }) => tookMs)
      expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(2_500)
      // Without a breaker each would wait for it; with one, a probe now and then.
      expect(later.filter((tookMs) => tookMs > 500).length).toBeLessThan(later.length / 2)
      expect((await readyz(query)).parts['replica-1']).toMatchObject({ ok: false })
      proxy.setMode({ kind: 'pass' })
      await until('the replica is used again', async () => (await readNew(query)).from.includes('replica'))
    } finally {
      await proxy.close()
    }
  })

  test('to one of two replicas: the other has all of its reads, and no primary is needed', async () => {
    const proxy = await openProxy(await freePort(), portOf(cluster.replicaUrl))
    try {
      await using query = await startQuery({ DATABASE_REPLICA_URLS: `${through(cluster.replicaUrl, proxy.port)},${cluster.replicaUrl}` })
      await readNew(query)
      const ids = await Promise.all(Array.from({ length: 60 }, newProduct))
      proxy.setMode({ kind: 'refuse' })
      const answers = await readOn(query, ids)
      expect(new Set(answers.map(({ status, from }) => `${status} ${from}`))).toEqual(new Set(['200 fwd=miss; detail=replica']))
      expect(answers.filter(({ tookMs }) => tookMs > 500).length).toBeLessThanOrEqual(5)
      const { parts } = await readyz(query)
      expect([parts['replica-1']?.ok, parts['replica-2']?.ok]).toEqual([false, true])
      proxy.setMode({ kind: 'pass' })
      await until('the replica is well again', async () => (await readyz(query)).parts['replica-1']?.ok === true)
    } finally {
      await proxy.close()
    }
  })

  test('the least old of two that count is read', async () => {
    // A primary is a replica that never lags.
    await using query = await startQuery({ DATABASE_REPLICA_URLS: `${cluster.replicaUrl},${cluster.primaryUrl}` })
    await readNew(query)
    const ids = await Promise.all(Array.from({ length: 20 }, newProduct))
    await cluster.replica.query('select pg_wal_replay_pause()')
    try {
      // Behind by more than half a second, and by less than disqualifies it.
      await until(
        'its age is known',
        async () => Number(/^(\d+) ms/.exec((await readyz(query)).parts['replica-1']?.detail ?? '')?.[1]) > 1_000,
      )
      const stated = await Promise.all(ids.map(async (id) => Number((await read(query, id)).headers.get('catalog-staleness'))))
      expect(Math.max(...stated)).toBeLessThan(1_000)
    } finally {
      await resumeReplay()
    }
  })

  test('the primary is asked by a few at a time, however many wait for it', async () => {
    await using query = await startQuery({ DATABASE_REPLICA_URLS: '', DATABASE_URL: cluster.primaryUrl, QUERY_PRIMARY_LIMIT: '2' })
    const ids = await Promise.all(Array.from({ length: 150 }, newProduct))
    const answers = await Promise.all(ids.map((id) => read(query, id)))
    for (const { status, headers } of answers.filter((answer) => answer.status !== 200))
      expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(10)
    const { rows } = await cluster.primary.query<{ count: string }>(
      `select count(*) from pg_stat_activity where application_name = 'catalog-query' and datname = 'catalog'`,
    )
    expect(Number(rows[0]?.count)).toBeLessThanOrEqual(2)
    expect((await readNew(query)).status).toBe(200)
  })
})

describe('without news', () => {
  test('the primary frozen: what the replicas have is served, marked, its age told; all is well when it wakes', async () => {
    await using query = await startQuery({})
    const id = await newProduct()
    const other = await newProduct()
    expect((await read(query, id)).status).toBe(200)
    await whileFrozen(cluster.primaryPid, async () => {
      await sleep(2_500)
      for (const each of [id, other]) {
        const answer = await read(query, each)
        expect([answer.status, answer.from]).toEqual([200, 'fwd=stale; detail=unverified'])
        expect(Number(answer.headers.get('catalog-staleness'))).toBeGreaterThan(2_000)
        expect(answer.tookMs).toBeLessThan(1_500)
      }
      expect((await readyz(query)).status).toBe(200)
    })
    await until('answers are vouched for again', async () => !(await read(query, id)).from.includes('unverified'))
  })

  test.skipIf(noRedis)('no relay, no invalidator, no Kafka: copies are checked by their rev, until heartbeats come again', async () => {
    await using part = await testRedis()
    await makeBuckets(part.url)
    await using query = await startQuery({ REDIS_URL: part.url })
    await until('Redis is used', async () => (await readyz(query)).parts['redis']?.ok === true)
    const id = await newProduct()
    expect((await read(query, id)).from).toBe('fwd=miss; detail=replica')
    // Its own asOf vouches for it for 2 s.
    await sleep(2_300)
    const checked = await read(query, id)
    expect([checked.status, checked.from]).toEqual([200, 'fwd=stale; fwd-status=304; detail=redis'])
    expect(Number(checked.headers.get('catalog-staleness'))).toBeLessThan(2_500)
    const redis = new Redis(part.url)
    const store = createRedisStore(redis)
    let next = 1
    const beat = () => {
      const heartbeat = toStamp(1, Date.now() * 1_000)
      for (let bucket = 0; bucket < 16; bucket++) {
        void store.apply({ bucket, from: next, to: next + 1, heartbeat, events: [], init: null, ttlMs: 60_000 }).catch(() => {})
      }
      next++
    }
    const beating = setInterval(beat, 100)
    try {
      await sleep(2_300)
      expect((await read(query, id)).from).toBe('hit; detail=redis')
    } finally {
      clearInterval(beating)
      redis.disconnect()
    }
  })
})

test('without Redis the process follows the event log, and its own writes are seen as soon as they are published', async () => {
  await using query = await startQuery({})
  const id = await newProduct()
  await read(query, id)
  expect((await read(query, id)).from).toBe('hit; detail=memory')
  await using relay = await runProgram('catalog-admin/relay/main.ts', { DATABASE_URL: cluster.primaryUrl })
  expect(relay.opsUrl).not.toBe('')
  // The relay publishes what was committed before it started, this product's row too.
  await until('the entry is dropped', async () => {
    const metrics = await (await fetch(`${query.opsUrl}/metrics`)).text()
    return Number(/^catalog_memory_drops_total\{.*\} (\d+)$/m.exec(metrics)?.[1] ?? 0) > 0
  })
})

test('the operations port shows what the cache holds, without asking a database for it', async () => {
  await using query = await startQuery({})
  const id = await newProduct()
  const held = async () => (await (await fetch(`${query.opsUrl}/internal/cache/${id}`)).json()) as { memory: { rev: number } | null }
  expect((await held()).memory).toBeNull()
  await read(query, id)
  expect(await held()).toMatchObject({ id, code: 'default/en', memory: { state: 'visible' }, redis: null })
})
