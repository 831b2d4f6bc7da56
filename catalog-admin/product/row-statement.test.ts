import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTransaction } from '../../shared/postgres.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { rowStatement, writeRows } from './row-statement.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await database.primary.query(/* sql */ `
    create table sent (
      n int, id uuid, small smallint, large bigint, float float8, yes boolean, at timestamptz, word regconfig, text text, doc json,
      texts text[], numbers bigint[])`)
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

const WRITE = rowStatement(
  'write-sent',
  {
    n: 'int',
    id: 'uuid',
    small: 'smallint',
    large: 'bigint',
    float: 'float8',
    yes: 'boolean',
    at: 'timestamptz',
    word: 'regconfig',
    text: 'text',
    doc: 'json',
    texts: 'text[]',
    numbers: 'bigint[]',
  },
  (rows) => /* sql */ `
  insert into sent (n, id, small, large, float, yes, at, word, text, doc, texts, numbers)
  select n, id, small, large, float, yes, at, word, text, doc, texts, numbers
  from ${rows}`,
)

const READ = /* sql */ `
  select n, id, small, large::text as large, float, yes, word::text as word, text, doc::text as doc, texts, numbers::text[] as numbers,
    to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
  from sent
  order by n`

test('what is sent as rows comes back as it was, at the ends of every type', async () => {
  const shared = [-1, 0, 2 ** 32, 2 ** 53 - 1]
  const rows = [
    {
      n: -(2 ** 31),
      id: '01912345-89ab-7def-8123-456789abcdef',
      small: -32768,
      large: -(2 ** 53 - 1),
      float: 0.1,
      yes: true,
      at: '1900-01-01T00:00:00.001Z',
      word: 'german',
      text: '',
      doc: { ß: ['"', '\\', null] },
      texts: ['a', '', '"', '\\', '{,}', 'NULL', ' ', '😀'],
      numbers: shared,
    },
    {
      n: 0,
      id: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
      small: 32767,
      large: 2 ** 53 - 1,
      float: -1e300,
      yes: false,
      at: '9999-12-31T23:59:59.999Z',
      word: 'simple',
      text: '😀 עברית \n\t"\\',
      doc: 'text',
      texts: [],
      numbers: shared,
    },
    {
      n: 1,
      id: null,
      small: null,
      large: null,
      float: null,
      yes: null,
      at: null,
      word: 'simple',
      text: null,
      doc: null,
      texts: [],
      numbers: [],
    },
    { n: 2, id: null, small: 0, large: 0, float: 0, yes: false, at: null, word: 'simple', text: 'x', doc: 0, texts: ['b'], numbers: [7] },
  ]
  expect(await inTransaction(database.primary, (client) => writeRows(client, WRITE, rows))).toBe(4)
  const { rows: found } = await database.primary.query(READ)
  expect(found).toEqual(
    rows.map((row) => ({
      ...row,
      id: row.id?.toLowerCase() ?? null,
      large: row.large === null ? null : String(row.large),
      doc: row.doc === null ? null : JSON.stringify(row.doc),
      numbers: row.numbers.map(String),
    })),
  )
})

test('a number that its column cannot hold is refused before anything is sent', async () => {
  const row = { id: null, small: 32768, large: 0, float: 0, yes: false, at: null, word: 'simple', text: '', doc: 0, texts: [], numbers: [] }
  await expect(inTransaction(database.primary, (client) => writeRows(client, WRITE, [{ n: 9, ...row }]))).rejects.toThrow('out of range')
})
