/** bentocache in two tiers with its bus: memory, Redis, and Redis pub/sub that drops what other processes have in memory. */
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import { MEMORY_ITEMS, MEMORY_TTL_MS, type Way, type WayParts } from './way.ts'

const keyOf = (id: string) => `p:${id}`

export function openBentocache({ connect, load }: WayParts): Way {
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: MEMORY_ITEMS }))
    .useL2Layer(redisDriver({ connection: connect('cache') }))
    .useBus(redisBusDriver({ connection: connect('pubsub') }))
  // One TTL for both tiers: the shorter of the two that the others have.
  const cache = new BentoCache({ default: 'products', ttl: MEMORY_TTL_MS, stores: { products: store } })
  return {
    read: (id) => cache.getOrSet({ key: keyOf(id), factory: () => load(id) }),
    invalidate: async (id) => void (await cache.delete({ key: keyOf(id), suppressL2Errors: false })),
    [Symbol.asyncDispose]: () => cache.disconnectAll(),
  }
}
