/** What a listing row can be filtered by, as small integers: `brand:acme` is 17. */
import type { PoolClient } from 'pg'

const READ_TOKENS = /* sql */ `select id, token from facet_token where token = any($1::text[])`
const ADD_TOKENS = /* sql */ `
  insert into facet_token (token)
  select token from unnest($1::text[]) as added (token) order by token
  on conflict do nothing`

/** Makes those that are not there yet. */
export async function addFacetTokens(client: PoolClient, tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  if (tokens.size === 0) return new Map()
  const known = await readTokens(client, [...tokens])
  const missing = [...tokens].filter((token) => !known.has(token))
  if (missing.length === 0) return known
  await client.query(ADD_TOKENS, [missing])
  return new Map([...known, ...(await readTokens(client, missing))])
}

async function readTokens(client: PoolClient, tokens: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ id: number; token: string }>({ name: 'read-tokens', text: READ_TOKENS, values: [tokens] })
  return new Map(rows.map((row) => [row.token, row.id]))
}
