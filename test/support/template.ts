/** The migrated database that every test database is a clone of. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { queryOnce } from '../../stack/postgres-server.ts'

const MIGRATIONS = join(import.meta.dirname, '../../catalog-admin/migrate/migrations')
export const TEMPLATE = 'catalog_template'

export async function makeTemplate(primaryPort: number): Promise<void> {
  await queryOnce(primaryPort, `create database ${TEMPLATE}`)
  const files = readdirSync(MIGRATIONS).filter((file) => file.endsWith('.sql'))
  for (const name of files.sort()) await queryOnce(primaryPort, readFileSync(join(MIGRATIONS, name), 'utf8'), TEMPLATE)
  await queryOnce(primaryPort, `alter database ${TEMPLATE} with is_template true allow_connections false`)
}
