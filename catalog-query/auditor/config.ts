/** The auditor's settings. */
import { LOG_LEVELS } from '../../shared/log.ts'
import { hostPorts, integer, oneOf, port, readSettings, SettingsError, text, url, urls, type Environment } from '../../shared/settings.ts'

const POSTGRES = ['postgres:', 'postgresql:']

const SETTINGS = {
  HOST: text('127.0.0.1'),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  STAND_INS: oneOf(['allow', 'refuse'], 'allow'),
  // Each name stands for every address it has: a headless service is all of its pods.
  QUERY_OPS_URLS: urls(['http:']),
  DATABASE_URL: url(POSTGRES),
  DATABASE_REPLICA_URLS: urls(POSTGRES),
  KAFKA_BROKERS: hostPorts(),
  KAFKA_TOPIC_PREFIX: text(''),
  AUDITOR_EVENTS_PER_SECOND: integer({ min: 1, max: 100_000, fallback: 100 }),
  AUDITOR_OPS_PORT: port(3104),
}

export type AuditorConfig = ReturnType<typeof readConfig>

/** @throws SettingsError naming every problem */
export function readConfig(env: Environment = process.env) {
  const settings = readSettings(env, SETTINGS)
  const problems: string[] = []
  if (settings.QUERY_OPS_URLS.length === 0) problems.push('QUERY_OPS_URLS is required: the operations ports of the query processes')
  if (settings.STAND_INS === 'refuse' && settings.KAFKA_BROKERS.length === 0) {
    problems.push('KAFKA_BROKERS is required: STAND_INS is refuse')
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return {
    host: settings.HOST,
    opsPort: settings.AUDITOR_OPS_PORT,
    logLevel: settings.LOG_LEVEL,
    queryOpsUrls: settings.QUERY_OPS_URLS,
    /** Asked only about what is suspicious. */
    primaryUrl: settings.DATABASE_URL,
    replicaUrls: settings.DATABASE_REPLICA_URLS,
    kafkaBrokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    /** More than this are not looked at: an import must not make the auditor a load of its own. */
    eventsPerSecond: settings.AUDITOR_EVENTS_PER_SECOND,
  }
}
