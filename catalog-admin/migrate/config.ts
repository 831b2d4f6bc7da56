/** The migration program's settings. */
import { hostPorts, integer, oneOf, readSettings, SettingsError, text, url, type Environment } from '../../shared/settings.ts'

const SETTINGS = {
  STAND_INS: oneOf(['allow', 'refuse'], 'allow'),
  DATABASE_URL: url(['postgres:', 'postgresql:']),
  KAFKA_BROKERS: hostPorts(),
  KAFKA_TOPIC_PREFIX: text(''),
  /** Copies of each record: not above the number of brokers. */
  KAFKA_REPLICATION: integer({ min: 1, max: 9, fallback: 1 }),
}

/** @throws SettingsError naming every problem */
export function readConfig(env: Environment = process.env) {
  const settings = readSettings(env, SETTINGS)
  if (settings.STAND_INS === 'refuse' && settings.KAFKA_BROKERS.length === 0) {
    throw new SettingsError('KAFKA_BROKERS is required: STAND_INS is refuse')
  }
  return {
    databaseUrl: settings.DATABASE_URL,
    kafkaBrokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    kafkaReplication: settings.KAFKA_REPLICATION,
  }
}
