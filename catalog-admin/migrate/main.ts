/** Makes or updates the tables, then the topics where there is Kafka, says what it did, and ends. */
import { createTopics } from '../../shared/kafka.ts'
import { createLifecycle, runProgram, type Lifecycle } from '../../shared/lifecycle.ts'
import { createLogger } from '../../shared/log.ts'
import { readConfig } from './config.ts'
import { migrateDatabase } from './migrate-database.ts'

runProgram('migrate', migrate)

async function migrate(): Promise<Lifecycle> {
  const { databaseUrl, kafkaBrokers, topicPrefix, kafkaReplication } = readConfig()
  const lifecycle = createLifecycle(createLogger('migrate', 'info'))
  try {
    const ran = await migrateDatabase(databaseUrl)
    say(ran.length === 0 ? 'The tables are up to date.' : `The tables were migrated: ${ran.join(', ')}.`)
  } catch (error) {
    return failed('The tables could not be migrated', error, lifecycle)
  }
  if (kafkaBrokers.length === 0) return lifecycle
  try {
    const made = await createTopics(kafkaBrokers, topicPrefix, kafkaReplication)
    say(made.length === 0 ? 'The topics are there.' : `The topics were made: ${made.join(', ')}.`)
  } catch (error) {
    return failed('The topics could not be made', error, lifecycle)
  }
  return lifecycle
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function failed(what: string, error: unknown, lifecycle: Lifecycle): Lifecycle {
  const { message, code } = error as { message?: string; code?: string }
  process.stderr.write(`${what}: ${message || code || String(error)}\n`)
  process.exitCode = 1
  return lifecycle
}
