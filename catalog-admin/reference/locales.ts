/** The locales that any product has text in: what a reader's chain of locales may hold. */
import type { PoolClient } from 'pg'

const READ_LOCALES = /* sql */ `select code from locale where code = any($1::text[])`
const ADD_LOCALES = /* sql */ `
  insert into locale (code)
  select code from unnest($1::text[]) as added (code) order by code
  on conflict do nothing`

/** Makes those that are not there yet. */
export async function addLocales(client: PoolClient, codes: ReadonlySet<string>): Promise<void> {
  const wanted = [...codes]
  const { rows } = await client.query<{ code: string }>({ name: 'read-locales', text: READ_LOCALES, values: [wanted] })
  if (rows.length === wanted.length) return
  const known = new Set(rows.map((row) => row.code))
  await client.query(ADD_LOCALES, [wanted.filter((code) => !known.has(code))])
}
