/** The values that listing rows can be filtered by, as integers: those of tags and attributes, which have no row of their own. */
import type { PoolClient } from 'pg'
import { facetNumber } from '../../shared/facet-token.ts'

/** By attribute id and value. */
export type FacetTokens = ReadonlyMap<string, number>

export interface FacetValue {
  readonly attributeId: number
  readonly value: string
}

export const facetKey = (attributeId: number, value: string): string => `${attributeId} ${value}`

const READ_TOKENS = /* sql */ `
  select t.id::float8 as id, t.attribute_id as "attributeId", t.value
  from unnest($1::int[], $2::text[]) as wanted (attribute_id, value)
  join facet_token t on t.attribute_id = wanted.attribute_id and t.value = wanted.value`

const ADD_TOKENS = /* sql */ `
  insert into facet_token (id, attribute_id, value, number)
  select (attribute_id::bigint << 32) + nextval('facet_value'), attribute_id, value, number
  from unnest($1::int[], $2::text[], $3::float8[]) as added (attribute_id, value, number)
  order by attribute_id, value collate "C"
  on conflict do nothing
  returning id::float8 as id, attribute_id as "attributeId", value`

/** Makes those that are not there yet. @param values by facetKey */
export async function addFacetTokens(client: PoolClient, values: ReadonlyMap<string, FacetValue>): Promise<FacetTokens> {
  const known = await readTokens(client, [...values.values()])
  const missing = [...values].filter(([key]) => !known.has(key)).map(([, value]) => value)
  if (missing.length === 0) return known
  const numbers = missing.map(({ value }) => facetNumber(value))
  const added = toTokens(await client.query<TokenRow>({ name: 'add-tokens', text: ADD_TOKENS, values: [...columnsOf(missing), numbers] }))
  // What another transaction has made meanwhile.
  const others = missing.filter(({ attributeId, value }) => !added.has(facetKey(attributeId, value)))
  return new Map([...known, ...added, ...(await readTokens(client, others))])
}

async function readTokens(client: PoolClient, values: readonly FacetValue[]): Promise<FacetTokens> {
  if (values.length === 0) return new Map()
  return toTokens(await client.query<TokenRow>({ name: 'read-tokens', text: READ_TOKENS, values: columnsOf(values) }))
}

type TokenRow = FacetValue & { readonly id: number }

function toTokens({ rows }: { readonly rows: readonly TokenRow[] }): FacetTokens {
  return new Map(rows.map(({ attributeId, value, id }) => [facetKey(attributeId, value), id]))
}

function columnsOf(values: readonly FacetValue[]): unknown[] {
  return [values.map(({ attributeId }) => attributeId), values.map(({ value }) => value)]
}
