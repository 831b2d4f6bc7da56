/** Statements over many rows at once: each column travels as one array, and the rows are put together again by unnest. */
import type { PoolClient } from 'pg'
import { fixedArray, type FixedType, textArray } from './binary-array.ts'

/** `json` is any value, sent as its JSON text; a list is `text[]` or `bigint[]`. */
type ColumnType = FixedType | 'regconfig' | 'text' | 'json' | 'text[]' | 'bigint[]'

export interface RowStatement<C extends string> {
  /** Of the prepared statement. */
  readonly name: string
  readonly text: string
  readonly columns: readonly (readonly [C, ColumnType])[]
}

/** How a column is sent: each array as a parameter, some of them with a place in the rows, and what the column is made of there. */
interface Sent {
  readonly parameters: readonly { readonly type: string; readonly as: string | null }[]
  /** @param numbers of the parameters */
  readonly select: (numbers: readonly number[]) => string
  readonly encode: (values: readonly unknown[]) => readonly unknown[]
}

/** @param text gets the rows as something to select from, known as `r` */
export function rowStatement<C extends string>(
  name: string,
  types: Readonly<Record<C, ColumnType>>,
  text: (rows: string) => string,
): RowStatement<C> {
  const columns = Object.entries(types) as [C, ColumnType][]
  let count = 0
  const sent: { text: string; as: string }[] = []
  const selected = columns.map(([column, type]) => {
    const { parameters, select } = sentAs(column, type)
    const numbers = parameters.map(() => (count += 1))
    parameters.forEach(({ type: of, as }, i) => as !== null && sent.push({ text: `$${numbers[i]}::${of}[]`, as }))
    return select(numbers)
  })
  const rows =
    `(select ${selected.join(', ')} ` +
    `from unnest(${sent.map((one) => one.text).join(', ')}) as sent (${sent.map(({ as }) => as).join(', ')})) as r`
  return { name, text: text(rows), columns }
}

/** The same rows for a table that may have some of them, and for one that cannot. */
export interface Upsert<C extends string> {
  readonly insert: RowStatement<C>
  readonly upsert: RowStatement<C>
}

/**
 * To look for a conflict costs each row a descent of the index and a record in the log: what is new is only inserted.
 * @param insert gets the rows as for rowStatement()
 */
export function upsertStatement<C extends string>(
  name: string,
  types: Readonly<Record<C, ColumnType>>,
  { insert, onConflict }: { insert: (rows: string) => string; onConflict: string },
): Upsert<C> {
  return {
    insert: rowStatement(`insert-${name}`, types, insert),
    upsert: rowStatement(`upsert-${name}`, types, (rows) => `${insert(rows)} on conflict ${onConflict}`),
  }
}

/** @param areNew none of the rows can be there @returns how many rows the statement wrote */
export async function upsertRows<C extends string>(
  client: PoolClient,
  statement: Upsert<C>,
  rows: readonly Readonly<Record<C, unknown>>[],
  areNew: boolean,
): Promise<number> {
  return await writeRows(client, areNew ? statement.insert : statement.upsert, rows)
}

/** No rows: no statement. @returns how many rows the statement wrote */
export async function writeRows<C extends string>(
  client: PoolClient,
  statement: RowStatement<C>,
  rows: readonly Readonly<Record<C, unknown>>[],
): Promise<number> {
  if (rows.length === 0) return 0
  const { name, text, columns } = statement
  const values = columns.flatMap(([column, type]) => sentAs(column, type).encode(rows.map((row) => row[column])))
  return (await client.query({ name, text, values })).rowCount ?? 0
}

function sentAs(column: string, type: ColumnType): Sent {
  const cast = `${column}::${type} as ${column}`
  switch (type) {
    case 'text':
      return single(column, type, (values) => textArray('text', values as (string | null)[]))
    case 'json':
      return single(column, type, (values) => textArray('json', values.map(jsonText)))
    case 'regconfig':
      return single(column, 'text', (values) => textArray('text', values as string[]), cast)
    case 'text[]':
      return single(column, 'text', (values) => textArray('text', (values as string[][]).map(listLiteral)), cast)
    case 'bigint[]':
      return sliced(column)
    default:
      return single(column, type, (values) => fixedArray(type, values))
  }
}

function single(column: string, type: string, encode: (values: readonly unknown[]) => unknown, select = column): Sent {
  return { parameters: [{ type, as: column }], select: () => select, encode: (values) => [encode(values)] }
}

/** The lists of all rows are one array, of which each row names its slice; rows that follow each other with one list share it. */
function sliced(column: string): Sent {
  const [from, to] = [`${column}_from`, `${column}_to`]
  return {
    parameters: [
      { type: 'int', as: from },
      { type: 'int', as: to },
      { type: 'bigint', as: null },
    ],
    select: ([, , all]) => `($${all}::bigint[])[${from}:${to}] as ${column}`,
    encode: (values) => {
      const all: number[] = []
      let begin = 1
      const begins = (values as number[][]).map((list, i) => {
        if (i === 0 || list !== values[i - 1]) {
          begin = all.length + 1
          all.push(...list)
        }
        return begin
      })
      const ends = (values as number[][]).map((list, i) => (begins[i] ?? 1) + list.length - 1)
      return [fixedArray('int', begins), fixedArray('int', ends), fixedArray('bigint', all)]
    },
  }
}

function jsonText(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}

function listLiteral(list: readonly string[]): string {
  return `{${list.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}
