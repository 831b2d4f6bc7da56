import fc from 'fast-check'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import type { CacheStore } from '../../catalog-query/cache/cache-store.ts'
import { bucketPrefix, createRedisStore } from '../../catalog-query/cache/redis-store.ts'
import { redisMissing, testRedis } from '../support/parts.ts'
import type { MemoryStore } from '../../catalog-query/cache/memory-store.ts'
import { runModel, type Faults } from './model-run.ts'

/** Every call of the cache that a run of the model made, with what it answered and what the cache held before: then the same on a real Redis. */

const FAULTS: Faults = {
  cacheCalls: 0.03,
  evictions: 0.1,
  cacheFailovers: 0.02,
  log: 0.03,
  relayCrashes: 0.03,
  invalidators: 0.03,
  databaseFailovers: 0.005,
  skew: true,
}
const RUNS = 10

interface Call {
  readonly name: 'readMany' | 'apply' | 'fill' | 'touch' | 'residents'
  readonly args: readonly unknown[]
  readonly answer: unknown
  /** What the model's faults did to the cache since the call before: keys to be set, or to be gone. */
  readonly changed: ReadonlyMap<string, Buffer | null>
}

const names = ['readMany', 'apply', 'fill', 'touch', 'residents'] as const
type Content = Map<string, Buffer>

function contentOf(memory: MemoryStore): Content {
  return new Map(
    [...memory.buckets].flatMap(([bucket, entries]) => [...entries].map(([key, value]) => [`${bucketPrefix(bucket)}${key}`, value])),
  )
}

function difference(before: Content, after: Content): Map<string, Buffer | null> {
  const changed = new Map<string, Buffer | null>()
  for (const [key, value] of after) if (before.get(key)?.equals(value) !== true) changed.set(key, value)
  for (const key of before.keys()) if (!after.has(key)) changed.set(key, null)
  return changed
}

function recorder(memory: MemoryStore, calls: Call[]): CacheStore {
  let known: Content = new Map()
  const record =
    (name: Call['name']) =>
    async (...args: unknown[]): Promise<unknown> => {
      const changed = difference(known, contentOf(memory))
      const answer = await (memory[name] as (...all: unknown[]) => Promise<unknown>)(...args)
      calls.push({ name, args, answer, changed })
      known = new Map([...contentOf(memory)].map(([key, value]) => [key, Buffer.from(value)]))
      return answer
    }
  const recorded = Object.fromEntries(names.map((name) => [name, record(name)]))
  return { ...memory, ...recorded }
}

test.skipIf(await redisMissing())('what the model did to its cache does the same to a real Redis', async () => {
  await using part = await testRedis()
  const redis = new Redis(part.url)
  let replayed = 0
  try {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer(), async (scheduler, seed) => {
        const calls: Call[] = []
        await runModel(scheduler, { seed, faults: FAULTS, store: (memory) => recorder(memory, calls) })
        await redis.flushall()
        const store = createRedisStore(redis)
        for (const { name, args, answer, changed } of calls) {
          for (const [key, value] of changed) await (value === null ? redis.del(key) : redis.set(key, value))
          const again = await (store[name] as (...all: unknown[]) => Promise<unknown>)(...args)
          expect(again, name).toEqual(answer)
          replayed++
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
    expect(replayed).toBeGreaterThan(1_000)
  } finally {
    redis.disconnect()
  }
})
