import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../test/support/parts.ts'
import { BUCKET_COUNT, bucketOf } from './bucket.ts'
import type { EventFollower, LogRun, ProductEvent } from './event-log.ts'
import { createLogTableFollower } from './log-table-follower.ts'
import { createLogTablePublisher, deleteOldEvents } from './log-table.ts'
import { nowUs, toStamp } from './stamp.ts'

const log = { info: () => {}, warn: () => {} }
const atStart = () => Promise.resolve({ offset: 0, newestTimeline: 0 })
const stampNow = () => toStamp(1, nowUs())

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(async () => {
  await database.primary.query('delete from event_log; update event_log_end set earliest = 0, next = 0, heartbeat = null, timeline = 0')
  await database.caughtUp()
})
afterAll(async () => await database[Symbol.asyncDispose]())

function event(productId: string, rev: number, fields: Partial<ProductEvent> = {}): ProductEvent {
  return {
    productId,
    rev,
    stamp: stampNow(),
    state: 'visible',
    doc: `{"n":${rev},"emoji":"🧥"}`,
    omitted: false,
    changedAtMs: 1,
    ...fields,
  }
}

/** Follows on the standby and keeps every run. */
async function follow(startAt = atStart): Promise<{ runs: LogRun[]; follower: EventFollower }> {
  const follower = createLogTableFollower({ pools: [database.replica], log })
  const runs: LogRun[] = []
  await follower.start(startAt, async (run) => {
    runs.push(run)
    return { next: run.to }
  })
  return { runs, follower }
}

/** As many ids of one bucket. */
function idsOfOneBucket(count: number): string[] {
  const first = uuid()
  const ids = [first]
  while (ids.length < count) {
    const id = uuid()
    if (bucketOf(id) === bucketOf(first)) ids.push(id)
  }
  return ids
}

test('what is published is followed on a replica, in order, in contiguous runs', async () => {
  const publisher = createLogTablePublisher(database.primary)
  const { runs, follower } = await follow()
  const sent = Array.from({ length: 200 }, (_, n) => event(uuid(), n + 1, n % 9 === 0 ? { state: 'hidden', doc: null } : {}))
  for (let n = 0; n < sent.length; n += 40) await publisher.publish(sent.slice(n, n + 40))
  const stamp = stampNow()
  await publisher.heartbeat(stamp)
  await expect.poll(() => runs.filter((run) => run.heartbeat === stamp).length, { timeout: 10_000 }).toBe(BUCKET_COUNT)
  for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
    const own = runs.filter((run) => run.partition === bucket)
    expect(own.flatMap((run) => run.events)).toEqual(sent.filter(({ productId }) => bucketOf(productId) === bucket))
    expect(own.slice(1).every((run, n) => run.from === own[n]?.to)).toBe(true)
    expect((await follower.position(bucket)).end).toBe(own.at(-1)?.to)
    expect(own.at(-1)?.newestTimeline).toBe(1)
  }
  await follower.close()
})

test('pages published at once by two relays have offsets without holes', async () => {
  const [one, two] = [createLogTablePublisher(database.primary), createLogTablePublisher(database.primary)]
  const pages = Array.from({ length: 20 }, () => Array.from({ length: 30 }, (_, n) => event(uuid(), n)))
  await Promise.all(pages.map((page, n) => (n % 2 === 0 ? one : two).publish(page)))
  const { rows } = await database.primary.query<{ holes: number }>(`
    select sum(c.next - (select count(*) from event_log as e where e.partition = c.partition))::int as holes from event_log_end as c`)
  expect(rows).toEqual([{ holes: 0 }])
})

test('a heartbeat is handed over only with everything in front of it', async () => {
  const publisher = createLogTablePublisher(database.primary)
  const ids = idsOfOneBucket(150)
  const bucket = bucketOf(ids[0] as string)
  await publisher.publish(ids.map((id, n) => event(id, n)))
  const stamp = stampNow()
  await publisher.heartbeat(stamp)
  await database.caughtUp()
  const { runs, follower } = await follow()
  const own = () => runs.filter((run) => run.partition === bucket)
  await expect.poll(() => own().length, { timeout: 10_000 }).toBe(3)
  expect(own().map((run) => [run.events.length, run.heartbeat])).toEqual([
    [64, null],
    [64, null],
    [22, stamp],
  ])
  await follower.close()
})

test('a run is bounded in bytes', async () => {
  const publisher = createLogTablePublisher(database.primary)
  const ids = idsOfOneBucket(6)
  for (const id of ids) await publisher.publish([event(id, 1, { doc: JSON.stringify({ text: 'x'.repeat(250_000) }) })])
  await database.caughtUp()
  const { runs, follower } = await follow()
  await expect.poll(() => runs.map((run) => run.events.length), { timeout: 10_000 }).toEqual([4, 2])
  await follower.close()
})

test('a run that failed is handed in again; an answer behind or ahead moves the follower there', async () => {
  const publisher = createLogTablePublisher(database.primary)
  const [id] = idsOfOneBucket(1) as [string]
  await publisher.publish([event(id, 1)])
  await publisher.publish([event(id, 2)])
  await database.caughtUp()
  const follower = createLogTableFollower({ pools: [database.replica], log })
  const seen: number[][] = []
  const answers = [
    () => Promise.reject(new Error('not now')),
    () => Promise.resolve(0),
    async () => {
      await publisher.publish([event(id, 3)])
      await publisher.publish([event(id, 4)])
      return 3
    },
  ]
  await follower.start(atStart, async (run) => {
    seen.push(run.events.map(({ rev }) => rev))
    return { next: (await answers.shift()?.()) ?? run.to }
  })
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([[1, 2], [1, 2], [1, 2], [4]])
  await follower.close()
})

test('when the preferred database is away the next one is followed', async () => {
  const gone = { query: () => Promise.reject(new Error('connect ECONNREFUSED')) } as unknown as TestDatabase['replica']
  const follower = createLogTableFollower({ pools: [gone, database.primary], log })
  const heartbeats: string[] = []
  await follower.start(atStart, async (run) => {
    if (run.heartbeat !== null) heartbeats.push(run.heartbeat)
    return { next: run.to }
  })
  const stamp = stampNow()
  await createLogTablePublisher(database.primary).heartbeat(stamp)
  await expect.poll(() => heartbeats, { timeout: 10_000 }).toContain(stamp)
  await follower.close()
})

test('events older than their days are deleted in bounded steps, and the log begins behind them', async () => {
  const publisher = createLogTablePublisher(database.primary)
  const ids = idsOfOneBucket(40)
  const bucket = bucketOf(ids[0] as string)
  await publisher.publish(ids.map((id, n) => event(id, n)))
  await database.primary.query(`update event_log set at = now() - interval '8 days' where "offset" < 30`)
  expect(await deleteOldEvents(database.primary, 7, 16 * 20)).toBe(20)
  expect(await deleteOldEvents(database.primary, 7, 16 * 20)).toBe(10)
  expect(await deleteOldEvents(database.primary, 7, 16 * 20)).toBe(0)
  await database.caughtUp()
  const follower = createLogTableFollower({ pools: [database.replica], log })
  expect(await follower.position(bucket)).toEqual({ earliest: 30, end: 40 })
})

test('a log whose end was lost in a failover is noticed by its newer timeline', async () => {
  const publisher = createLogTablePublisher(database.primary)
  const [id] = idsOfOneBucket(1) as [string]
  await publisher.publish([event(id, 1), event(id, 2), event(id, 3)])
  await database.caughtUp()
  const { runs, follower } = await follow()
  await expect.poll(() => runs.at(-1)?.to, { timeout: 10_000 }).toBe(3)
  await database.primary.query(`delete from event_log where "offset" >= 1; update event_log_end set next = least(next, 1)`)
  await publisher.publish([event(id, 4, { stamp: toStamp(2, nowUs()) })])
  await expect.poll(() => runs.at(-1), { timeout: 10_000 }).toMatchObject({ from: 2, to: 2, newestTimeline: 2, events: [] })
  await follower.close()
})
