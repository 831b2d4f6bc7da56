/** The migrated database that every test database is a clone of. */
import { migrateDatabase } from '../../catalog-admin/migrate/migrate-database.ts'
import { postgresUrl, queryOnce } from '../../stack/postgres-server.ts'

export const TEMPLATE = 'catalog_template'

export async function makeTemplate(primaryPort: number): Promise<void> {
  await queryOnce(primaryPort, `create database ${TEMPLATE}`)
  await migrateDatabase(postgresUrl(primaryPort, TEMPLATE))
  await queryOnce(primaryPort, `alter database ${TEMPLATE} with is_template true allow_connections false`)
}
