/** The shared cache as clients see it: answers late or not at all, evicts, restarts empty, and fails over to an earlier state of itself. */
import type { MemoryStore } from '../../catalog-query/cache/memory-store.ts'
import type { CacheStore } from '../../catalog-query/cache/cache-store.ts'
import type { World } from './model-world.ts'

export interface ModelCache {
  readonly store: CacheStore
  readonly memory: MemoryStore
  /** Forgets one key, chosen by chance: a copy, a watermark, a table or a lock. */
  evict(): void
  /** Keeps what there is now, for a later failOver: a replica that follows from afar. */
  remember(): void
  /** What was remembered is all there is. */
  failOver(): void
  restartEmpty(): void
}

type Buckets = Map<number, Map<string, Buffer>>

/** @param inner where the scripts really run: the same model runs over TypeScript's twins and over a real Redis */
export function createModelCache(world: World, failing: number, inner: CacheStore, memory: MemoryStore): ModelCache {
  let remembered: Buckets = new Map()

  /** The effect comes some time after the call, the answer some time after the effect; either may be lost. */
  async function call<T>(label: string, effect: () => Promise<T>): Promise<T> {
    await world.step(`cache: ${label}`)
    if (world.chance(failing)) throw new Error('the cache was not reached')
    const result = await effect()
    await world.step(`cache: ${label} answered`)
    if (world.chance(failing)) throw new Error("the cache's answer was lost")
    return result
  }

  return {
    memory,
    store: {
      readMany: async (requests) => await call('read', async () => await inner.readMany(requests)),
      apply: async (input) => await call('apply', async () => await inner.apply(input)),
      fill: async (input) => await call('fill', async () => await inner.fill(input)),
      touch: async (input) => await call('touch', async () => await inner.touch(input)),
      residents: async (bucket, productIds) => await call('residents', async () => await inner.residents(bucket, productIds)),
      lock: async (bucket, key, holdMs) => await call('lock', async () => await inner.lock(bucket, key, holdMs)),
      unlock: async (bucket, key) => await call('unlock', async () => await inner.unlock(bucket, key)),
    },
    evict() {
      const keys = [...memory.buckets].flatMap(([bucket, entries]) => [...entries.keys()].map((key) => ({ bucket, key })))
      if (keys.length === 0) return
      const { bucket, key } = world.pick(keys)
      memory.buckets.get(bucket)?.delete(key)
    },
    remember() {
      remembered = copyOf(memory.buckets)
    },
    failOver() {
      const earlier = copyOf(remembered)
      memory.buckets.clear()
      for (const [bucket, entries] of earlier) memory.buckets.set(bucket, entries)
    },
    restartEmpty: () => memory.buckets.clear(),
  }
}

function copyOf(buckets: Buckets): Buckets {
  return new Map([...buckets].map(([bucket, entries]) => [bucket, new Map([...entries].map(([key, value]) => [key, Buffer.from(value)]))]))
}
