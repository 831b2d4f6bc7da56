/** What PostgreSQL finds without anything of ours: websearch_to_tsquery and ts_rank over title and description. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from '../../stack/port.ts'
import { findPostgres } from '../../stack/postgres-binaries.ts'
import { initPostgres, makePrivateFolder, postgresUrl, startPostgres } from '../../stack/postgres-server.ts'
import type { JudgedProduct } from './judged-product.ts'

export interface Baseline extends AsyncDisposable {
  /** Keys, most relevant first. */
  search(q: string, limit: number): Promise<readonly string[]>
}

const REPOSITORY = join(import.meta.dirname, '../..')

const MAKE = /* sql */ `
  create table product as
  select key, setweight(to_tsvector('english', title), 'A') || to_tsvector('english', description) as words
  from unnest($1::text[], $2::text[], $3::text[]) as sent (key, title, description)`

const SEARCH = /* sql */ `
  select key
  from product, websearch_to_tsquery('english', $1) as q
  where words @@ q
  order by ts_rank(words, q) desc, key
  limit $2`

/** In a PostgreSQL of its own, in a temporary folder. */
export async function startBaseline(products: readonly JudgedProduct[]): Promise<Baseline> {
  const binaries = findPostgres(REPOSITORY)
  const folder = mkdtempSync(join(tmpdir(), 'catalog-baseline-'))
  makePrivateFolder(binaries, folder)
  const [dataDir, logPath, port] = [join(folder, 'data'), join(folder, 'postgres.log'), await freePort()]
  await initPostgres({ binaries, dataDir, logPath })
  const server = await startPostgres({ binaries, name: 'baseline', dataDir, port, logPath, disposable: true })
  const client = new Client({ connectionString: postgresUrl(port, 'postgres') })
  await client.connect()
  const columns = [products.map(({ key }) => key), products.map(({ title }) => title), products.map(({ description }) => description)]
  await client.query(MAKE, columns)
  return {
    search: async (q, limit) => (await client.query<{ key: string }>(SEARCH, [q, limit])).rows.map(({ key }) => key),
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
