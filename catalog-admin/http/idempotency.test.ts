import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestAdmin, testAdmin } from '../../test/support/admin-server.ts'
import { decodeToken } from '../../shared/token.ts'

let admin: TestAdmin
beforeAll(async () => void (admin = await testAdmin()))
afterAll(async () => await admin[Symbol.asyncDispose]())

const PRODUCTS = '/admin/v1/products'
const product = (key: string) => ({ key, i18n: { en: { title: key } } })
const keyed = (key: string) => ({ 'idempotency-key': key })

async function outboxRows(): Promise<number> {
  return (await admin.database.primary.query('select id from outbox')).rows.length
}

test('the same request again is answered as the first was, and done once', async () => {
  const first = await admin.call('POST', PRODUCTS, { body: product('I-1'), headers: keyed('one') })
  const again = await admin.call('POST', PRODUCTS, { body: product('I-1'), headers: keyed('one') })
  expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([201, null])
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
  expect(again.body).toEqual(first.body)
  for (const name of ['location', 'etag', 'catalog-rev']) expect(again.headers.get(name), name).toBe(first.headers.get(name))
  // A token of now: whoever carries it sees the write all the more.
  expect(decodeToken(again.headers.get('consistency-token') ?? '')?.product).toEqual(
    decodeToken(first.headers.get('consistency-token') ?? '')?.product,
  )
  expect(await outboxRows()).toBe(1)
})

test('ten at once: one does it, the others are told that it runs or are answered what it did', async () => {
  const rowsBefore = await outboxRows()
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => admin.call('POST', PRODUCTS, { body: product('I-2'), headers: keyed('two') })),
  )
  const fresh = answers.filter((answer) => answer.status === 201 && answer.headers.get('idempotent-replayed') === null)
  expect(fresh).toHaveLength(1)
  const others = answers.filter((answer) => !fresh.includes(answer)).map(({ status, body }) => (status === 201 ? 'replayed' : body['type']))
  for (const other of others) expect(['replayed', '/problems/request-in-progress']).toContain(other)
  expect(await outboxRows()).toBe(rowsBefore + 1)
})

test('while the first still runs, the second is 409 request-in-progress', async () => {
  const holder = await admin.database.primary.connect()
  await holder.query('begin')
  const { rows } = await holder.query<{ id: string }>(`select id from api_client`)
  await holder.query(`select pg_advisory_xact_lock(hashtextextended('idempotency:' || $1 || ':' || $2, 0))`, [rows[0]?.id, 'three'])
  const refused = await admin.call('POST', PRODUCTS, { body: product('I-3'), headers: keyed('three') })
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/request-in-progress' } })
  expect(refused.headers.get('retry-after')).toBe('1')
  // As when the process that held it is killed: its transaction is gone, and with it the lock.
  await holder.query('rollback')
  holder.release()
  expect((await admin.call('POST', PRODUCTS, { body: product('I-3'), headers: keyed('three') })).status).toBe(201)
})

test('another request with the same key is 422 idempotency-mismatch', async () => {
  await admin.call('POST', PRODUCTS, { body: product('I-4'), headers: keyed('four') })
  const other = await admin.call('POST', PRODUCTS, { body: product('I-5'), headers: keyed('four') })
  expect(other).toMatchObject({ status: 422, body: { type: '/problems/idempotency-mismatch' } })
})

test('a refused request keeps no key: put right, it is done', async () => {
  await admin.call('POST', PRODUCTS, { body: product('I-6') })
  expect((await admin.call('POST', PRODUCTS, { body: product('I-6'), headers: keyed('five') })).status).toBe(409)
  expect((await admin.call('POST', PRODUCTS, { body: product('I-7'), headers: keyed('five') })).status).toBe(201)
})

test('a key is its client’s own, and is forgotten after 24 hours', async () => {
  const made = await admin.call<{ secret: string }>('POST', '/admin/v1/clients', { body: { name: 'other', scopes: ['product:write'] } })
  const first = await admin.call('POST', PRODUCTS, { body: product('I-8'), headers: keyed('six') })
  expect(first.status).toBe(201)
  const foreign = await admin.call('POST', PRODUCTS, { body: product('I-9'), headers: keyed('six'), key: made.body.secret })
  expect([foreign.status, foreign.headers.get('idempotent-replayed')]).toEqual([201, null])
  await admin.database.primary.query(`update idempotency_key set created_at = now() - interval '25 hours'`)
  expect((await admin.call('POST', PRODUCTS, { body: product('I-10'), headers: keyed('six') })).status).toBe(201)
})

test('a key that is no printable ASCII, or too long, is 400', async () => {
  const long = await admin.call('POST', PRODUCTS, { body: product('I-11'), headers: keyed('k'.repeat(256)) })
  expect(long).toMatchObject({ status: 400, body: { errors: [{ parameter: 'Idempotency-Key' }] } })
})
