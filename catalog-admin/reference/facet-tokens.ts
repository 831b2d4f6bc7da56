/** The values that listing rows can be filtered by, as integers: those of tags and attributes, which have no row of their own. */
import type { PoolClient } from 'pg'
import { facetNumber } from '../../shared/facet-token.ts'
import { fixedArray, textArray } from '../product/binary-array.ts'

/** By attribute id and value. */
export type FacetTokens = ReadonlyMap<string, number>

export interface FacetValue {
  readonly attributeId: number
  readonly value: string
}

export const facetKey = (attributeId: number, value: string): string => `${attributeId} ${value}`

// Settled: made by a transaction that ended before this statement began, so that no rollback takes it away again.
const READ_TOKENS = /* sql */ `
  select t.id::float8 as id, t.attribute_id as "attributeId", t.value,
    age(t.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid) as settled
  from unnest($1::int[], $2::text[]) as wanted (attribute_id, value)
  join facet_token t on t.attribute_id = wanted.attribute_id and t.value = wanted.value`

const ADD_TOKENS = /* sql */ `
  insert into facet_token (id, attribute_id, value, number)
  select (attribute_id::bigint << 32) + nextval('facet_value'), attribute_id, value, number
  from unnest($1::int[], $2::text[], $3::float8[]) as added (attribute_id, value, number)
  order by attribute_id, value collate "C"
  on conflict do nothing
  returning id::float8 as id, attribute_id as "attributeId", value`

/** A token never changes, and ends with its database. */
const REMEMBERED_AT_MOST = 50_000
/** By connection, which ends with the server that it leads to: what a promoted standby never had is not remembered. */
const remembered = new WeakMap<PoolClient, Map<string, number>>()

/** Makes those that are not there yet. @param values by facetKey */
export async function addFacetTokens(client: PoolClient, values: ReadonlyMap<string, FacetValue>): Promise<FacetTokens> {
  const known = recall(client)
  const tokens = new Map<string, number>()
  const missing = new Map(values)
  const found = (key: string, id: number) => {
    tokens.set(key, id)
    missing.delete(key)
  }
  for (const key of values.keys()) {
    const id = known.get(key)
    if (id !== undefined) found(key, id)
  }
  for (const { attributeId, value, id, settled } of await readTokens(client, [...missing.values()])) {
    const key = facetKey(attributeId, value)
    found(key, id)
    if (settled) known.set(key, id)
  }
  for (const row of await insertTokens(client, [...missing.values()])) found(facetKey(row.attributeId, row.value), row.id)
  // Another transaction made them meanwhile.
  for (const row of await readTokens(client, [...missing.values()])) found(facetKey(row.attributeId, row.value), row.id)
  return tokens
}

function recall(client: PoolClient): Map<string, number> {
  const known = remembered.get(client)
  if (known !== undefined && known.size < REMEMBERED_AT_MOST) return known
  const none = new Map<string, number>()
  remembered.set(client, none)
  return none
}

interface TokenRow extends FacetValue {
  readonly id: number
}

async function readTokens(
  client: PoolClient,
  values: readonly FacetValue[],
): Promise<readonly (TokenRow & { readonly settled: boolean })[]> {
  if (values.length === 0) return []
  const query = { name: 'read-tokens', text: READ_TOKENS, values: columnsOf(values) }
  return (await client.query<TokenRow & { settled: boolean }>(query)).rows
}

async function insertTokens(client: PoolClient, values: readonly FacetValue[]): Promise<readonly TokenRow[]> {
  if (values.length === 0) return []
  const numbers = values.map(({ value }) => facetNumber(value))
  return (await client.query<TokenRow>({ name: 'add-tokens', text: ADD_TOKENS, values: [...columnsOf(values), numbers] })).rows
}

function columnsOf(values: readonly FacetValue[]): unknown[] {
  return [
    fixedArray(
      'int',
      values.map(({ attributeId }) => attributeId),
    ),
    textArray(
      'text',
      values.map(({ value }) => value),
    ),
  ]
}
