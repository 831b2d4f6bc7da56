import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testCluster, type TestCluster } from '../../test/support/parts.ts'
import { createBreaker } from './breaker.ts'
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

test('a statement that the standby cancels for its replay is not available, not a fault', async () => {
  const { rows } = await cluster.replica.query('show max_standby_streaming_delay')
  const ticking = setInterval(() => void tick(cluster.primary).catch(() => {}), 5)
  try {
    await cluster.replica.query(`alter system set max_standby_streaming_delay = 0`)
    await cluster.replica.query('select pg_reload_conf()')
    expect(await openSource().read(read('select pg_sleep(5), count(*) from read.clock'))).toBeNull()
  } finally {
    clearInterval(ticking)
    await cluster.replica.query(`alter system set max_standby_streaming_delay = '${rows[0].max_standby_streaming_delay}'`).catch(() => {})
  }
})
