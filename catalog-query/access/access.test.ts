import { hash, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { redisMissing, testDatabase, testRedis, type TestDatabase } from '../../test/support/parts.ts'
import { testIssuer, type Claims } from '../../test/support/token-issuer.ts'
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

describe('bearer tokens', () => {
  const bearer = (token: string, url = '/v1/channels') => ({ url, headers: { authorization: `Bearer ${token}` } })

  test('one of the named issuer reads what its scopes allow, for its owner alone; any other is 401', async () => {
    await using issuer = await testIssuer()
    await using app = await openQueryServer(database, { authRequired: true, verifyBearer: issuer.verifyBearer })
    const get = async (claims: Claims, url?: string) => await app.inject(bearer(await issuer.sign(claims), url))
    const answer = await get({ scope: 'openid catalog:read' })
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'private, no-store'])
    expect((await get({ scope: 'catalog:read' }, '/v1/changes')).json()).toMatchObject({ status: 403, required: 'catalog:feed' })
    expect((await get({ scope: 'openid' })).json()).toMatchObject({ type: '/problems/missing-scope', required: 'catalog:read' })
    for (const claims of [{ audience: 'other' }, { issuer: 'https://other' }, { expires: '1 minute ago' }]) {
      const refused = await get({ scope: 'catalog:read', ...claims })
      const challenge = 'ApiKey, Bearer error="invalid_token"'
      expect([refused.statusCode, refused.headers['www-authenticate']], JSON.stringify(claims)).toEqual([401, challenge])
    }
    expect((await app.inject(bearer(await newKey(['catalog:read'])))).statusCode).toBe(401)
  })

  test('the change feed takes one where reading is anonymous, and its answers stay private', async () => {
    await using issuer = await testIssuer()
    await using app = await openQueryServer(database, { verifyBearer: issuer.verifyBearer })
    const fed = await app.inject(bearer(await issuer.sign({ scope: 'catalog:feed' }), '/v1/changes'))
    expect([fed.statusCode, fed.headers['cache-control']]).toEqual([200, 'private, no-store'])
  })

  test('where no issuer is named, and for an API key sent as one, it is 401', async () => {
    await using issuer = await testIssuer()
    await using app = await openQueryServer(database, { authRequired: true })
    const refused = await app.inject(bearer(await issuer.sign({ scope: 'catalog:read' })))
    expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([401, 'ApiKey'])
    const key = await newKey(['catalog:read'])
    // Known by then, but as a key.
    expect((await app.inject({ url: '/v1/channels', headers: { 'x-api-key': key } })).statusCode).toBe(200)
    expect((await app.inject(bearer(key))).statusCode).toBe(401)
  })

  test('it is verified once while it is remembered, and again once it has expired', async () => {
    const endsInMs: Record<string, number> = { long: 3_600_000, short: 50 }
    const verified: string[] = []
    const verifyBearer = async (token: string) => {
      verified.push(token)
      return { id: 'jwt:anna', scopes: new Set(['catalog:read'] as const), expiresAtMs: Date.now() + endsInMs[token]! }
    }
    await using app = await openQueryServer(database, { authRequired: true, verifyBearer })
    for (let i = 0; i < 3; i++) expect((await app.inject(bearer('long'))).statusCode).toBe(200)
    expect(verified).toEqual(['long'])
    await expect.poll(async () => (await app.inject(bearer('short')), verified)).toEqual(['long', 'short', 'short'])
  })

  test('the rate limit counts for its subject, whatever the address and the token', async () => {
    await using issuer = await testIssuer()
    await using app = await openQueryServer(database, { authRequired: true, rateLimit: 3, verifyBearer: issuer.verifyBearer })
    const tokens = { anna: await issuer.sign({ scope: 'catalog:read' }), again: await issuer.sign({ scope: 'catalog:read openid' }) }
    const ask = async (token: string, remoteAddress: string) =>
      (await app.inject({ ...bearer(token, `/v1/products/${randomUUID()}`), remoteAddress })).statusCode
    expect([await ask(tokens.anna, '10.0.0.1'), await ask(tokens.anna, '10.0.0.2'), await ask(tokens.again, '10.0.0.3')]).toEqual([
      404, 404, 404,
    ])
    expect(await ask(tokens.again, '10.0.0.4')).toBe(429)
    expect(await ask(await issuer.sign({ scope: 'catalog:read', subject: 'ben' }), '10.0.0.1')).toBe(404)
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
