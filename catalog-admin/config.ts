/** Every setting of the admin program, read from the environment once, with all problems reported together. */
import { type JwtConfig, jwtOf } from '../shared/jwt-config.ts'
import { LOG_LEVELS, type LogLevel } from '../shared/log.ts'
import { type Environment, integer, oneOf, port, readSettings, text, url, urls } from '../shared/settings.ts'

export interface AdminConfig {
  readonly host: string
  readonly port: number
  readonly opsPort: number
  readonly logLevel: LogLevel
  /** Of 1,000 successful requests, how many are logged. */
  readonly logPerMille: number
  /** Proxies whose X-Forwarded-* is believed: addresses, `true` for any, or '' for none. */
  readonly trustProxy: string
  readonly databaseUrl: string
  /** Watched while importing: an import waits for them. */
  readonly replicaUrls: readonly string[]
  readonly poolSize: number
  /** The secret of a first client with every scope; null: none is made. */
  readonly adminApiKey: string | null
  /** Requests a minute per client; 0: no limit. */
  readonly rateLimit: number
  /** Whose bearer tokens are accepted; null: nobody's. */
  readonly jwt: JwtConfig | null
}

const POSTGRES = ['postgres:', 'postgresql:']
const MIN_KEY_LENGTH = 32

const SETTINGS = {
  HOST: text('127.0.0.1'),
  ADMIN_PORT: port(3001),
  ADMIN_OPS_PORT: port(3101),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  LOG_PER_MILLE: integer({ min: 0, max: 1000, fallback: 10 }),
  TRUST_PROXY: text(''),
  DATABASE_URL: url(POSTGRES),
  DATABASE_REPLICA_URLS: urls(POSTGRES),
  ADMIN_POOL_SIZE: integer({ min: 2, max: 200, fallback: 10 }),
  ADMIN_API_KEY: text('', { minLength: MIN_KEY_LENGTH }),
  RATE_LIMIT: integer({ min: 0, max: 1_000_000, fallback: 0 }),
  JWT_ISSUER: text(''),
  JWT_AUDIENCE: text(''),
  JWT_JWKS_URL: url(['https:', 'http:'], ''),
}

/** @throws SettingsError naming every variable that is wrong */
export function readConfig(env: Environment = process.env): AdminConfig {
  const settings = readSettings(env, SETTINGS)
  return {
    host: settings.HOST,
    port: settings.ADMIN_PORT,
    opsPort: settings.ADMIN_OPS_PORT,
    logLevel: settings.LOG_LEVEL,
    logPerMille: settings.LOG_PER_MILLE,
    trustProxy: settings.TRUST_PROXY,
    databaseUrl: settings.DATABASE_URL,
    replicaUrls: settings.DATABASE_REPLICA_URLS,
    poolSize: settings.ADMIN_POOL_SIZE,
    adminApiKey: settings.ADMIN_API_KEY || null,
    rateLimit: settings.RATE_LIMIT,
    jwt: jwtOf(settings.JWT_ISSUER, settings.JWT_AUDIENCE, settings.JWT_JWKS_URL),
  }
}
