import { Client } from 'pg'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { MAX_EVENT_DOCUMENT_BYTES } from '../../shared/event-log.ts'
import { commitProduct, tinyDocument } from '../../test/support/commit-product.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { markPublished, PAGE_ROWS, readBacklog, selectPage } from './outbox.ts'

let database: TestDatabase
let session: Client

beforeAll(async () => {
  database = await testDatabase()
  session = new Client(database.primaryUrl)
  await session.connect()
})
beforeEach(async () => {
  await database.primary.query('delete from outbox')
})
afterAll(async () => {
  await session.end()
  await database[Symbol.asyncDispose]()
})

/** A document of about so many bytes of JSON. */
const sized = (id: string, bytes: number) => tinyDocument(id, 'x'.repeat(bytes))

test('a page is the unpublished rows in id order, each product as the snapshot shows it', async () => {
  const [one, two] = [uuid(), uuid()]
  await commitProduct(database.primary, { id: one, doc: tinyDocument(one, 'First') })
  await commitProduct(database.primary, { id: two, state: 'deleted', doc: null })
  const { rev } = await commitProduct(database.primary, { id: one, doc: tinyDocument(one, 'Second 🧥') })
  const page = await selectPage(session)
  expect(page).toMatchObject({
    full: false,
    products: [
      { productId: one, rev, state: 'visible', omitted: false },
      { productId: two, state: 'deleted', doc: null },
    ],
  })
  expect(JSON.parse(page.products[0]?.doc ?? '')).toEqual(tinyDocument(one, 'Second 🧥'))
  // Three rows, two events: what came later of a product is in the event already.
  expect(page.rowIds).toHaveLength(3)
  await markPublished(session, page.rowIds)
  expect(await selectPage(session)).toEqual({ rowIds: [], products: [], full: false })
})

test('a lower id that commits later is not lost', async () => {
  const [slow, fast] = [uuid(), uuid()]
  const inserted = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const open = commitProduct(database.primary, { id: slow, doc: null, state: 'hidden' }, () => {
    inserted.resolve()
    return gate.promise
  })
  await inserted.promise
  await commitProduct(database.primary, { id: fast, doc: null, state: 'hidden' })
  const first = await selectPage(session)
  expect(first.products.map((product) => product.productId)).toEqual([fast])
  await markPublished(session, first.rowIds)
  gate.resolve()
  await open
  const second = await selectPage(session)
  expect(second.products.map((product) => product.productId)).toEqual([slow])
  expect(Number(second.rowIds[0])).toBeLessThan(Number(first.rowIds[0]))
})

test('a page is full at 500 rows, and when documents had to be left behind', async () => {
  await database.primary.query(
    `insert into outbox (product_id, rev, type) select gen_random_uuid(), n, 'updated' from generate_series(1, ${PAGE_ROWS + 1}) as n`,
  )
  const first = await selectPage(session)
  expect([first.rowIds.length, first.full]).toEqual([PAGE_ROWS, true])
  await markPublished(session, first.rowIds)
  const rest = await selectPage(session)
  expect([rest.rowIds.length, rest.full]).toEqual([1, false])
  await markPublished(session, rest.rowIds)

  const ids = [uuid(), uuid(), uuid()]
  for (const id of ids) await commitProduct(database.primary, { id, doc: sized(id, 200_000) })
  const cut = await selectPage(session)
  expect([cut.products.map((product) => product.productId), cut.full]).toEqual([ids.slice(0, 2), true])
})

test('a document that is too large to travel is left behind, its event is not', async () => {
  const [large, small] = [uuid(), uuid()]
  await commitProduct(database.primary, { id: large, doc: sized(large, MAX_EVENT_DOCUMENT_BYTES) })
  await commitProduct(database.primary, { id: small, doc: tinyDocument(small, 'Small') })
  const page = await selectPage(session)
  expect(page.products).toMatchObject([
    { productId: large, state: 'visible', doc: null, omitted: true },
    { productId: small, omitted: false },
  ])
  expect(page.full).toBe(false)
})

test('a row whose product is not in the read model is an event of absence', async () => {
  const id = uuid()
  await database.primary.query(`insert into outbox (product_id, rev, type) values ($1, 7, 'deleted')`, [id])
  expect((await selectPage(session)).products).toMatchObject([{ productId: id, rev: 7, state: 'absent', doc: null, omitted: false }])
})

test('the backlog counts what is not published and knows its age', async () => {
  expect(await readBacklog(database.primary)).toEqual({ rows: 0, seconds: 0 })
  await database.primary.query(
    `insert into outbox (product_id, rev, type, created_at) values (gen_random_uuid(), 1, 'updated', now() - interval '90 seconds')`,
  )
  const { rows, seconds } = await readBacklog(database.primary)
  expect(rows).toBe(1)
  expect(seconds).toBeGreaterThan(89)
})
