/** Many rows, one statement: as a JSON array of records where they are wide, as one array a column where they are narrow. */
import type { PoolClient } from 'pg'

/**
 * `$1` is the JSON array of the rows. A member of type json arrives as the very text that was sent.
 * No rows: no statement. @returns how many rows the statement wrote
 */
export async function writeRows(client: PoolClient, name: string, text: string, rows: readonly object[]): Promise<number> {
  if (rows.length === 0) return 0
  return (await client.query({ name, text, values: [JSON.stringify(rows)] })).rowCount ?? 0
}

/** `$1` is the array of the first members, `$2` of the second ones. No rows: no statement. @returns how many rows the statement wrote */
export async function writeColumns(
  client: PoolClient,
  name: string,
  text: string,
  rows: readonly (readonly (string | number | boolean | null)[])[],
): Promise<number> {
  const [first] = rows
  if (first === undefined) return 0
  const values = first.map((_, column) => rows.map((row) => row[column]))
  return (await client.query({ name, text, values })).rowCount ?? 0
}
