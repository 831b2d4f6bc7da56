/** Statements over many rows at once: each column travels as one array, and the rows are put together again by unnest. */
import type { PoolClient } from 'pg'

/** `json` is any value, sent as its JSON text; a list is `text[]` or `bigint[]`. */
type ColumnType = 'uuid' | 'regconfig' | 'text' | 'int' | 'smallint' | 'bigint' | 'float8' | 'boolean' | 'timestamptz' | 'json' | 'text[]' | 'bigint[]'

export interface RowStatement<C extends string> {
  /** Of the prepared statement. */
  readonly name: string
  readonly text: string
  readonly columns: readonly (readonly [C, ColumnType])[]
}

/** @param text gets the rows as something to select from, known as `r` */
export function rowStatement<C extends string>(
  name: string,
  types: Readonly<Record<C, ColumnType>>,
  text: (rows: string) => string,
): RowStatement<C> {
  const columns = Object.entries(types) as [C, ColumnType][]
  const arrays = columns.map(([, type], i) => `$${i + 1}::${isList(type) ? 'text' : type}[]`)
  const names = columns.map(([column]) => column)
  const casts = columns.map(([column, type]) => (isList(type) ? `${column}::${type} as ${column}` : column))
  const rows = `(select ${casts.join(', ')} from unnest(${arrays.join(', ')}) as sent (${names.join(', ')})) as r`
  return { name, text: text(rows), columns }
}

/** No rows: no statement. @returns how many rows the statement wrote */
export async function writeRows<C extends string>(
  client: PoolClient,
  statement: RowStatement<C>,
  rows: readonly Readonly<Record<C, unknown>>[],
): Promise<number> {
  if (rows.length === 0) return 0
  const { name, text, columns } = statement
  const values = columns.map(([column, type]) =>
    encodeColumn(
      type,
      rows.map((row) => row[column]),
    ),
  )
  return (await client.query({ name, text, values })).rowCount ?? 0
}

const TEXT_OID = 25
const JSON_OID = 114

function encodeColumn(type: ColumnType, values: readonly unknown[]): unknown {
  if (type === 'json')
    return binaryArray(
      JSON_OID,
      values.map((value) => (value === null ? null : JSON.stringify(value))),
    )
  if (type === 'text') return binaryArray(TEXT_OID, values as readonly (string | null)[])
  return isList(type) ? values.map((list) => listLiteral(list as readonly (string | number)[])) : values
}

function isList(type: ColumnType): boolean {
  return type.endsWith('[]')
}

function listLiteral(list: readonly (string | number)[]): string {
  const items = list.map((item) => (typeof item === 'number' ? item : `"${item.replace(/["\\]/g, '\\$&')}"`))
  return `{${items.join(',')}}`
}

/**
 * An array in PostgreSQL's binary format. As text each quote of a document would be escaped here and unescaped there:
 * 1.4 KB documents took 11 µs of the server this way, 22 as a text array, 33 within one JSON of all rows.
 */
function binaryArray(elementOid: number, values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? 0 : Buffer.byteLength(value)))
  const buffer = Buffer.allocUnsafe(20 + values.length * 4 + lengths.reduce((sum, length) => sum + length, 0))
  // One dimension, may hold nulls, of this type, so many, counted from 1.
  ;[1, 1, elementOid, values.length, 1].forEach((field, i) => buffer.writeInt32BE(field, i * 4))
  let at = 20
  values.forEach((value, i) => {
    at = buffer.writeInt32BE(value === null ? -1 : (lengths[i] ?? 0), at)
    if (value !== null) at += buffer.write(value, at)
  })
  return buffer
}
