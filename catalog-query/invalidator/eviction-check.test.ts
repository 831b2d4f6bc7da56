import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { redisMissing, testRedis } from '../../test/support/parts.ts'
import { waitForRedis } from './eviction-check.ts'

test.skipIf(await redisMissing())('a Redis that may evict watermarks is refused until its policy is changed', async () => {
  await using part = await testRedis()
  const redis = new Redis(part.url)
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  const refused = Promise.withResolvers<Error>()
  const usable = waitForRedis(redis, new AbortController().signal, refused.resolve)
  expect((await refused.promise).message).toMatch(/maxmemory-policy allkeys-lru: it would evict watermarks; use volatile-lru or noeviction/)
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
  await usable
  redis.disconnect()
})

test('a Redis that is away is waited for', async () => {
  const abort = new AbortController()
  const redis = { status: 'reconnecting' as const, config: () => Promise.reject(new Error('not asked')) } as unknown as Redis
  const waiting = waitForRedis(redis, abort.signal, () => expect.unreachable())
  abort.abort()
  await waiting
})
