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
const ADD_TOKENS = /* sql */ `
  with wanted as materialized (
    select w.attribute_id, w.value, w.number, t.id, age(t.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid) as settled
    from unnest($1::int[], $2::text[], $3::float8[]) as w (attribute_id, value, number)
    left join facet_token t on t.attribute_id = w.attribute_id and t.value = w.value
  ), added as (
    insert into facet_token (id, attribute_id, value, number)
    select (attribute_id::bigint << 32) + nextval('facet_value'), attribute_id, value, number
    from wanted
    where id is null
    order by attribute_id, value collate "C"
    on conflict do nothing
    returning id, attribute_id, value
  )
  select id::float8 as id, attribute_id as "attributeId", value, settled from wanted where id is not null
  union all
  select id::float8, attribute_id, value, false from added`

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
  const add = async () => {
    for (const { attributeId, value, id, settled } of await addTokens(client, [...missing.values()])) {
      const key = facetKey(attributeId, value)
      found(key, id)
      if (settled) known.set(key, id)
    }
  }
  await add()
  // Another transaction made them meanwhile, which this statement waited for and the next one sees.
  await add()
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
  readonly settled: boolean
}

async function addTokens(client: PoolClient, values: readonly FacetValue[]): Promise<readonly TokenRow[]> {
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
