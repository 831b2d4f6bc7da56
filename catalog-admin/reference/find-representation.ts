/** What a reader's `channel` and `locale` stand for, read from the primary: as the query server resolves them. */
import type { Pool, PoolClient } from 'pg'
import { localeChain } from '../../shared/locale-chain.ts'
import { invalidParameter } from '../../shared/problem.ts'
import type { Representation } from '../../shared/representation.ts'

const FIND = /* sql */ `
  select default_locale as "defaultLocale",
    (select array_agg(code) from locale) as locales
  from channel
  where code = $1`

/** @throws CatalogError `invalid-parameter` when there is no such channel */
export async function findRepresentation(client: Pool | PoolClient, channel: string, locale: string): Promise<Representation> {
  const { rows } = await client.query<{ defaultLocale: string; locales: string[] | null }>(FIND, [channel])
  const [row] = rows
  if (row === undefined) {
    throw invalidParameter([{ parameter: 'channel', code: 'unknown', message: `No channel has code "${channel}"` }])
  }
  const known = new Map((row.locales ?? []).map((code) => [code.toLowerCase(), code]))
  return { channel, locales: localeChain(locale, row.defaultLocale, known).locales }
}
