/** Brings a database's tables up to date: node-pg-migrate over the SQL files beside this one. */
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'

const MIGRATIONS = join(import.meta.dirname, 'migrations')
/** Longest wait for another migration to end, and for any lock that a migration needs. */
const LOCK_MS = 60_000
const CONNECT_MS = 5_000

/**
 * Safe when several start at once: an advisory lock lets one through, the others find nothing to do. All or nothing.
 * @returns the names of the migrations that were run
 * @throws when the database cannot be reached, a lock is not to be had within 60 s, or a migration fails
 */
export async function migrateDatabase(url: string): Promise<readonly string[]> {
  const migrations = await runner({
    databaseUrl: {
      connectionString: url,
      application_name: 'catalog-migrate',
      connectionTimeoutMillis: CONNECT_MS,
      lock_timeout: LOCK_MS,
    },
    dir: MIGRATIONS,
    migrationsTable: 'migration',
    direction: 'up',
    advisoryLockMode: 'wait',
    singleTransaction: true,
    logger: SILENT,
  })
  return migrations.map((migration) => migration.name)
}

// Whoever calls says what was done; what went wrong is thrown.
const SILENT = { info: () => {}, warn: () => {}, error: () => {} }
