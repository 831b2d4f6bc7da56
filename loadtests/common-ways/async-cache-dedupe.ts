/** async-cache-dedupe with its Redis storage, which all processes share; it has no second tier. */
import { createCache } from 'async-cache-dedupe'
import { REDIS_TTL_MS, type Way, type WayParts } from './way.ts'

export function openAsyncCacheDedupe({ connect, load }: WayParts): Way {
  const cache = createCache({
    ttl: REDIS_TTL_MS / 1_000,
    storage: { type: 'redis', options: { client: connect('cache') } },
  }).define('product', load)
  return {
    read: (id) => cache.product(id),
    // One product is one key: by its references would be two look-ups more for the same deletion.
    invalidate: (id) => cache.clear('product', id),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
