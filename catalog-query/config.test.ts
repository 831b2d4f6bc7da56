import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

const DATABASE_URL = 'postgres://catalog@localhost/catalog'

test('one database is enough to start', () => {
  expect(readConfig({ DATABASE_URL })).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    opsPort: 3100,
    primaryUrl: DATABASE_URL,
    replicaUrls: [],
    redisUrl: null,
    cacheControl: 'public, max-age=1',
    corsOrigin: '*',
    authRequired: false,
    rateLimit: 0,
  })
  expect(() => readConfig({})).toThrow('One of DATABASE_REPLICA_URLS and DATABASE_URL is required')
})

test('where stand-ins are refused there must be a Redis', () => {
  expect(() => readConfig({ DATABASE_URL, STAND_INS: 'refuse' })).toThrow('REDIS_URL is required')
  expect(readConfig({ DATABASE_URL, STAND_INS: 'refuse', REDIS_URL: 'redis://localhost' }).redisUrl).toBe('redis://localhost')
})

test('all parts of Cache-Control are settable, and CORS can be off', () => {
  const config = readConfig({ DATABASE_URL, CACHE_MAX_AGE_S: '30', CACHE_STALE_WHILE_REVALIDATE_S: '60', CORS_ORIGIN: 'off' })
  expect([config.cacheControl, config.corsOrigin]).toEqual(['public, max-age=30, stale-while-revalidate=60', ''])
  const behindCdn = readConfig({ DATABASE_URL, CACHE_SHARED_MAX_AGE_S: '5', CACHE_STALE_IF_ERROR_S: '600' })
  expect(behindCdn.cacheControl).toBe('public, max-age=1, s-maxage=5, stale-if-error=600')
})

test('whose bearer tokens are accepted is said by three settings, or none', () => {
  const jwt = { JWT_ISSUER: 'https://issuer', JWT_AUDIENCE: 'catalog', JWT_JWKS_URL: 'https://issuer/keys' }
  expect(readConfig({ DATABASE_URL }).jwt).toBeNull()
  expect(readConfig({ DATABASE_URL, ...jwt }).jwt).toEqual({
    issuer: 'https://issuer',
    audience: 'catalog',
    jwksUrl: 'https://issuer/keys',
  })
  expect(() => readConfig({ DATABASE_URL, ...jwt, JWT_AUDIENCE: '' })).toThrow('set all three or none')
})

test('every problem is reported at once', () => {
  expect(() => readConfig({ DATABASE_URL: 'mysql://x', QUERY_PORT: 'x', QUERY_AUTH: 'maybe' })).toThrow(
    /QUERY_PORT must be .*\n.*DATABASE_URL must be .*\n.*QUERY_AUTH must be one of off, required, not "maybe"/s,
  )
})
