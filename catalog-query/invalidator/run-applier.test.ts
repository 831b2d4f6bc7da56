import { Redis } from 'ioredis'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bucketOf } from '../../shared/bucket.ts'
import type { LogPosition, LogRun, ProductEvent } from '../../shared/event-log.ts'
import { parseRepresentationCode } from '../../shared/representation.ts'
import { nowUs, toStamp } from '../../shared/stamp.ts'
import { tinyDocument } from '../../test/support/commit-product.ts'
import { redisMissing, testRedis, type TestRedis } from '../../test/support/parts.ts'
import { newGeneration, type ApplyInput, type CacheStore } from '../cache/cache-store.ts'
import { decodeCopy, encodePayload } from '../cache/copy.ts'
import { bucketPrefix, createRedisStore } from '../cache/redis-store.ts'
import { renderCopy } from '../cache/render-copy.ts'
import { createRunApplier } from './run-applier.ts'
import { BYTES_PER_CALL, EVENTS_PER_CALL } from './run-pieces.ts'
import { startAt } from './start-at.ts'

const CODE = 'default/de-AT+de+en'

describe.skipIf(await redisMissing())('on a real Redis', () => {
  let part: TestRedis
  let redis: Redis
  let store: CacheStore
  let calls: ApplyInput[]
  let position: LogPosition
  let gaps: number
  let watermarks: number

  beforeAll(async () => {
    part = await testRedis()
    redis = new Redis(part.url)
  })
  beforeEach(async () => {
    await redis.flushall()
    const real = createRedisStore(redis)
    calls = []
    store = {
      ...real,
      apply: (input) => {
        calls.push(input)
        return real.apply(input)
      },
    }
    position = { earliest: 0, end: 1_000_000 }
    gaps = 0
    watermarks = 0
  })
  afterAll(async () => {
    redis.disconnect()
    await part[Symbol.asyncDispose]()
  })

  const newApplier = () =>
    createRunApplier({
      store,
      position: () => Promise.resolve(position),
      nowUs,
      newGeneration,
      ttlMs: () => 60_000,
      onGap: () => gaps++,
      onNewWatermark: () => watermarks++,
    })

  const [id] = [uuid()]
  const bucket = bucketOf(id)

  function event(rev: number, fields: Partial<ProductEvent> = {}): ProductEvent {
    const doc = JSON.stringify(tinyDocument(fields.productId ?? id, `Title ${rev}`))
    return { productId: id, rev, stamp: toStamp(1, nowUs()), state: 'visible', doc, omitted: false, changedAtMs: 7, ...fields }
  }
  function run(from: number, events: readonly ProductEvent[], fields: Partial<LogRun> = {}): LogRun {
    const offsets = events.map((_, n) => from + n)
    return { partition: bucket, from, to: from + events.length, events, offsets, heartbeat: null, newestTimeline: 1, ...fields }
  }
  const heartbeatAt = (from: number) => run(from, [], { to: from + 1, heartbeat: toStamp(1, nowUs()) })

  async function read(productId = id) {
    const [answer] = await store.readMany([{ bucket, keys: [{ productId, code: CODE }] }])
    return { watermark: answer?.watermark ?? null, copy: decodeCopy(answer?.copies[0] ?? Buffer.alloc(0)) }
  }

  /** Fills a copy as of a second from now, later than the 500 ms that a new watermark begins ahead. */
  async function fill(productId = id, title = 'Old', rev = 1) {
    const asOf = toStamp(1, nowUs() + 1_000_000)
    const source = { state: 'visible', rev, document: tinyDocument(productId, title), changedAtMs: 0, contained: asOf } as const
    const payload = encodePayload(renderCopy(source, parseRepresentationCode(CODE), 0))
    expect(await store.fill({ bucket, productId, code: CODE, rev, asOf, payload, ttlMs: 60_000 })).toBe('stored')
  }

  function idsOfBucket(count: number): string[] {
    const ids: string[] = []
    while (ids.length < count) {
      const other = uuid()
      if (bucketOf(other) === bucket) ids.push(other)
    }
    return ids
  }

  test('the first run makes the watermark, with a p ahead of every clock, and is applied to it', async () => {
    const beganUs = nowUs()
    const applied = heartbeatAt(40)
    expect(await newApplier()(applied)).toEqual({ next: 41 })
    const { watermark } = await read()
    expect(watermark).toMatchObject({ next: 41, ts: applied.heartbeat, codes: [] })
    expect(watermark?.p.slice(0, 4)).toBe('0001')
    expect(Number(watermark?.p.slice(4))).toBeGreaterThan(beganUs + 400_000)
    expect(watermarks).toBe(1)
  })

  test('a resident copy is replaced by what the event carries, ready to be served', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    await fill()
    const change = event(2)
    expect(await apply(run(1, [change]))).toEqual({ next: 2 })
    const { copy } = await read()
    expect(copy).toMatchObject({ rev: 2, state: 'visible', changedAtMs: 7, contained: change.stamp, locale: 'en' })
    expect(JSON.parse(copy?.body.toString() ?? '')).toMatchObject({ id, rev: 2, title: 'Title 2', price: { from: { amount: 1999 } } })
  })

  test('a hidden or deleted product becomes a copy of its absence', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    await fill()
    await apply(run(1, [event(2, { state: 'deleted', doc: null })]))
    expect((await read()).copy).toMatchObject({ rev: 2, state: 'deleted', body: Buffer.alloc(0) })
  })

  test('a document that is too large, unreadable or cannot be rendered deletes the copy and moves on', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    const poison: Partial<ProductEvent>[] = [
      { doc: null, omitted: true },
      { rev: Number.MAX_SAFE_INTEGER, doc: null, omitted: true },
      { doc: '{"broken":' },
      { doc: '{"i18n":null}' },
    ]
    for (const [n, fields] of poison.entries()) {
      await fill()
      expect(await apply(run(1 + n, [event(2, fields)]))).toEqual({ next: 2 + n })
      expect((await read()).copy).toBeNull()
    }
  })

  test('nothing is rendered or sent for products that nobody has read', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    await fill()
    const [unread] = idsOfBucket(1)
    await apply(run(1, [event(2, { productId: unread as string })]))
    expect(calls.at(-1)?.events.map((applied) => applied.payloads.size)).toEqual([0])
  })

  test('a run is cut to 16 events a call, and only the last call moves to its end and claims its heartbeat', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    calls = []
    const ids = idsOfBucket(40)
    const events = ids.map((productId, n) => event(n + 1, { productId }))
    const heartbeat = toStamp(1, nowUs())
    // Ten heartbeats stand somewhere between the events.
    expect(await apply(run(1, events, { to: 51, heartbeat }))).toEqual({ next: 51 })
    expect(calls.map((call) => [call.from, call.to, call.events.length, call.heartbeat])).toEqual([
      [1, 17, EVENTS_PER_CALL, null],
      [17, 33, EVENTS_PER_CALL, null],
      [33, 51, 8, heartbeat],
    ])
  })

  test('a call carries at most 256 KiB of rendered copies', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    const ids = idsOfBucket(5)
    for (const productId of ids) await fill(productId)
    calls = []
    const large = (productId: string) => JSON.stringify(tinyDocument(productId, [...Array(12_000).keys()].join(' ')))
    await apply(
      run(
        1,
        ids.map((productId, n) => event(n + 2, { productId, doc: large(productId) })),
      ),
    )
    const bytesOf = (call: ApplyInput) =>
      call.events.flatMap((applied) => [...applied.payloads.values()]).reduce((sum, payload) => sum + payload.length, 0)
    expect(calls.length).toBeGreaterThan(1)
    expect(Math.max(...calls.map(bytesOf))).toBeLessThanOrEqual(BYTES_PER_CALL)
    expect(calls.flatMap((call) => call.events).length).toBe(5)
    for (const [n, productId] of ids.entries()) expect((await read(productId)).copy?.rev).toBe(n + 2)
  })

  test('after Redis has gone back to an earlier state the applier asks for what was lost, and never jumps over it', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    await fill()
    const dump = await redis.dumpBuffer(`${bucketPrefix(bucket)}wm`)
    await apply(run(1, [event(2)]))
    await redis.restore(`${bucketPrefix(bucket)}wm`, 0, dump, 'REPLACE')
    expect(await apply(run(2, [event(3)]))).toEqual({ next: 1 })
    expect(gaps).toBe(1)
    expect((await read()).copy?.rev).toBe(2)
    expect(await apply(run(1, [event(2), event(3)]))).toEqual({ next: 3 })
    expect((await read()).copy?.rev).toBe(3)
  })

  test('two appliers side by side change nothing twice and end in the same state', async () => {
    const [one, two] = [newApplier(), newApplier()]
    await one(heartbeatAt(0))
    await fill()
    const events = Array.from({ length: 40 }, (_, n) => event(n + 2))
    await Promise.all([one(run(1, events)), two(run(1, events)), two(run(1, events.slice(0, 20)))])
    const { copy, watermark } = await read()
    expect([copy?.rev, watermark?.next]).toEqual([41, 41])
    // A woken zombie with an old run.
    expect(await two(run(1, events.slice(0, 5)))).toEqual({ next: 41 })
    expect((await read()).copy?.rev).toBe(41)
  })

  test('a twin that has come into the middle of a long run takes none of its later events away', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    await fill()
    // Heartbeats at 1 to 20, then 17 events: more than one call takes. The twin has applied the heartbeats up to 18.
    const events = [event(2), ...idsOfBucket(EVENTS_PER_CALL).map((productId) => event(2, { productId }))]
    await newApplier()(run(1, [], { to: 19, heartbeat: toStamp(1, nowUs()) }))
    const offsets = events.map((_, n) => 21 + n)
    expect(await apply(run(1, events, { to: 38, offsets }))).toEqual({ next: 38 })
    expect((await read()).copy?.rev).toBe(2)
  })

  test('a watermark before the earliest record, or beyond the end of the log, counts as missing', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    const before = (await read()).watermark
    position = { earliest: 500, end: 600 }
    expect(await apply(heartbeatAt(500))).toEqual({ next: 501 })
    const late = (await read()).watermark
    expect(late?.next).toBe(501)
    expect(late?.gen).not.toBe(before?.gen)
    // The topic was made anew, and is shorter now.
    position = { earliest: 0, end: 3 }
    expect(await newApplier()(heartbeatAt(2))).toEqual({ next: 3 })
    const cut = (await read()).watermark
    expect([cut?.next, cut?.ts]).toEqual([3, '0'.repeat(20)])
    expect(cut?.gen).not.toBe(late?.gen)
  })

  test('without any readable record there is no timeline to begin with: the run is stepped over', async () => {
    expect(await newApplier()(run(0, [event(1, { omitted: true, doc: null })], { newestTimeline: 0 }))).toEqual({ next: 1 })
    expect((await read()).watermark).toBeNull()
  })

  test('a new watermark deletes nothing, yet no older copy is served under it', async () => {
    const apply = newApplier()
    await apply(heartbeatAt(0))
    await fill()
    await redis.del(`${bucketPrefix(bucket)}wm`)
    await apply(heartbeatAt(1))
    const { copy, watermark } = await read()
    expect(copy?.gen).not.toBe(watermark?.gen)
  })

  test('following starts where the watermark stands, or near the end of the log when it says nothing useful', async () => {
    const ask = () => startAt(bucket, store, () => Promise.resolve(position))
    position = { earliest: 0, end: 100 }
    expect(await ask()).toEqual({ offset: 84, newestTimeline: 0 })
    await newApplier()(heartbeatAt(60))
    expect(await ask()).toEqual({ offset: 61, newestTimeline: 1 })
    position = { earliest: 95, end: 100 }
    expect(await ask()).toEqual({ offset: 95, newestTimeline: 0 })
    position = { earliest: 0, end: 20 }
    expect(await ask()).toEqual({ offset: 4, newestTimeline: 0 })
  })
})
