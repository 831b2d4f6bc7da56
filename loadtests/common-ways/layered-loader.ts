/** layered-loader in two tiers with its notifications: memory, Redis, and Redis pub/sub that drops what other processes have in memory. */
import { createNotificationPair, Loader, RedisCache } from 'layered-loader'
import { MEMORY_ITEMS, MEMORY_TTL_MS, REDIS_TTL_MS, type CachedProduct, type Way, type WayParts } from './way.ts'

const CHANNEL = 'shop:products'

export async function openLayeredLoader({ connect, load }: WayParts): Promise<Way> {
  const { publisher, consumer } = createNotificationPair<CachedProduct>({
    channel: CHANNEL,
    publisherRedis: connect('cache'),
    consumerRedis: connect('pubsub'),
  })
  const loader = new Loader<CachedProduct>({
    inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: MEMORY_TTL_MS, maxItems: MEMORY_ITEMS },
    asyncCache: new RedisCache<CachedProduct>(connect('cache'), { json: true, ttlInMsecs: REDIS_TTL_MS, prefix: 'shop:p' }),
    dataSourceGetOneFn: load,
    notificationPublisher: publisher,
    notificationConsumer: consumer,
  })
  await loader.init()
  return {
    read: async (id) => (await loader.get(id)) ?? null,
    invalidate: (id) => loader.invalidateCacheFor(id),
    [Symbol.asyncDispose]: () => loader.close(),
  }
}
