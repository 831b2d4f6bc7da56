import type { Pool } from 'pg'
import { Registry } from 'prom-client'
import { v7 as uuid } from 'uuid'
import { expect, test, vi } from 'vitest'
import type { EventPublisher, ProductEvent } from '../../shared/event-log.ts'
import { nowUs, stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import { commitProduct } from '../../test/support/commit-product.ts'
import { testDatabase } from '../../test/support/parts.ts'
import { createOutboxListener } from './outbox-listener.ts'
import { runRelay } from './relay-loop.ts'
import { createRelayMetrics } from './relay-metrics.ts'

const log = { info: () => {}, warn: () => {} }

type LogRecord = { readonly name: string; readonly event: ProductEvent } | { readonly name: string; readonly heartbeat: Stamp }

/** A log in memory that several relays append to. */
function memoryLog() {
  const records: LogRecord[] = []
  let failing = false
  const publisher = (name: string): EventPublisher => ({
    publish: async (events) => {
      if (failing) throw new Error('no broker')
      records.push(...events.map((event) => ({ name, event })))
    },
    heartbeat: async (heartbeat) => {
      if (failing) throw new Error('no broker')
      records.push({ name, heartbeat })
    },
    close: () => Promise.resolve(),
  })
  return {
    records,
    publisher,
    fail: (fails: boolean) => (failing = fails),
    events: () => records.flatMap((record) => ('event' in record ? [record.event] : [])),
  }
}

function startRelay(databaseUrl: string, publisher: EventPublisher, steadyMs = 15_000) {
  const abort = new AbortController()
  const states: { leads: boolean; failure: string | null }[] = []
  const running = runRelay({
    databaseUrl,
    publisher,
    listener: createOutboxListener(databaseUrl, abort.signal, log),
    metrics: createRelayMetrics(new Registry()),
    log,
    onState: (state) => states.push(state),
    signal: abort.signal,
    steadyMs,
  })
  return {
    leads: () => states.at(-1)?.leads === true,
    failure: () => states.at(-1)?.failure ?? null,
    stop: async () => {
      abort.abort()
      await running
    },
  }
}

test('a heartbeat never overtakes a commit that was acknowledged before it, and none is lost', { timeout: 60_000 }, async () => {
  await using database = await testDatabase()
  const events = memoryLog()
  const relay = startRelay(database.primaryUrl, events.publisher('one'))
  const acknowledged: { id: string; rev: number; atUs: number }[] = []
  const endMs = performance.now() + 3_000
  // Writers hold their transactions open for different times, so that ids, revs and commits come in different orders.
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let n = 0; performance.now() < endMs; n++) {
      const id = uuid()
      const heldMs = ((writer * 7 + n * 13) % 5) * 20
      const held = () => new Promise<void>((resolve) => setTimeout(resolve, heldMs))
      const { rev, acknowledgedUs } = await commitProduct(database.primary, { id, state: 'hidden', doc: null }, held)
      acknowledged.push({ id, rev, atUs: acknowledgedUs })
    }
  })
  await Promise.all(writers)
  await expect.poll(() => new Set(events.events().map((event) => event.productId)).size, { timeout: 10_000 }).toBe(acknowledged.length)
  await relay.stop()
  const published = new Map<string, number>()
  events.records.forEach((record, at) => {
    if ('event' in record && !published.has(record.event.productId)) published.set(record.event.productId, at)
  })
  const heartbeats = events.records.flatMap((record, at) => ('heartbeat' in record ? [{ at, atUs: stampTimeUs(record.heartbeat) }] : []))
  const overtaken = heartbeats.flatMap((heartbeat) =>
    acknowledged.filter((commit) => commit.atUs < heartbeat.atUs && (published.get(commit.id) ?? Infinity) > heartbeat.at),
  )
  expect(overtaken).toEqual([])
  expect(heartbeats.length).toBeGreaterThan(10)
  expect(acknowledged.length).toBeGreaterThan(100)
})

test('of two relays one leads; when its session ends the other goes on, and its first record is stamped later', async () => {
  await using database = await testDatabase()
  const events = memoryLog()
  const relays = [startRelay(database.primaryUrl, events.publisher('a')), startRelay(database.primaryUrl, events.publisher('b'))]
  await expect.poll(() => relays.filter((relay) => relay.leads()).length).toBe(1)
  await commitProduct(database.primary, { id: uuid(), state: 'hidden', doc: null })
  await expect.poll(() => events.events().length).toBe(1)
  const killedUs = nowUs()
  await database.primary
    .query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'catalog-relay-leader' and datname = current_database()
    and pid in (select pid from pg_locks where locktype = 'advisory' and granted)`)
  await expect.poll(() => events.records.some((record) => 'heartbeat' in record && stampTimeUs(record.heartbeat) > killedUs)).toBe(true)
  const id = uuid()
  await commitProduct(database.primary, { id, state: 'hidden', doc: null })
  await expect.poll(() => events.events().map((event) => event.productId)).toContain(id)
  // Never in turns: the lead changed hands once, or went back to the one that lost it.
  const names = events.records.map((record) => record.name)
  expect(names.filter((name, n) => n > 0 && name !== names[n - 1]).length).toBeLessThanOrEqual(1)
  await Promise.all(relays.map((relay) => relay.stop()))
})

test('while nothing can be published the outbox waits; afterwards everything comes, in order', async () => {
  await using database = await testDatabase()
  const events = memoryLog()
  events.fail(true)
  const relay = startRelay(database.primaryUrl, events.publisher('one'))
  const ids = [uuid(), uuid(), uuid()]
  for (const id of ids) await commitProduct(database.primary, { id, state: 'hidden', doc: null })
  await expect.poll(() => relay.failure()).toBe('no broker')
  expect(await pending(database.primary)).toBe(3)
  events.fail(false)
  await expect.poll(() => events.events().map((event) => event.productId)).toEqual(ids)
  await expect.poll(() => pending(database.primary)).toBe(0)
  expect(relay.leads()).toBe(true)
  await relay.stop()
})

test('a relay that failed is well again when another has led for a while', async () => {
  await using database = await testDatabase()
  const [broken, sound] = [memoryLog(), memoryLog()]
  broken.fail(true)
  const one = startRelay(database.primaryUrl, broken.publisher('one'), 300)
  await vi.waitUntil(() => one.failure() === 'no broker', { timeout: 10_000 })
  const two = startRelay(database.primaryUrl, sound.publisher('two'), 300)
  await vi.waitUntil(() => two.leads(), { timeout: 10_000 })
  await vi.waitUntil(() => one.failure() === null, { timeout: 10_000 })
  expect(one.leads()).toBe(false)
  await Promise.all([one.stop(), two.stop()])
})

test('a relay starts before its database is there, and says so', async () => {
  const relay = startRelay('postgres://nobody@127.0.0.1:1/none', memoryLog().publisher('one'))
  await expect.poll(() => relay.failure()).toContain('ECONNREFUSED')
  await relay.stop()
})

async function pending(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>('select count(*)::int as rows from outbox where published_at is null')
  return rows[0]?.rows ?? -1
}
