/** The settings of both programs of a common way: those of the catalog's own that they stand in for, and the way. */
import { redisAddress } from '../../shared/redis-address.ts'
import { hostPorts, oneOf, port, readSettings, text, url, urls, type Environment } from '../../shared/settings.ts'
import { COMMON_WAY_NAMES } from './ways.ts'

const POSTGRES = ['postgres:', 'postgresql:']
const COMMON = {
  HOST: text('127.0.0.1'),
  COMMON_WAY: oneOf(COMMON_WAY_NAMES),
  REDIS_URL: redisAddress(),
}
const QUERY = {
  ...COMMON,
  QUERY_PORT: port(3000),
  QUERY_OPS_PORT: port(3100),
  DATABASE_URL: url(POSTGRES),
  DATABASE_REPLICA_URLS: urls(POSTGRES),
}
const INVALIDATOR = { ...COMMON, INVALIDATOR_OPS_PORT: port(3102), KAFKA_BROKERS: hostPorts(), COMMON_WAY_GROUP: text() }

/** @throws SettingsError naming every problem */
export function readQueryConfig(env: Environment = process.env) {
  return readSettings(env, QUERY)
}

/** @throws SettingsError naming every problem */
export function readInvalidatorConfig(env: Environment = process.env) {
  return readSettings(env, INVALIDATOR)
}
