import { hash, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { redisMissing, testDatabase, testRedis, type TestDatabase } from '../../test/support/parts.ts'
import { openQueryServer } from '../../test/support/query-server.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout
const noRedis = await redisMissing()

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
})
afterAll(async () => {
  clearInterval(ticking)
  await database?.[Symbol.asyncDispose]()
})

async function newKey(scopes: readonly string[]): Promise<string> {
  const secret = `ck_${randomUUID()}`
  await database.primary.query('insert into api_client (id, name, secret_hash, scopes) values ($1, $2, $3, $4)', [
    randomUUID(),
    'test',
    hash('sha256', secret, 'buffer'),
    scopes,
  ])
  await tick(database.primary)
  await database.caughtUp()
  return secret
}

describe('QUERY_AUTH=required', () => {
  test('without a key 401, with a wrong one 401, without the scope 403, with it the answer, for its owner alone', async () => {
    await using app = await openQueryServer(database, { authRequired: true })
    const get = (key?: string) => app.inject({ url: '/v1/channels', headers: key === undefined ? {} : { 'x-api-key': key } })
    expect((await get()).json()).toMatchObject({ type: '/problems/unauthenticated' })
    expect((await get('ck_wrong')).statusCode).toBe(401)
    expect((await get('k'.repeat(600))).statusCode).toBe(401)
    expect((await get(await newKey(['product:read']))).json()).toMatchObject({ type: '/problems/missing-scope', required: 'catalog:read' })
    const answer = await get(await newKey(['catalog:read']))
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'private, no-store'])
  })

  test('what explains the API, and a preflight, need no key', async () => {
    await using app = await openQueryServer(database, { authRequired: true })
    for (const url of ['/v1/openapi.json', '/problems/gone']) expect((await app.inject({ url })).statusCode, url).toBe(200)
    expect((await app.inject({ method: 'OPTIONS', url: '/v1/channels' })).statusCode).toBe(204)
  })
})

describe.each([false, true])('RATE_LIMIT, counted in Redis: %s', (inRedis) => {
  test.skipIf(inRedis && noRedis)(
    'a caller may ask for so much cost a minute, then 429 with Retry-After; another caller still may',
    async () => {
      await using part = inRedis ? await testRedis() : null
      const redis = part === null ? null : new Redis(part.url)
      try {
        await using app = await openQueryServer(database, { rateLimit: 10, ...(redis === null ? {} : { limiterRedis: redis }) })
        const get = (url: string, remoteAddress = '10.0.0.1') => app.inject({ url, remoteAddress })
        const unknown = `/v1/products/${randomUUID()}`
        // A list costs 2, a product 1.
        const list = await get('/v1/products')
        expect(list.headers).toMatchObject({ 'ratelimit-limit': '10', 'ratelimit-remaining': '8' })
        expect((await get(unknown)).headers['ratelimit-remaining']).toBe('7')
        for (let i = 0; i < 7; i++) expect((await get(unknown)).statusCode).toBe(404)
        const refused = await get(unknown)
        expect(refused.json()).toMatchObject({ type: '/problems/rate-limited', status: 429 })
        expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
        expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60)
        expect((await get(unknown, '10.0.0.2')).statusCode).toBe(404)
        expect((await get('/v1/openapi.json')).statusCode).toBe(200)
      } finally {
        redis?.disconnect()
      }
    },
  )
})

test.skipIf(noRedis)('the rate limit fails open when its Redis is away', async () => {
  const away = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => null })
  away.on('error', () => {})
  await using app = await openQueryServer(database, { rateLimit: 1, limiterRedis: away })
  for (let i = 0; i < 3; i++) expect((await app.inject({ url: '/v1/channels' })).statusCode).toBe(200)
  away.disconnect()
})
