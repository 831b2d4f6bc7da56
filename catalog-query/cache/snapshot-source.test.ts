import type { Pool } from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { createPool } from '../../shared/postgres.ts'
import { testCluster, type TestCluster } from '../../test/support/parts.ts'
import { createBreaker } from './breaker.ts'
import { createReplicas } from './replicas.ts'
import { createSnapshotSource, type SnapshotSource } from './snapshot-source.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await testCluster()
  await cluster.primary.query(`
    create schema read;
    create table read.clock (one boolean primary key default true, timeline int not null, at timestamptz not null) with (fillfactor = 10);
    insert into read.clock (timeline, at) values (1, clock_timestamp());
    create table item (n int)`)
  await cluster.caughtUp()
})
afterAll(async () => await cluster?.[Symbol.asyncDispose]())

function openSource(changes: Partial<Parameters<typeof createSnapshotSource>[0]> = {}): SnapshotSource {
  const breaker = createBreaker({ failures: 3, openMs: 1_000, nowMs: () => performance.now() })
  return createSnapshotSource({ name: 'replica', tier: 'replica', pool: cluster.replica, breaker, ...changes })
}

const read = (text: string) => ({ name: text, text, values: [] })

test('rows come with the clock of their snapshot, and without rows the clock comes alone', async () => {
  await cluster.primary.query('insert into item values (1), (2)')
  const asOf = await tick(cluster.primary)
  await cluster.caughtUp()
  const source = openSource()
  const snapshot = await source.read(read('select n from item order by n'))
  expect(snapshot?.rows.map(({ n }) => n)).toEqual(['1', '2'])
  expect([snapshot?.asOf, snapshot?.contained]).toEqual([asOf, asOf])
  expect(await source.read(read('select n from item where n > 9'))).toMatchObject({ rows: [], asOf })
  expect(source.ageUs()).toBeGreaterThan(0)
})

test('on a primary the content may be newer than its clock shows', async () => {
  const asOf = await tick(cluster.primary)
  const snapshot = await openSource({ tier: 'primary', pool: cluster.primary }).read(read('select n from item'))
  expect(snapshot?.asOf).toBe(asOf)
  expect((snapshot?.contained ?? '') > asOf).toBe(true)
})

test('a statement prepared before a table changed is prepared anew', async () => {
  const source = openSource({ tier: 'primary', pool: cluster.primary })
  const everything = read('select * from item')
  await Promise.all(Array.from({ length: 10 }, () => source.read(everything)))
  await cluster.primary.query('alter table item add column extra int')
  expect((await source.read(everything))?.rows[0]).toHaveProperty('extra')
})

test('a table that is not there yet is not available, and no fault of the statement', async () => {
  const source = openSource()
  expect(await source.read(read('select n from not_yet'))).toBeNull()
  await expect(source.read(read('select no_such_column from item'))).rejects.toThrow('no_such_column')
})

test('a statement that the standby cancels for its replay is not available, not a fault; a costly one is not the standby’s either', async () => {
  const { rows } = await cluster.replica.query('show max_standby_streaming_delay')
  const ticking = setInterval(() => void tick(cluster.primary).catch(() => {}), 5)
  try {
    await cluster.replica.query(`alter system set max_standby_streaming_delay = 0`)
    await cluster.replica.query('select pg_reload_conf()')
    const waits = read('select pg_sleep(5), count(*) from read.clock')
    const breaker = createBreaker({ failures: 1, openMs: 1_000, nowMs: () => performance.now() })
    expect(await openSource({ breaker }).read({ ...waits, costly: true })).toBeNull()
    expect(breaker.state()).toBe('closed')
    expect(await openSource({ breaker }).read(waits)).toBeNull()
    expect(breaker.state()).toBe('open')
  } finally {
    clearInterval(ticking)
    await cluster.replica.query(`alter system set max_standby_streaming_delay = '${rows[0].max_standby_streaming_delay}'`).catch(() => {})
  }
})

const silent = pino({ level: 'silent' })
const openLimited = (url: string, limits: { statementMs: number; graceMs: number }) =>
  createPool({ url, size: 4, connectMs: 5_000, applicationName: 'test', ...limits }, silent)

const SLOW = { name: '', text: 'select pg_sleep(1)', values: [] }

test('of what PostgreSQL ends for its length a look-up opens the breaker, a costly statement is refused and opens none', async () => {
  const pool = openLimited(cluster.replicaUrl, { statementMs: 50, graceMs: 5_000 })
  try {
    const source = openSource({ pool })
    for (let n = 0; n < 4; n++) {
      const refused = { problem: 'overloaded', status: 503, headers: { 'retry-after': '1' }, cause: { code: '57014' } }
      await expect(source.read({ ...SLOW, costly: true })).rejects.toMatchObject(refused)
    }
    expect(source.breaker.state()).toBe('closed')
    for (let n = 0; n < 3; n++) expect(await source.read(SLOW)).toBeNull()
    expect(source.breaker.state()).toBe('open')
  } finally {
    await pool.end()
  }
})

test('a server that ends nothing itself opens the breaker, however costly the statement', async () => {
  // The server's limit is far off, as if it were frozen: ours is over first.
  const pool = openLimited(cluster.replicaUrl, { statementMs: 10_000, graceMs: -9_950 })
  try {
    const source = openSource({ pool })
    for (let n = 0; n < 3; n++) expect(await source.read({ ...SLOW, costly: true })).toBeNull()
    expect(source.breaker.state()).toBe('open')
  } finally {
    await pool.end()
  }
})

test('a costly statement that took too long is asked of no other database; a look-up is', async () => {
  const asked: string[] = []
  const open = (name: string, url: string): Pool => {
    const pool = openLimited(url, { statementMs: 50, graceMs: 5_000 })
    return Object.assign(Object.create(pool) as Pool, { query: (query: string) => (asked.push(name), pool.query(query)) })
  }
  const replicas = ['one', 'two'].map((name) => ({ name, pool: open(name, cluster.replicaUrl) }))
  const primary = open('primary', cluster.primaryUrl)
  const { readSnapshot } = createReplicas({ replicas, primary, primaryLimit: 1 })
  try {
    await expect(readSnapshot({ ...SLOW, costly: true }, null)).rejects.toMatchObject({ problem: 'overloaded' })
    expect(asked).toEqual(['one'])
    await expect(readSnapshot(SLOW, null)).rejects.toMatchObject({ problem: 'unavailable' })
    expect(asked).toEqual(['one', 'one', 'two', 'primary'])
  } finally {
    await Promise.all([primary, ...replicas.map(({ pool }) => pool)].map((pool) => pool.end()))
  }
})
