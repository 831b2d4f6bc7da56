import { Client, type Pool } from 'pg'
import { v7 as uuid } from 'uuid'
import { expect, test, vi } from 'vitest'
import { commitProduct } from '../../test/support/commit-product.ts'
import { testDatabase } from '../../test/support/parts.ts'
import { runProgram, type RunningProgram } from '../../test/support/run-program.ts'
import { endStalledLeader, whileAlive } from './stalled-leader.ts'

const LOCK = 4_294_967_297
const WAIT = { timeout: 20_000, interval: 50 }

async function isLeader({ opsUrl }: RunningProgram): Promise<boolean> {
  return (await metric(opsUrl, 'catalog_relay_leader')) === 1
}

async function metric(opsUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`, { signal: AbortSignal.timeout(2_000) })).text()
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (.+)$`, 'm').exec(text)?.[1])
}

/** Rows of the outbox that are not marked: published by nobody yet. */
async function pending(primary: Pool): Promise<number> {
  const { rows } = await primary.query<{ n: number }>('select count(*)::int as n from outbox where published_at is null')
  return rows[0]?.n ?? -1
}

async function commitOne(primary: Pool): Promise<void> {
  await commitProduct(primary, { id: uuid(), state: 'hidden', doc: null })
}

test('a leader that is stopped loses its lead to the other within seconds; woken, it stands by', { timeout: 60_000 }, async () => {
  await using database = await testDatabase()
  await using one = await runProgram('catalog-admin/relay/main.ts', { DATABASE_URL: database.primaryUrl })
  await vi.waitUntil(() => isLeader(one), WAIT)
  await using two = await runProgram('catalog-admin/relay/main.ts', { DATABASE_URL: database.primaryUrl })
  one.child.kill('SIGSTOP')
  try {
    await commitOne(database.primary)
    await vi.waitUntil(async () => (await pending(database.primary)) === 0, WAIT)
    expect(await isLeader(two)).toBe(true)
    expect(await metric(two.opsUrl, 'catalog_relay_ended_leaders_total')).toBe(1)
  } finally {
    one.child.kill('SIGCONT')
  }
  // Its session is gone, which is a failure of its round, and then it waits like any other.
  await vi.waitUntil(async () => (await metric(one.opsUrl, 'catalog_relay_failures_total')) === 1 && !(await isLeader(one)), WAIT)
  await commitOne(database.primary)
  await vi.waitUntil(async () => (await pending(database.primary)) === 0, WAIT)
  expect([await isLeader(one), await isLeader(two)]).toEqual([false, true])
})

async function openClient(url: string): Promise<Client> {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  return client
}

test('a session that stands still is ended; one that shows itself while it waits is not', { timeout: 60_000 }, async () => {
  await using database = await testDatabase()
  const [leader, waiter] = [await openClient(database.primaryUrl), await openClient(database.primaryUrl)]
  const released = Promise.withResolvers<void>()
  try {
    await leader.query('select pg_advisory_lock($1)', [LOCK])
    const waiting = whileAlive(leader, released.promise)
    const beganMs = performance.now()
    while (performance.now() - beganMs < 4_500) {
      expect(await endStalledLeader(waiter, LOCK)).toBe(false)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    released.resolve()
    await waiting
    await vi.waitUntil(() => endStalledLeader(waiter, LOCK), WAIT)
    await expect(leader.query('select 1')).rejects.toThrow(/connection/i)
    // Told to end, it does so in its own time.
    await vi.waitUntil(async () => !(await endStalledLeader(waiter, LOCK)), WAIT)
  } finally {
    await Promise.all([leader, waiter].map((client) => client.end().catch(() => {})))
  }
})
