/** The relay's settings. */
import { LOG_LEVELS } from '../../shared/log.ts'
import { hostPorts, oneOf, port, readSettings, SettingsError, text, url, type Environment } from '../../shared/settings.ts'

const SETTINGS = {
  HOST: text('127.0.0.1'),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  STAND_INS: oneOf(['allow', 'refuse'], 'allow'),
  DATABASE_URL: url(['postgres:', 'postgresql:']),
  KAFKA_BROKERS: hostPorts(),
  KAFKA_TOPIC_PREFIX: text(''),
  RELAY_OPS_PORT: port(3103),
}

export type RelayConfig = ReturnType<typeof readConfig>

/** @throws SettingsError naming every problem */
export function readConfig(env: Environment = process.env) {
  const settings = readSettings(env, SETTINGS)
  if (settings.STAND_INS === 'refuse' && settings.KAFKA_BROKERS.length === 0) {
    throw new SettingsError('KAFKA_BROKERS is required: STAND_INS is refuse')
  }
  return {
    host: settings.HOST,
    opsPort: settings.RELAY_OPS_PORT,
    logLevel: settings.LOG_LEVEL,
    databaseUrl: settings.DATABASE_URL,
    kafkaBrokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
  }
}
