/** The attributes that products have: made on first use with the kind of the first value, refined by a person later. */
import type { PoolClient } from 'pg'
import type { AttributeValue } from '../../shared/product-document.ts'

export type AttributeKind = 'text' | 'number' | 'boolean'

/** Of the value, or of a list's first one. */
export function kindOf(value: AttributeValue): AttributeKind {
  const first = Array.isArray(value) ? (value[0] as unknown) : value
  if (typeof first === 'number') return 'number'
  return typeof first === 'boolean' ? 'boolean' : 'text'
}

export interface Attribute {
  readonly id: number
  readonly searchable: boolean
}

const READ_ATTRIBUTES = /* sql */ `select code, id, searchable from attribute where code = any($1::text[])`
const ADD_ATTRIBUTES = /* sql */ `
  insert into attribute (code, kind)
  select code, kind from unnest($1::text[], $2::text[]) as added (code, kind) order by code
  on conflict do nothing`

/** By code. Makes those that are not there yet. */
export async function addAttributes(
  client: PoolClient,
  kinds: ReadonlyMap<string, AttributeKind>,
): Promise<ReadonlyMap<string, Attribute>> {
  const known = await readAttributes(client, [...kinds.keys()])
  const added = [...kinds].filter(([code]) => !known.has(code))
  if (added.length === 0) return known
  await client.query(ADD_ATTRIBUTES, [added.map(([code]) => code), added.map(([, kind]) => kind)])
  const codes = added.map(([code]) => code)
  return new Map([...known, ...(await readAttributes(client, codes))])
}

async function readAttributes(client: PoolClient, codes: readonly string[]): Promise<ReadonlyMap<string, Attribute>> {
  if (codes.length === 0) return new Map()
  const query = { name: 'read-attributes', text: READ_ATTRIBUTES, values: [codes] }
  const { rows } = await client.query<Attribute & { code: string }>(query)
  return new Map(rows.map(({ code, id, searchable }) => [code, { id, searchable }]))
}
