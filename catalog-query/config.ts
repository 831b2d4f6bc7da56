/** Every setting of the query program, read from the environment once, with all problems reported together. */
import { join } from 'node:path'
import { type JwtConfig, jwtOf } from '../shared/jwt-config.ts'
import { LOG_LEVELS, type LogLevel } from '../shared/log.ts'
import { redisAddress } from '../shared/redis-address.ts'
import { hostPorts, integer, oneOf, port, readSettings, SettingsError, text, url, urls, type Environment } from '../shared/settings.ts'
import { readSynonyms, type UnderstandQuery } from './search/synonyms.ts'

export interface QueryConfig {
  readonly host: string
  readonly port: number
  readonly opsPort: number
  readonly logLevel: LogLevel
  /** Of 1,000 successful requests, how many are logged. */
  readonly logPerMille: number
  /** Proxies whose X-Forwarded-* is believed: addresses, `true` for any, or '' for none. */
  readonly trustProxy: string
  /** In the order of preference for nothing: the least old is read. */
  readonly replicaUrls: readonly string[]
  /** The last resort, behind a limiter; null: there is none. */
  readonly primaryUrl: string | null
  /** null: no shared cache, memory alone. */
  readonly redisUrl: string | null
  readonly kafkaBrokers: readonly string[]
  readonly topicPrefix: string
  /** Of the caches in memory together, but for 6 MiB of brands, attributes and channels. */
  readonly memoryBytes: number
  /** Connections to each replica. */
  readonly poolSize: number
  /** Reads on the primary at the same time. */
  readonly primaryLimit: number
  /** Requests under way at most; one more is refused. */
  readonly maxInFlight: number
  /** How late the event loop may run before requests are refused, milliseconds; 0: any. */
  readonly maxDelayMs: number
  /** Of an answer that anybody may keep. */
  readonly cacheControl: string
  /** `*`, one origin, or '' for no CORS headers. */
  readonly corsOrigin: string
  readonly authRequired: boolean
  /** Whose bearer tokens are accepted; null: nobody's. */
  readonly jwt: JwtConfig | null
  /** Requests' cost a minute per caller; 0: no limit. */
  readonly rateLimit: number
  /** With the synonyms of a folder. */
  readonly understand: UnderstandQuery
}

const POSTGRES = ['postgres:', 'postgresql:']
const DAY_S = 86_400
export const SHIPPED_SYNONYMS = join(import.meta.dirname, 'search/synonyms')

const SETTINGS = {
  HOST: text('127.0.0.1'),
  QUERY_PORT: port(3000),
  QUERY_OPS_PORT: port(3100),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  LOG_PER_MILLE: integer({ min: 0, max: 1000, fallback: 10 }),
  STAND_INS: oneOf(['allow', 'refuse'], 'allow'),
  TRUST_PROXY: text(''),
  DATABASE_REPLICA_URLS: urls(POSTGRES),
  DATABASE_URL: url(POSTGRES, null),
  REDIS_URL: redisAddress(null),
  KAFKA_BROKERS: hostPorts(),
  KAFKA_TOPIC_PREFIX: text(''),
  QUERY_MEMORY_MB: integer({ min: 1, max: 100_000, fallback: 128 }),
  QUERY_POOL_SIZE: integer({ min: 1, max: 200, fallback: 8 }),
  QUERY_PRIMARY_LIMIT: integer({ min: 1, max: 200, fallback: 4 }),
  QUERY_MAX_IN_FLIGHT: integer({ min: 1, max: 1_000_000, fallback: 1_000 }),
  QUERY_MAX_DELAY_MS: integer({ min: 0, max: 60_000, fallback: 100 }),
  CACHE_MAX_AGE_S: integer({ min: 0, max: DAY_S, fallback: 1 }),
  CACHE_SHARED_MAX_AGE_S: integer({ min: 0, max: DAY_S, fallback: 0 }),
  CACHE_STALE_WHILE_REVALIDATE_S: integer({ min: 0, max: DAY_S, fallback: 0 }),
  CACHE_STALE_IF_ERROR_S: integer({ min: 0, max: DAY_S, fallback: 0 }),
  CORS_ORIGIN: text('*'),
  QUERY_AUTH: oneOf(['off', 'required'], 'off'),
  JWT_ISSUER: text(''),
  JWT_AUDIENCE: text(''),
  JWT_JWKS_URL: url(['https:', 'http:'], ''),
  RATE_LIMIT: integer({ min: 0, max: 1_000_000, fallback: 0 }),
  SEARCH_SYNONYMS: text(SHIPPED_SYNONYMS),
}

/** @throws SettingsError naming every variable that is wrong */
export function readConfig(env: Environment = process.env): QueryConfig {
  const settings = readSettings(env, SETTINGS)
  refuseStandIns(settings)
  return {
    host: settings.HOST,
    port: settings.QUERY_PORT,
    opsPort: settings.QUERY_OPS_PORT,
    logLevel: settings.LOG_LEVEL,
    logPerMille: settings.LOG_PER_MILLE,
    trustProxy: settings.TRUST_PROXY,
    replicaUrls: settings.DATABASE_REPLICA_URLS,
    primaryUrl: settings.DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    kafkaBrokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    memoryBytes: settings.QUERY_MEMORY_MB * 1024 * 1024,
    poolSize: settings.QUERY_POOL_SIZE,
    primaryLimit: settings.QUERY_PRIMARY_LIMIT,
    maxInFlight: settings.QUERY_MAX_IN_FLIGHT,
    maxDelayMs: settings.QUERY_MAX_DELAY_MS,
    cacheControl: cacheControl(settings),
    corsOrigin: settings.CORS_ORIGIN === 'off' ? '' : settings.CORS_ORIGIN,
    authRequired: settings.QUERY_AUTH === 'required',
    jwt: jwtOf(settings.JWT_ISSUER, settings.JWT_AUDIENCE, settings.JWT_JWKS_URL),
    rateLimit: settings.RATE_LIMIT,
    understand: understandWith(settings.SEARCH_SYNONYMS),
  }
}

function refuseStandIns(settings: {
  STAND_INS: string
  REDIS_URL: string | null
  DATABASE_URL: string | null
  DATABASE_REPLICA_URLS: readonly string[]
}): void {
  const problems: string[] = []
  if (settings.DATABASE_REPLICA_URLS.length === 0 && settings.DATABASE_URL === null) {
    problems.push('One of DATABASE_REPLICA_URLS and DATABASE_URL is required')
  }
  // Without Redis every process is a cache of its own: their answers differ by up to B.
  if (settings.STAND_INS === 'refuse' && settings.REDIS_URL === null) problems.push('REDIS_URL is required: STAND_INS is refuse')
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
}

function understandWith(folder: string): UnderstandQuery {
  try {
    return readSynonyms(folder)
  } catch (error) {
    throw new SettingsError(
      `SEARCH_SYNONYMS must be a folder of files such as ${join(SHIPPED_SYNONYMS, 'en.txt')}: ${(error as Error).message}`,
    )
  }
}

interface CacheSettings {
  readonly CACHE_MAX_AGE_S: number
  readonly CACHE_SHARED_MAX_AGE_S: number
  readonly CACHE_STALE_WHILE_REVALIDATE_S: number
  readonly CACHE_STALE_IF_ERROR_S: number
}

/** RFC 9111 and 5861. A part that is 0 is not sent, but for max-age. */
function cacheControl(settings: CacheSettings): string {
  const parts = [
    ['s-maxage', settings.CACHE_SHARED_MAX_AGE_S],
    ['stale-while-revalidate', settings.CACHE_STALE_WHILE_REVALIDATE_S],
    ['stale-if-error', settings.CACHE_STALE_IF_ERROR_S],
  ] as const
  const sent = parts.filter(([, seconds]) => seconds > 0).map(([name, seconds]) => `, ${name}=${seconds}`)
  return `public, max-age=${settings.CACHE_MAX_AGE_S}${sent.join('')}`
}
