/** The invalidator's settings. */
import { LOG_LEVELS } from '../../shared/log.ts'
import { redisAddress } from '../../shared/redis-address.ts'
import { hostPorts, oneOf, port, readSettings, SettingsError, text, url, urls, type Environment } from '../../shared/settings.ts'

const POSTGRES = ['postgres:', 'postgresql:']

const SETTINGS = {
  HOST: text('127.0.0.1'),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  STAND_INS: oneOf(['allow', 'refuse'], 'allow'),
  REDIS_URL: redisAddress(),
  KAFKA_BROKERS: hostPorts(),
  KAFKA_TOPIC_PREFIX: text(''),
  DATABASE_URL: url(POSTGRES, null),
  DATABASE_REPLICA_URLS: urls(POSTGRES),
  INVALIDATOR_OPS_PORT: port(3102),
}

export type InvalidatorConfig = ReturnType<typeof readConfig>

/** @throws SettingsError naming every problem */
export function readConfig(env: Environment = process.env) {
  const settings = readSettings(env, SETTINGS)
  // Replicas first: following the log table is reading.
  const databaseUrls = [...settings.DATABASE_REPLICA_URLS, settings.DATABASE_URL].filter((each) => each !== null)
  if (settings.KAFKA_BROKERS.length === 0) {
    if (settings.STAND_INS === 'refuse') throw new SettingsError('KAFKA_BROKERS is required: STAND_INS is refuse')
    if (databaseUrls.length === 0) throw new SettingsError('One of KAFKA_BROKERS, DATABASE_REPLICA_URLS and DATABASE_URL is required')
  }
  return {
    host: settings.HOST,
    opsPort: settings.INVALIDATOR_OPS_PORT,
    logLevel: settings.LOG_LEVEL,
    redisUrl: settings.REDIS_URL,
    kafkaBrokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    databaseUrls,
  }
}
