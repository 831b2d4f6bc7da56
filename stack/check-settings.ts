/** Reads the settings of every program before anything is started: a senseless one ends the start in its first moment. */
import { readConfig as readAdmin } from '../catalog-admin/config.ts'
import { readConfig as readMigrate } from '../catalog-admin/migrate/config.ts'
import { readConfig as readRelay } from '../catalog-admin/relay/config.ts'
import { readConfig as readQuery } from '../catalog-query/config.ts'
import { readConfig as readInvalidator } from '../catalog-query/invalidator/config.ts'
import { SettingsError, type Environment } from '../shared/settings.ts'

/** What a start fills in later, so that its absence is no problem now. */
const FILLED_IN = { DATABASE_URL: 'postgres://later', REDIS_URL: 'redis://later', KAFKA_BROKERS: 'later:1' }

/** @throws SettingsError with the problems of all programs, each once */
export function checkSettings(env: Environment): void {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const problems = [readQuery, readInvalidator, readAdmin, readRelay, readMigrate].flatMap((read) =>
    problemsOf(read, { ...FILLED_IN, ...given }),
  )
  if (problems.length > 0) throw new SettingsError([...new Set(problems)].join('\n'))
}

function problemsOf(read: (env: Environment) => unknown, env: Environment): string[] {
  try {
    read(env)
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n')
    throw error
  }
}
