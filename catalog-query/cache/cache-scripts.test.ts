import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { NO_STAMP, toStamp } from '../../shared/stamp.ts'
import { redisMissing, testRedis } from '../../test/support/parts.ts'
import type { AppliedEvent, ApplyInput, CacheStore, FillInput, TouchInput } from './cache-store.ts'
import { decodeHeader } from './copy.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'
import { bucketPrefix, createRedisStore } from './redis-store.ts'

/**
 * The three scripts exist twice: in Lua, which runs in production, and in TypeScript, which the model runs. Whatever the model proves
 * holds for production only as long as both do the same to every bucket, byte for byte.
 */

const BUCKET = 3
const PREFIX = bucketPrefix(BUCKET)
const IDS = ['0197a000-0000-7000-8000-000000000001', '0197a000-0000-7000-8000-000000000002']
const CODES = ['default/en', 'eu/de-AT+de']
const GENS = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb']

const id = fc.constantFrom(...IDS)
const code = fc.constantFrom(...CODES)
const rev = fc.integer({ min: 0, max: 3 })
// Few times and two timelines, so that equal and crossed positions are common.
const stamp = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1_000, max: 1_012 })).map(([line, us]) => toStamp(line, us))
const offset = fc.integer({ min: 0, max: 8 })
const payload = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes))

const event: fc.Arbitrary<AppliedEvent> = fc.record({
  productId: id,
  rev,
  stamp,
  payloads: fc.array(fc.tuple(code, payload), { maxLength: 2 }).map((entries) => new Map(entries)),
})

const init = fc.option(fc.record({ gen: fc.constantFrom(...GENS), next: offset, p: stamp, replaces: fc.option(offset, { nil: null }) }), {
  nil: null,
  freq: 2,
})

const apply: fc.Arbitrary<ApplyInput> = fc
  .record({
    from: offset,
    length: fc.integer({ min: 1, max: 4 }),
    heartbeat: fc.option(stamp, { nil: null }),
    events: fc.array(event, { maxLength: 4 }),
    init,
  })
  .map(({ from, length, ...rest }) => ({ ...rest, bucket: BUCKET, from, to: from + length, ttlMs: 60_000 }))

const fill: fc.Arbitrary<FillInput> = fc
  .record({ productId: id, code, rev, asOf: stamp, payload })
  .map((input) => ({ ...input, bucket: BUCKET, ttlMs: 60_000 }))

const touch: fc.Arbitrary<TouchInput> = fc
  .record({ productId: id, code, gen: fc.constantFrom(...GENS), rev, asOf: stamp })
  .map((input) => ({ ...input, bucket: BUCKET }))

/** A TOUCH mostly names a copy that is there at its rev, the nth of them: by chance alone few would differ in their generation only. */
const resident = fc.option(fc.nat({ max: 3 }), { nil: null, freq: 4 })

type Step =
  | { readonly do: 'apply'; readonly input: ApplyInput }
  | { readonly do: 'fill'; readonly input: FillInput }
  | { readonly do: 'touch'; readonly input: TouchInput; readonly resident: number | null }
  | { readonly do: 'lose'; readonly key: string }

const key = fc.oneof(
  fc.constantFrom('wm', 'table'),
  fc.tuple(id, code).map(([productId, one]) => `p:${productId}:${one}`),
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: apply.map((input) => ({ do: 'apply' as const, input })) },
  { weight: 4, arbitrary: fill.map((input) => ({ do: 'fill' as const, input })) },
  { weight: 2, arbitrary: fc.tuple(touch, resident).map(([input, nth]) => ({ do: 'touch' as const, input, resident: nth })) },
  { weight: 1, arbitrary: key.map((lost) => ({ do: 'lose' as const, key: lost })) },
)

/** The step with what it names among the copies that the bucket holds. */
function aimed(memory: MemoryStore, taken: Step): Step {
  if (taken.do !== 'touch' || taken.resident === null) return taken
  const copies = [...(memory.buckets.get(BUCKET) ?? [])].filter(([name]) => name.startsWith('p:')).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const [name, bytes] = copies[taken.resident % copies.length] ?? []
  const [, productId, named] = name?.split(':') ?? []
  if (bytes === undefined || productId === undefined || named === undefined) return taken
  return { ...taken, input: { ...taken.input, productId, code: named, rev: decodeHeader(bytes).rev } }
}

async function run(store: CacheStore, taken: Step): Promise<unknown> {
  if (taken.do === 'apply') return await store.apply(taken.input)
  if (taken.do === 'fill') return await store.fill(taken.input)
  if (taken.do === 'touch') return await store.touch(taken.input)
  return null
}

/** Everything the bucket holds, in hexadecimal so that a difference can be read. */
function contentOf(memory: MemoryStore): Record<string, string> {
  return Object.fromEntries(
    [...(memory.buckets.get(BUCKET) ?? new Map<string, Buffer>())].map(([name, value]) => [name, value.toString('hex')]),
  )
}

async function contentOfRedis(redis: Redis): Promise<Record<string, string>> {
  const keys = await redis.keys(`${PREFIX}*`)
  const values = await Promise.all(keys.map((name) => redis.getBuffer(name)))
  return Object.fromEntries(keys.map((name, i) => [name.slice(PREFIX.length), values[i]?.toString('hex') ?? '']))
}

test.skipIf(await redisMissing())('the scripts do the same in Lua as in TypeScript, to the byte', async () => {
  await using part = await testRedis()
  const redis = new Redis(part.url)
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        await redis.flushall()
        const memory = createMemoryStore()
        const real = createRedisStore(redis)
        for (const one of steps) {
          const taken = aimed(memory, one)
          if (taken.do === 'lose') {
            memory.buckets.get(BUCKET)?.delete(taken.key)
            await redis.del(PREFIX + taken.key)
          }
          expect(await run(real, taken), JSON.stringify(taken)).toEqual(await run(memory, taken))
        }
        expect(await contentOfRedis(redis)).toEqual(contentOf(memory))
        const request = [{ bucket: BUCKET, keys: IDS.flatMap((productId) => CODES.map((one) => ({ productId, code: one }))) }]
        expect(await real.readMany(request)).toEqual(await memory.readMany(request))
        expect(await real.residents(BUCKET, IDS)).toEqual(await memory.residents(BUCKET, IDS))
      }),
      { numRuns: 300 },
    )
  } finally {
    redis.disconnect()
  }
})

test('every step of the property can happen: each result of APPLY, FILL and TOUCH is reached', async () => {
  const seen = new Set<string>()
  const samples = fc.sample(fc.array(step, { minLength: 5, maxLength: 25 }), { numRuns: 1_000, seed: 7 })
  for (const steps of samples) {
    const memory = createMemoryStore()
    for (const one of steps) {
      const taken = aimed(memory, one)
      if (taken.do === 'lose') memory.buckets.get(BUCKET)?.delete(taken.key)
      const result = await run(memory, taken)
      if (taken.do === 'apply') {
        const { applied, next, replaced, deleted } = result as { applied: boolean; next: number | null; replaced: number; deleted: number }
        seen.add(
          applied
            ? 'applied'
            : next === null
              ? 'no-init'
              : next === taken.input.init?.next
                ? 'made'
                : next < taken.input.from
                  ? 'gap'
                  : 'twin',
        )
        if (replaced > 0) seen.add('replaced')
        if (deleted > 0) seen.add('deleted')
      } else if (taken.do !== 'lose') seen.add(`${taken.do} ${String(result)}`)
    }
  }
  const expected = ['applied', 'no-init', 'made', 'gap', 'twin', 'replaced', 'deleted', 'touch true', 'touch false']
  const fills = ['fill stored', 'fill no-watermark', 'fill no-table', 'fill slot-changed', 'fill newer-resident']
  expect([...seen].toSorted()).toEqual([...expected, ...fills].toSorted())
})

test('a bucket that never saw an event vouches for nothing', async () => {
  const memory = createMemoryStore()
  await memory.apply({
    bucket: BUCKET,
    from: 0,
    to: 0,
    heartbeat: null,
    events: [],
    init: { gen: GENS[0] ?? '', next: 5, p: toStamp(1, 9), replaces: null },
    ttlMs: 1,
  })
  const [read] = await memory.readMany([{ bucket: BUCKET, keys: [] }])
  expect(read?.watermark).toEqual({ gen: GENS[0], next: 5, ts: NO_STAMP, p: toStamp(1, 9), codes: [] })
})

test.skipIf(await redisMissing())('a drop that may not be published is told of, and the change is made all the same', async () => {
  await using part = await testRedis()
  const redis = new Redis(part.url)
  try {
    await redis.call('ACL', 'SETUSER', 'quiet', 'on', '>secret', '~*', '+@all', 'resetchannels')
    const quiet = new Redis(part.url, { username: 'quiet', password: 'secret' })
    try {
      const told: string[] = []
      const store = createRedisStore(quiet, (operation) => told.push(operation))
      const call = { bucket: BUCKET, heartbeat: null, init: null, ttlMs: 1_000 }
      const changed = { productId: randomUUID(), rev: 1, stamp: toStamp(1, 9), payloads: new Map<string, Buffer>() }
      await store.apply({ ...call, from: 0, to: 0, events: [], init: { gen: GENS[0] ?? '', next: 0, p: toStamp(1, 1), replaces: null } })
      expect(await store.apply({ ...call, from: 0, to: 1, events: [changed] })).toMatchObject({ next: 1, applied: true })
      expect(told).toEqual(['publish'])
    } finally {
      quiet.disconnect()
    }
  } finally {
    redis.disconnect()
  }
})
