import { expect, test } from 'vitest'
import { relayRound, type OutboxPage, type RelayPorts } from '../../catalog-admin/relay/relay-round.ts'
import { createBreaker } from '../../catalog-query/cache/breaker.ts'
import { encodePayload, decodeCopy } from '../../catalog-query/cache/copy.ts'
import { createLimiter } from '../../catalog-query/cache/limiter.ts'
import { createMemoryStore, type MemoryStore } from '../../catalog-query/cache/memory-store.ts'
import { renderCopy } from '../../catalog-query/cache/render-copy.ts'
import { createReadReplicaRows, createReadRows } from '../../catalog-query/cache/replicas.ts'
import { createSnapshotCache } from '../../catalog-query/cache/snapshot-cache.ts'
import type { RawSnapshot, SnapshotSource } from '../../catalog-query/cache/snapshot-source.ts'
import { answerToken, satisfies } from '../../catalog-query/cache/token-rule.ts'
import { memoryDeadlineUs, trustOf, TRUST_US } from '../../catalog-query/cache/trust.ts'
import { createRunApplier } from '../../catalog-query/invalidator/run-applier.ts'
import { bucketOf } from '../../shared/bucket.ts'
import type { LogRun, ProductEvent } from '../../shared/event-log.ts'
import { toStamp, type Stamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'

/** Each race of docs/consistency.md as steps in a fixed order. The sabotages (sabotages.ts) name these tests. */

const ID = '0197a000-0000-7000-8000-000000000001'
const BUCKET = bucketOf(ID)
const CODE = 'default/en'
const KEY = { bucket: BUCKET, productId: ID, code: CODE }
const GEN = 'g'.repeat(16)
const BEGIN_US = 1_800_000_000_000_000

/** A position, milliseconds after the beginning. */
const at = (ms: number, timeline = 1): Stamp => toStamp(timeline, BEGIN_US + ms * 1000)
const payload = (rev: number) =>
  encodePayload(
    renderCopy({ state: 'hidden', rev, document: null, changedAtMs: 0, contained: at(0) }, { channel: 'default', locales: ['en'] }, 0),
  )
const event = (rev: number, stamp: Stamp): ProductEvent => ({
  productId: ID,
  rev,
  stamp,
  state: 'hidden',
  doc: null,
  omitted: false,
  changedAtMs: 0,
})

/** A bucket whose watermark stands at offset 0, with nothing vouched for. */
async function bucket(): Promise<MemoryStore> {
  const store = createMemoryStore()
  await store.apply({
    bucket: BUCKET,
    from: 0,
    to: 0,
    heartbeat: null,
    events: [],
    init: { gen: GEN, next: 0, p: at(-1_000), replaces: null },
    ttlMs: 1,
  })
  await apply(store, { from: 0, to: 1 })
  return store
}

interface Applied {
  readonly from: number
  readonly to: number
  readonly events?: readonly { rev: number; stamp: Stamp }[]
  readonly heartbeat?: Stamp
}

async function apply(store: MemoryStore, { from, to, events = [], heartbeat }: Applied) {
  const applied = events.map(({ rev, stamp }) => ({ productId: ID, rev, stamp, payloads: new Map([[CODE, payload(rev)]]) }))
  return await store.apply({ bucket: BUCKET, from, to, heartbeat: heartbeat ?? null, events: applied, init: null, ttlMs: 1 })
}

async function fill(store: MemoryStore, rev: number, asOf: Stamp) {
  const input = { ...KEY, rev, asOf, payload: payload(rev), ttlMs: 1 }
  return await store.fill(input)
}

async function resident(store: MemoryStore) {
  const [read] = await store.readMany([{ bucket: BUCKET, keys: [KEY] }])
  const bytes = read?.copies[0] ?? null
  return { watermark: read?.watermark ?? null, copy: bytes === null ? null : decodeCopy(bytes) }
}

test('R1, R2: a fill from before the last change of its slot is refused, however late it comes', async () => {
  const store = await bucket()
  await apply(store, { from: 1, to: 2, events: [{ rev: 2, stamp: at(100) }] })
  expect(await fill(store, 1, at(50))).toBe('slot-changed')
  expect(await fill(store, 2, at(101))).toBe('stored')
})

test('R1: a snapshot of exactly the time of a change may lack it: its fill is refused', async () => {
  const store = await bucket()
  await apply(store, { from: 1, to: 2, events: [{ rev: 2, stamp: at(100) }] })
  expect(await fill(store, 1, at(100))).toBe('slot-changed')
})

test('R9: a bucket whose table was lost takes no fill', async () => {
  const store = await bucket()
  await apply(store, { from: 1, to: 2, events: [{ rev: 2, stamp: at(100) }] })
  store.buckets.get(BUCKET)?.delete('table')
  expect(await fill(store, 1, at(50))).toBe('no-table')
  expect(await fill(store, 2, at(150))).toBe('no-table')
})

test('R9: a rebuilt table begins at the latest change of any slot', async () => {
  const store = await bucket()
  await apply(store, { from: 1, to: 2, events: [{ rev: 2, stamp: at(100) }] })
  store.buckets.get(BUCKET)?.delete('table')
  await apply(store, { from: 2, to: 3, heartbeat: at(120) })
  expect(await fill(store, 1, at(100))).toBe('slot-changed')
  expect(await fill(store, 2, at(101))).toBe('stored')
})

test('R9: a watermark made anew makes every older copy a miss', async () => {
  const store = await bucket()
  await fill(store, 1, at(10))
  store.buckets.get(BUCKET)?.delete('wm')
  await store.apply({
    bucket: BUCKET,
    from: 1,
    to: 2,
    heartbeat: null,
    events: [],
    init: { gen: 'h'.repeat(16), next: 1, p: at(600), replaces: null },
    ttlMs: 1,
  })
  await apply(store, { from: 1, to: 2, heartbeat: at(700) })
  const { copy, watermark } = await resident(store)
  expect(copy?.rev).toBe(1)
  expect(copy === null ? 'gone' : trustOf(copy, watermark, BEGIN_US + 700_000)).toBeNull()
})

test('R4: the offset moves with the effects of everything before it', async () => {
  const store = await bucket()
  await fill(store, 1, at(10))
  const other = '0197a000-0000-7000-8000-000000009999'
  const events = [
    { productId: other, rev: 5, stamp: at(99), payloads: new Map<string, Buffer>() },
    { productId: ID, rev: 2, stamp: at(100), payloads: new Map([[CODE, payload(2)]]) },
  ]
  await store.apply({ bucket: BUCKET, from: 1, to: 3, heartbeat: at(120), events, init: null, ttlMs: 1 })
  const { copy, watermark } = await resident(store)
  expect({ rev: copy?.rev, next: watermark?.next, ts: watermark?.ts, p: watermark?.p }).toEqual({
    rev: 2,
    next: 3,
    ts: at(120),
    p: at(100),
  })
  expect(await fill(store, 1, at(50))).toBe('slot-changed')
})

test('R4: a gap in the log is gone back to, never jumped over', async () => {
  const store = await bucket()
  await fill(store, 1, at(10))
  expect(await apply(store, { from: 2, to: 3, heartbeat: at(200) })).toMatchObject({ next: 1, applied: false })
  expect((await resident(store)).watermark?.ts).not.toBe(at(200))
})

test('R6: a woken invalidator changes nothing that another has overtaken', async () => {
  const store = await bucket()
  await apply(store, { from: 1, to: 4, events: [{ rev: 3, stamp: at(100) }], heartbeat: at(110) })
  const before = new Map(store.buckets.get(BUCKET))
  expect(await apply(store, { from: 1, to: 2, events: [{ rev: 2, stamp: at(90) }], heartbeat: at(95) })).toMatchObject({
    next: 4,
    applied: false,
  })
  expect(store.buckets.get(BUCKET)).toEqual(before)
})

test('R5: an older event, published late by a relay that lost its lead, does not replace a newer copy', async () => {
  const store = await bucket()
  await fill(store, 3, at(50))
  await apply(store, { from: 1, to: 2, events: [{ rev: 2, stamp: at(60) }] })
  expect((await resident(store)).copy?.rev).toBe(3)
})

test('R3: of two fills the newer content stays', async () => {
  const store = await bucket()
  expect(await fill(store, 2, at(20))).toBe('stored')
  expect(await fill(store, 1, at(10))).toBe('newer-resident')
  expect((await resident(store)).copy?.rev).toBe(2)
})

test('a pushed copy is vouched for by the watermark alone', async () => {
  const store = await bucket()
  await fill(store, 1, at(10))
  await apply(store, { from: 1, to: 2, events: [{ rev: 2, stamp: at(100) }], heartbeat: at(90) })
  const { copy, watermark } = await resident(store)
  // Another commit of this product may be acknowledged before its P and not be in its page.
  expect(copy === null ? null : trustOf(copy, watermark, BEGIN_US + 100_000)).toEqual({ trusted: true, vouched: at(90) })
})

test('R12: the watermark of a later timeline does not vouch for what an earlier one saw', () => {
  const watermark = { gen: GEN, next: 9, ts: at(5_000, 2), p: at(0), codes: [] }
  const copy = { gen: GEN, seen: '0001', rev: 7, asOf: at(10) }
  expect(trustOf(copy, watermark, BEGIN_US + 5_100_000)).toEqual({ trusted: false, vouched: at(10) })
  expect(trustOf({ ...copy, seen: '0002' }, watermark, BEGIN_US + 5_100_000)).toEqual({ trusted: true, vouched: at(5_000, 2) })
})

test('R7, R8: a watermark that stands still vouches for B and no longer', () => {
  const watermark = { gen: GEN, next: 9, ts: at(0), p: at(0), codes: [] }
  const copy = { gen: GEN, seen: '0001', rev: 7, asOf: at(-10_000) }
  expect(trustOf(copy, watermark, BEGIN_US + TRUST_US)?.trusted).toBe(true)
  expect(trustOf(copy, watermark, BEGIN_US + TRUST_US + 1)?.trusted).toBe(false)
})

test('a time far ahead of ours is suspect', () => {
  const watermark = { gen: GEN, next: 9, ts: at(251), p: at(0), codes: [] }
  expect(trustOf({ gen: GEN, seen: '0001', rev: 7, asOf: at(0) }, watermark, BEGIN_US)?.trusted).toBe(false)
})

test('memory answers for at most 0.7 s, and never beyond what vouches plus B', () => {
  const nowUs = BEGIN_US + 1_900_000
  expect(memoryDeadlineUs(at(0), nowUs)).toBe(BEGIN_US + TRUST_US)
  expect(memoryDeadlineUs(at(1_890), nowUs)).toBe(nowUs + 700_000)
})

test('R15: a token asks for a position strictly later than its own', () => {
  const token = { stamp: at(100), lsn: null, product: null }
  expect(satisfies({ id: ID, rev: 1, vouched: at(100) }, token)).toBe(false)
  expect(satisfies({ id: ID, rev: 1, vouched: at(101) }, token)).toBe(true)
})

test("R16: of one timeline, an earlier rev of the token's product satisfies it by no time", () => {
  const rev = (timeline: number, n: number) => timeline * 2 ** 40 + n
  const token = { stamp: at(100), lsn: null, product: { id: ID, rev: rev(1, 5) } }
  // A standby has shown rev 5 before the primary did, and a later tick vouches for a copy that lacks it.
  expect(satisfies({ id: ID, rev: rev(1, 4), vouched: at(900) }, token)).toBe(false)
  expect(satisfies({ id: ID, rev: rev(1, 5), vouched: at(0) }, token)).toBe(true)
  // A failover may have lost it.
  expect(satisfies({ id: ID, rev: rev(1, 4), vouched: at(900, 2) }, token)).toBe(true)
  expect(satisfies({ id: 'another', rev: rev(1, 4), vouched: at(900) }, token)).toBe(true)
})

test("a token of one product accepts that product's rev, and no other's", () => {
  const token = { stamp: at(100), lsn: null, product: { id: ID, rev: 5 } }
  expect(satisfies({ id: ID, rev: 5, vouched: at(0) }, token)).toBe(true)
  expect(satisfies({ id: ID, rev: 4, vouched: at(0) }, token)).toBe(false)
  expect(satisfies({ id: 'another', rev: 5, vouched: at(0) }, token)).toBe(false)
})

test("an answer that is not the token's own write gives back no LSN: its content may have been committed behind it", () => {
  const token = { stamp: at(100), lsn: '0/9', product: { id: ID, rev: 5 } }
  expect(answerToken(token, { id: 'another', rev: 8, vouched: at(101), contained: at(60) }).lsn).toBeNull()
  expect(answerToken(token, { id: ID, rev: 6, vouched: at(101), contained: at(60) }).lsn).toBeNull()
  expect(answerToken(token, { id: ID, rev: 5, vouched: at(101), contained: at(60) })).toEqual(token)
})

// Databases

interface Told {
  readonly snapshots: readonly RawSnapshot[]
  readonly replayed?: readonly boolean[]
}

/** Answers in the order given; the last answer is given for ever. Notes what it was asked. */
function source(name: string, tier: 'replica' | 'primary', told: Told, asked: string[]): SnapshotSource {
  let reads = 0
  let positions = 0
  return {
    name,
    tier,
    breaker: createBreaker({ failures: 3, openMs: 1_000, nowMs: () => 0 }),
    ageUs: () => 0,
    inFlight: () => 0,
    isStruggling: () => false,
    read: async (statement) => {
      asked.push(`${name} ${statement === STATEMENT ? 'read' : statement.name}`)
      return told.snapshots[Math.min(reads++, told.snapshots.length - 1)] ?? null
    },
    hasReplayed: async () => {
      asked.push(`${name} replayed?`)
      const answers = told.replayed ?? [false]
      return answers[Math.min(positions++, answers.length - 1)] ?? false
    },
  }
}

const snapshot = (asOf: Stamp): RawSnapshot => ({ rows: [], asOf, contained: asOf, isStandby: true })
const STATEMENT = { name: 'load-products', text: '', values: [[ID]] }
const limiter = createLimiter({ concurrency: 1, queue: 1, waitMs: 1_000 })
const pause = () => Promise.resolve()

test('a replica that is older than B does not count: the next one, then the primary', async () => {
  const asked: string[] = []
  const replicas = [
    source('one', 'replica', { snapshots: [snapshot(at(0))] }, asked),
    source('two', 'replica', { snapshots: [snapshot(at(900))] }, asked),
  ]
  const primary = source('primary', 'primary', { snapshots: [snapshot(at(2_990))] }, asked)
  const read = createReadRows({ replicas, primary, limiter, nowUs: () => BEGIN_US + 3_000_000, pause })
  expect(await read(STATEMENT, null)).toMatchObject({ tier: 'primary', asOf: at(2_990), marked: false })
  expect(asked).toEqual(['one read', 'two read', 'primary read'])
})

test('whoever would spare the primary is told that it is next, and it is not asked', async () => {
  const asked: string[] = []
  const replica = source('replica', 'replica', { snapshots: [snapshot(at(0)), snapshot(at(2_900))] }, asked)
  const primary = source('primary', 'primary', { snapshots: [snapshot(at(2_990))] }, asked)
  const read = createReadReplicaRows({ replicas: [replica], primary, limiter, nowUs: () => BEGIN_US + 3_000_000, pause })
  expect(await read(STATEMENT, null)).toBeNull()
  expect(await read(STATEMENT, null)).toMatchObject({ tier: 'replica', asOf: at(2_900), marked: false })
  expect(asked).toEqual(['replica read', 'replica read'])
})

test('a primary that answers too late, or whose clock nobody ticks, is marked', async () => {
  const primary = source('primary', 'primary', { snapshots: [snapshot(at(0))] }, [])
  const read = createReadRows({ replicas: [], primary, limiter, nowUs: () => BEGIN_US + 3_000_000, pause })
  expect(await read(STATEMENT, null)).toMatchObject({ tier: 'primary', marked: true })
})

test('R14: whether a replica has replayed the position is asked before the statement that reads', async () => {
  const asked: string[] = []
  // It replays the write between the two statements: only the order of the questions keeps the older snapshot out.
  const replica = source('replica', 'replica', { snapshots: [snapshot(at(50))], replayed: [false, true] }, asked)
  const primary = source('primary', 'primary', { snapshots: [snapshot(at(101))] }, asked)
  const read = createReadRows({ replicas: [replica], primary, limiter, nowUs: () => BEGIN_US + 400_000, pause })
  const token = { stamp: at(100), lsn: '0/9', product: null }
  expect(await read(STATEMENT, token)).toMatchObject({ tier: 'primary' })
  expect(asked).toEqual(['replica replayed?', 'replica read', 'primary read'])
})

test("a replica that replayed the position on a timeline before the token's does not satisfy it", async () => {
  const replica = source('replica', 'replica', { snapshots: [snapshot(at(50, 1))], replayed: [true] }, [])
  const primary = source('primary', 'primary', { snapshots: [snapshot(at(101, 2))] }, [])
  const read = createReadRows({ replicas: [replica], primary, limiter, nowUs: () => BEGIN_US + 400_000, pause })
  expect(await read(STATEMENT, { stamp: at(100, 2), lsn: '0/9', product: null })).toMatchObject({ tier: 'primary' })
})

test('what is called the primary and is a standby, or of an older timeline, answers no token by being the primary', async () => {
  const token = { stamp: at(100), lsn: null, product: null }
  for (const demoted of [snapshot(at(50)), { ...snapshot(at(500, 0)), isStandby: false }]) {
    const primary = source('primary', 'primary', { snapshots: [demoted] }, [])
    const alone = createReadRows({ replicas: [], primary, limiter, nowUs: () => BEGIN_US + 400_000, pause })
    await expect(alone(STATEMENT, token)).rejects.toMatchObject({ problem: 'unavailable' })
    // A replica that has it but is too old is better than nothing.
    const replica = source('replica', 'replica', { snapshots: [snapshot(at(150))] }, [])
    const both = createReadRows({ replicas: [replica], primary, limiter, nowUs: () => BEGIN_US + 3_000_000, pause })
    expect(await both(STATEMENT, token)).toMatchObject({ tier: 'replica', asOf: at(150), marked: true })
  }
  const primary = source('primary', 'primary', { snapshots: [{ ...snapshot(at(50)), isStandby: false }] }, [])
  const read = createReadRows({ replicas: [], primary, limiter, nowUs: () => BEGIN_US + 400_000, pause })
  expect(await read(STATEMENT, token)).toMatchObject({ tier: 'primary', marked: false })
})

test('a costly statement goes only to a replica whose clock shows that it has what the token stands for', async () => {
  const asked: string[] = []
  const replica = source('replica', 'replica', { snapshots: [snapshot(at(50)), snapshot(at(101))] }, asked)
  const read = createReadRows({ replicas: [replica], primary: null, limiter, nowUs: () => BEGIN_US + 110_000, pause })
  const costly = { ...STATEMENT, name: 'list', costly: true as const }
  expect(await read(costly, { stamp: at(100), lsn: null, product: null })).toMatchObject({ asOf: at(101) })
  expect(asked).toEqual(['replica look-at-clock', 'replica look-at-clock', 'replica list'])
})

test('nobody waits on a replica for a token from the future', async () => {
  const { asked } = await readWithToken({ stamp: at(9_000), lsn: null, product: null }, { snapshots: [snapshot(at(90))] })
  expect(asked).toEqual(['replica read', 'primary read'])
})

test('a replica that was just too slow for a costly statement is the last for the next, not for look-ups', async () => {
  const asked: string[] = []
  const told = { snapshots: [snapshot(at(300))] }
  const struggling = { ...source('one', 'replica', told, asked), isStruggling: () => true }
  const read = createReadRows({
    replicas: [struggling, source('two', 'replica', told, asked)],
    primary: null,
    limiter,
    nowUs: () => BEGIN_US + 310_000,
    pause,
  })
  await read({ ...STATEMENT, name: 'list', costly: true }, null)
  await read(STATEMENT, null)
  expect(asked).toEqual(['two list', 'one read'])
})

/** A reader with a token at 110 ms, and all that it asked and waited for, in order. */
async function readWithToken(token: ConsistencyToken, told: Told, ageMs = 60) {
  const asked: string[] = []
  const replica = source('replica', 'replica', told, asked)
  const primary = source('primary', 'primary', { snapshots: [{ ...snapshot(at(101)), isStandby: false }] }, asked)
  const wait = (waitMs: number) => Promise.resolve(asked.push(`wait ${waitMs}`))
  const read = createReadRows({ replicas: [replica], primary, limiter, nowUs: () => BEGIN_US + 50_000 + ageMs * 1_000, pause: wait })
  return { read: await read(STATEMENT, token), asked }
}

test('a read with a token waits a little for a replica that keeps up, and asks again before it reads', async () => {
  const token = { stamp: at(100), lsn: '0/9', product: null }
  const { read, asked } = await readWithToken(token, { snapshots: [snapshot(at(50))], replayed: [false, true] })
  expect(read).toMatchObject({ tier: 'replica', asOf: at(50) })
  expect(asked).toEqual(['replica replayed?', 'replica read', 'wait 5', 'replica replayed?', 'replica read'])
})

test('without an LSN it waits for the next tick, and in the end asks the primary', async () => {
  const token = { stamp: at(100), lsn: null, product: null }
  const ticked = await readWithToken(token, { snapshots: [snapshot(at(50)), snapshot(at(50)), snapshot(at(101))] })
  expect(ticked.asked).toEqual(['replica read', 'wait 5', 'replica read', 'wait 10', 'replica read'])
  expect(ticked.read.tier).toBe('replica')
  const never = await readWithToken(token, { snapshots: [snapshot(at(50))] })
  expect(never.asked.filter((what) => what !== 'replica read')).toEqual(['wait 5', 'wait 10', 'wait 20', 'primary read'])
})

test('nobody waits for a replica that lags', async () => {
  const token = { stamp: at(100), lsn: null, product: null }
  const { asked } = await readWithToken(token, { snapshots: [snapshot(at(50))] }, 251)
  expect(asked).toEqual(['replica read', 'primary read'])
})

test('a value in memory is read again once B is over', async () => {
  let nowUs = BEGIN_US
  let loads = 0
  const cache = createSnapshotCache<string>({ maxBytes: 1_000_000, sizeOf: () => 1, nowUs: () => nowUs })
  const load = async () => {
    loads++
    return { value: `load ${loads}`, vouched: toStamp(1, nowUs), contained: toStamp(1, nowUs), tier: 'replica' as const, marked: false }
  }
  expect(await cache.read('hint', null, load)).toMatchObject({ value: 'load 1' })
  nowUs += TRUST_US
  expect(await cache.read('hint', null, load)).toMatchObject({ value: 'load 1' })
  nowUs += 1
  expect(await cache.read('hint', null, load)).toMatchObject({ value: 'load 2' })
})

// The relay

/** A primary in miniature: every call is a moment later; a commit may be slipped in before any of them. */
function miniature(full = false) {
  let ms = 0
  const asked: string[] = []
  const committed: { rev: number; ackedMs: number; row: string }[] = []
  const published: { event: ProductEvent; atMs: number }[] = []
  const heartbeats: Stamp[] = []
  let marked: readonly string[] = []
  const slips = new Map<string, () => void>()
  const call = async (name: string): Promise<number> => {
    asked.push(name)
    slips.get(name)?.()
    slips.delete(name)
    return (ms += 10)
  }
  const ports: RelayPorts = {
    tick: async () => at(await call('tick')),
    readPosition: async () => at(await call('position')),
    selectPage: async (): Promise<OutboxPage> => {
      await call('page')
      const open = committed.filter(({ row }) => !marked.includes(row))
      const products = open.slice(-1).map(({ rev }) => event(rev, at(0)))
      return { rowIds: open.map(({ row }) => row), products, full }
    },
    publish: async (events) => {
      const atMs = await call('publish')
      for (const one of events) published.push({ event: one, atMs })
    },
    mark: async (rows) => {
      await call('mark')
      marked = [...marked, ...rows]
    },
    heartbeat: async (stamp) => {
      await call('heartbeat')
      heartbeats.push(stamp)
    },
  }
  const commit = (rev: number) => {
    ms += 10
    committed.push({ rev, ackedMs: ms, row: String(rev) })
  }
  return { ports, asked, committed, published, heartbeats, slips, commit, marked: () => marked }
}

test('P is read after the page: it is later than the acknowledgement of all that the page shows', async () => {
  const { ports, slips, commit, committed, published } = miniature()
  commit(1)
  // A commit between the moment the round began and its page: the page shows it.
  slips.set('page', () => commit(2))
  await relayRound(ports, false)
  expect(published[0]?.event.rev).toBe(2)
  expect(published[0]?.event.stamp).toBeDefined()
  expect((published[0]?.event.stamp ?? '') > at(committed[1]?.ackedMs ?? Infinity)).toBe(true)
})

test('T is ticked before the page: whatever was acknowledged before T has been published', async () => {
  const { ports, slips, commit, committed, heartbeats, published } = miniature()
  commit(1)
  slips.set('tick', () => commit(2))
  slips.set('position', () => commit(3))
  await relayRound(ports, true)
  const [heartbeat = ''] = heartbeats
  const before = committed.filter(({ ackedMs }) => at(ackedMs) < heartbeat).map(({ rev }) => rev)
  expect(before).toEqual([1, 2])
  expect(published.map(({ event: one }) => one.rev)).toEqual([2])
})

test('a full page is followed by no heartbeat: older commits may be waiting behind it', async () => {
  const { ports, commit, heartbeats, asked } = miniature(true)
  commit(1)
  await relayRound(ports, true)
  expect(heartbeats).toEqual([])
  expect(asked).toEqual(['tick', 'page', 'position', 'publish', 'mark'])
})

test('a relay that dies while it publishes has marked nothing, and sends no heartbeat', async () => {
  const { ports, commit, marked, heartbeats } = miniature()
  commit(1)
  const dying = { ...ports, publish: () => Promise.reject(new Error('killed')) }
  await expect(relayRound(dying, true)).rejects.toThrow('killed')
  expect(marked()).toEqual([])
  expect(heartbeats).toEqual([])
})

test('a relay that dies between publish and mark publishes again, and nothing breaks', async () => {
  const { ports, commit, published } = miniature()
  const store = await bucket()
  await fill(store, 1, at(-5))
  commit(2)
  const dying = { ...ports, mark: () => Promise.reject(new Error('killed')) }
  await expect(relayRound(dying, true)).rejects.toThrow('killed')
  await relayRound(ports, true)
  expect(published.map(({ event: one }) => one.rev)).toEqual([2, 2])
  for (const [i, { event: one }] of published.entries()) await apply(store, { from: 1 + i, to: 2 + i, events: [one] })
  expect((await resident(store)).copy?.rev).toBe(2)
})

// The invalidator

function applier(store: MemoryStore, end: number) {
  return createRunApplier({
    store,
    position: () => Promise.resolve({ earliest: 0, end }),
    nowUs: () => BEGIN_US,
    newGeneration: () => 'n'.repeat(16),
    ttlMs: () => 1,
  })
}

const run = (from: number, to: number, events: readonly ProductEvent[], heartbeat: Stamp | null = null): LogRun => ({
  partition: BUCKET,
  from,
  to,
  events,
  // Its events stand at its end.
  offsets: events.map((_, n) => to - events.length + n),
  heartbeat,
  newestTimeline: 1,
})

test('a run that the cache did not take is handed in again', async () => {
  const store = await bucket()
  const broken = { ...store, apply: () => Promise.reject(new Error('no Redis')) }
  await expect(applier(broken, 9)(run(1, 2, [event(2, at(100))]))).rejects.toThrow('no Redis')
})

test('R7: an invalidator whose cache went back in time goes back with it', async () => {
  const store = await bucket()
  expect(await applier(store, 9)(run(5, 6, [event(2, at(100))]))).toEqual({ next: 1 })
})

test('a cache that knows nothing begins a new generation, later than everything before it', async () => {
  const store = createMemoryStore()
  expect(await applier(store, 9)(run(5, 6, [event(2, at(100))]))).toEqual({ next: 6 })
  const { watermark } = await resident(store)
  expect(watermark).toMatchObject({ gen: 'n'.repeat(16), next: 6 })
  expect(await fill(store, 1, at(499))).toBe('slot-changed')
  expect(await fill(store, 2, at(501))).toBe('stored')
})
