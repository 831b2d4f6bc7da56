import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PoolClient } from 'pg'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { addFacetTokens, facetKey } from './facet-tokens.ts'

let database: TestDatabase
let client: PoolClient
beforeAll(async () => {
  database = await testDatabase()
  client = await database.primary.connect()
})
afterAll(async () => {
  client.release()
  await database[Symbol.asyncDispose]()
})

const RED = facetKey(101, 'red')
const BLUE = facetKey(101, 'blue')

async function tokensOf(...values: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return await addFacetTokens(client, new Map(values.map((value) => [facetKey(101, value), { attributeId: 101, value }])))
}

async function statementsDuring<T>(work: () => Promise<T>): Promise<{ result: T; names: readonly string[] }> {
  const names: string[] = []
  const { query } = client
  client.query = function (this: PoolClient, ...args: unknown[]) {
    names.push((args[0] as { name?: string }).name ?? '')
    return (query as (...all: unknown[]) => unknown).apply(this, args)
  } as typeof query
  try {
    return { result: await work(), names }
  } finally {
    client.query = query
  }
}

test('a token that was rolled back is made anew, though the same connection has made and read it', async () => {
  await client.query('begin')
  await tokensOf('red')
  expect((await tokensOf('red')).get(RED)).toBeDefined()
  await client.query('rollback')
  const made = (await tokensOf('red')).get(RED)
  const { rows } = await database.primary.query<{ id: number }>('select id::float8 as id from facet_token where attribute_id = 101')
  expect(rows).toEqual([{ id: made }])
})

test('nor is one remembered that only a savepoint held', async () => {
  await client.query('begin')
  await client.query('savepoint one')
  await tokensOf('green')
  await tokensOf('green')
  await client.query('rollback to savepoint one')
  await client.query('commit')
  await tokensOf('green')
  const { rows } = await database.primary.query(`select from facet_token where value = 'green'`)
  expect(rows).toHaveLength(1)
})

test('what a committed transaction made is read once, then remembered', async () => {
  const made = await tokensOf('red', 'blue')
  expect(await statementsDuring(() => tokensOf('red', 'blue'))).toEqual({ result: made, names: ['add-tokens'] })
  // Whatever transaction is open on this server now may be one that was open when they were made.
  await expect.poll(() => statementsDuring(() => tokensOf('red', 'blue'))).toEqual({ result: made, names: [] })
  expect((await statementsDuring(() => tokensOf('blue', 'new'))).names).toEqual(['add-tokens'])
  expect([...made.keys()].toSorted()).toEqual([BLUE, RED])
})
