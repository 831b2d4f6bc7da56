import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { redisMissing, testDatabase, testRedis } from '../../test/support/parts.ts'
import { createBreaker } from './breaker.ts'
import { createRedisStore } from './redis-store.ts'
import { createSnapshotSource } from './snapshot-source.ts'

/** What vouches and what is vouched for are read at one moment: in one command, in one statement. */

const ID = '0197a000-0000-7000-8000-000000000001'

async function commandCounts(redis: Redis): Promise<Record<string, number>> {
  const text = await redis.info('commandstats')
  return Object.fromEntries([...text.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, calls]) => [name ?? '', Number(calls)]))
}

test.skipIf(await redisMissing())('a bucket’s watermark and copies are read by one command', async () => {
  await using part = await testRedis()
  const redis = new Redis(part.url)
  try {
    const store = createRedisStore(redis)
    const keys = ['en', 'de'].map((locale) => ({ productId: ID, code: `default/${locale}` }))
    await redis.config('RESETSTAT')
    await store.readMany([
      { bucket: 1, keys },
      { bucket: 2, keys },
    ])
    const { mget, get } = await commandCounts(redis)
    expect({ mget, get }).toEqual({ mget: 2, get: undefined })
  } finally {
    redis.disconnect()
  }
})

test('rows and the clock that vouches for them are one statement', async () => {
  await using database = await testDatabase()
  const pool = new Pool({ connectionString: database.replicaUrl, max: 1 })
  const asked: string[] = []
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    client.query = ((...args: unknown[]) => {
      asked.push((args[0] as { text: string }).text)
      return query(...args)
    }) as typeof client.query
  })
  try {
    const breaker = createBreaker({ failures: 3, openMs: 1_000, nowMs: () => 0 })
    const source = createSnapshotSource({ name: 'replica', tier: 'replica', pool, breaker })
    const text = 'select product_id::text as id from read.product where product_id = any($1::uuid[])'
    expect(await source.read({ name: 'find', text, values: [[ID]] })).toMatchObject({ rows: [] })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('read.clock')
    expect(asked[0]).toContain('read.product')
  } finally {
    await pool.end()
  }
})
