/** Cache-aside by hand: Redis alone, concurrent misses of a process share one load, and whoever hears of a change deletes the key. */
import type { CachedProduct, Way, WayParts } from './way.ts'
import { REDIS_TTL_MS } from './way.ts'

const keyOf = (id: string) => `shop:p:${id}`

export function openDeleteOnEvent({ connect, load }: WayParts): Way {
  const redis = connect('cache')
  const loading = new Map<string, Promise<CachedProduct | null>>()

  async function loadAndKeep(id: string): Promise<CachedProduct | null> {
    const product = await load(id)
    if (product !== null) await redis.set(keyOf(id), JSON.stringify(product), 'PX', REDIS_TTL_MS).catch(() => null)
    return product
  }

  function loadOnce(id: string): Promise<CachedProduct | null> {
    const known = loading.get(id)
    if (known !== undefined) return known
    const promise = loadAndKeep(id).finally(() => loading.delete(id))
    loading.set(id, promise)
    return promise
  }

  return {
    read: async (id) => {
      const kept = await redis.get(keyOf(id)).catch(() => null)
      return kept === null ? await loadOnce(id) : (JSON.parse(kept) as CachedProduct)
    },
    invalidate: async (id) => void (await redis.del(keyOf(id))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
