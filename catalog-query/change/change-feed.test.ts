import { hash, randomUUID } from 'node:crypto'
import type { PoolClient } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateDatabase } from '../../catalog-admin/migrate/migrate-database.ts'
import { parseProductInput } from '../../catalog-admin/product/parse-product-input.ts'
import type { ProductWrite } from '../../catalog-admin/product/product-write.ts'
import { writeProducts } from '../../catalog-admin/product/product-writer.ts'
import { chores, runChore } from '../../catalog-admin/worker.ts'
import { tick } from '../../shared/clock.ts'
import type { HttpServer } from '../../shared/http-server.ts'
import { testCluster, type TestCluster } from '../../test/support/parts.ts'
import { openQueryServer } from '../../test/support/query-server.ts'
import { deleteProduct, putProducts } from '../../test/support/reading-app.ts'
import { decodeChangeCursor, encodeChangeCursor } from './change-cursor.ts'
import type { Change } from './change-reader.ts'

let database: TestCluster
let app: HttpServer
let key: string
let ticking: NodeJS.Timeout

beforeAll(async () => {
  // Of its own: a transaction of any other test on the same server would hold the feed back.
  database = await testCluster()
  await migrateDatabase(database.primaryUrl)
  await database.caughtUp()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  key = await newKey(['catalog:feed'])
  app = await openQueryServer(database)
})
afterAll(async () => {
  clearInterval(ticking)
  await app?.close()
  await database?.[Symbol.asyncDispose]()
})

async function newKey(scopes: readonly string[]): Promise<string> {
  const secret = `ck_${randomUUID()}`
  const values = [randomUUID(), 'test', hash('sha256', secret, 'buffer'), scopes]
  await database.primary.query('insert into api_client (id, name, secret_hash, scopes) values ($1, $2, $3, $4)', values)
  await tick(database.primary)
  await database.caughtUp()
  return secret
}

interface Page {
  readonly data: readonly Change[]
  readonly next: string
}

const get = async (query: string, headers: Record<string, string> = {}) =>
  await app.inject({ url: `/v1/changes${query}`, headers: { 'x-api-key': key, ...headers } })
const pageAfter = async (after: string, limit = 100) => {
  const response = await get(`?after=${after}&limit=${limit}`)
  expect(response.statusCode, response.body).toBe(200)
  return { ...response.json<Page>(), token: String(response.headers['consistency-token']), response }
}

/** Everything after a cursor that no open transaction holds back. */
async function readAll(after: string): Promise<{ readonly changes: readonly Change[]; readonly next: string }> {
  await database.caughtUp()
  const changes: Change[] = []
  for (let next = after; ;) {
    const page = await pageAfter(next, 7)
    changes.push(...page.data)
    next = page.next
    if (page.data.length === 0) return { changes, next }
  }
}

/** As readAll, until so many were read: whatever else runs on the server, an analyze for one, may hold changes back for a moment. */
async function readUntil(after: string, count: number): Promise<readonly Change[]> {
  let all: readonly Change[] = []
  await expect
    .poll(async () => (all = (await readAll(after)).changes).length, { timeout: 20_000, interval: 20 })
    .toBeGreaterThanOrEqual(count)
  return all
}

const document = (productKey: string, title: string) => ({
  key: productKey,
  status: 'active',
  title,
  variants: [{ sku: `${productKey}-a`, prices: [{ channel: 'default', amount: 100 }] }],
})

function putOf(productKey: string, title: string): ProductWrite {
  const parsed = parseProductInput(document(productKey, title))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return { op: 'put', input: parsed.input, mode: 'upsert', ifVersion: null }
}

/** A transaction whose end is the caller's. */
async function openTransaction(): Promise<{
  readonly put: (key: string, title: string) => Promise<string>
  readonly end: (how: string) => Promise<void>
}> {
  const client: PoolClient = await database.primary.connect()
  await client.query('begin')
  return {
    put: async (productKey, title) => {
      const [result] = await writeProducts(client, [putOf(productKey, title)], { actor: 'test', requestId: null })
      return result !== undefined && 'id' in result ? result.id : ''
    },
    end: async (how) => {
      await client.query(how)
      client.release()
    },
  }
}

test('a change of a transaction that commits later than a younger one is not lost', async () => {
  const { next: before } = await readAll('')
  const older = await openTransaction()
  const olderId = await older.put('older', 'One')
  const { results } = await putProducts(database, [document('younger', 'Two')])
  const youngerId = results[0] !== undefined && 'id' in results[0] ? results[0].id : ''
  await database.caughtUp()
  // The younger one waits, and the answer says since when it may be out of date.
  const waiting = await pageAfter(before)
  expect([waiting.data, waiting.next]).toEqual([[], before])
  const first = Number(waiting.response.headers['catalog-staleness'])
  const later = async () => {
    // Nothing but the open transaction makes an answer older than this.
    await tick(database.primary)
    await database.caughtUp()
    return Number((await pageAfter(before)).response.headers['catalog-staleness'])
  }
  await expect.poll(later).toBeGreaterThan(first + 300)
  const token = { 'consistency-token': (await putProducts(database, [document('third', 'Three')])).token }
  expect((await get(`?after=${before}`, token)).statusCode).toBe(503)
  await older.end('commit')

  const changes = await readUntil(before, 3)
  expect(changes.map(({ id }) => id).slice(0, 2)).toEqual([olderId, youngerId])
  expect(changes[0]).toEqual({
    id: olderId,
    rev: expect.any(Number) as number,
    type: 'created',
    at: expect.stringMatching(/^\d{4}-.+T.+\.\d{3}Z$/) as string,
  })
  expect((await get(`?after=${before}`, token)).statusCode).toBe(200)
})

test('what was rolled back never appears, and holds nothing back when it is over', async () => {
  const { next: before } = await readAll('')
  const aborted = await openTransaction()
  const id = await aborted.put('aborted', 'Never')
  await putProducts(database, [document('beside', 'Stays')])
  await aborted.end('rollback')
  const changes = await readUntil(before, 1)
  expect(changes).toHaveLength(1)
  expect(changes[0]?.id).not.toBe(id)
})

test('a client that follows the feed while writers run ends with an equal copy of the catalog', async () => {
  const copy = new Map<string, unknown>()
  const seen = { deleted: 0, pages: 0 }
  let cursor = ''

  /** As the API's description says. */
  async function follow(): Promise<number> {
    const page = await pageAfter(cursor, 20)
    const latest = new Map(page.data.map((change) => [change.id, change]))
    if (latest.size > 0) {
      const batch = async (ids: readonly string[], headers: Record<string, string>) =>
        (await app.inject({ method: 'POST', url: '/v1/products:batchGet', payload: { ids }, headers })).json<{
          data: { id: string; rev: number }[]
        }>().data
      const known = await batch([...latest.keys()], {})
      const good = known.filter(({ id, rev }) => rev >= (latest.get(id)?.rev ?? 0))
      const doubtful = [...latest.keys()].filter((id) => !good.some((product) => product.id === id))
      const again = doubtful.length === 0 ? [] : await batch(doubtful, { 'consistency-token': page.token })
      for (const id of doubtful) copy.delete(id)
      for (const product of [...good, ...again]) copy.set(product.id, product)
    }
    seen.deleted += page.data.filter(({ type }) => type === 'deleted').length
    seen.pages++
    cursor = page.next
    return page.data.length
  }

  async function write(writer: number): Promise<void> {
    for (let i = 0; i < 25; i++) {
      const name = `p-${(writer * 7 + i * 3) % 40}`
      if (i % 5 === 4) {
        const open = await openTransaction()
        // Of its own keys: it waits for nobody, and nobody for it.
        await open.put(`own-${writer}-${i}`, `Open ${writer} ${i}`)
        await putProducts(database, [document(`q-${writer}-${i}`, `Beside ${writer} ${i}`)])
        await open.end(i % 2 === 0 ? 'rollback' : 'commit')
      } else if (i % 7 === 3) await deleteProduct(database, name).catch(() => {})
      else await putProducts(database, [document(name, `Title ${writer} ${i}`)])
    }
  }
  const writing = new AbortController()
  const writers = Promise.all([0, 1, 2, 3].map(write)).finally(() => writing.abort())
  while (!writing.signal.aborted) await follow()
  await writers

  const { rows } = await database.primary.query<{ id: string; state: string }>('select product_id as id, state from read.product')
  const { token } = await putProducts(database, [document('the-last', 'Last')])
  await expect
    .poll(async () => (await follow(), [...copy.values()].some((product) => (product as { key: string }).key === 'the-last')), {
      timeout: 20_000,
      interval: 20,
    })
    .toBe(true)
  const truth = new Map<string, unknown>()
  for (const { id } of [...rows, ...(await database.primary.query<{ id: string }>(`select id from product where key = 'the-last'`)).rows]) {
    const response = await app.inject({ url: `/v1/products/${id}`, headers: { 'consistency-token': token } })
    if (response.statusCode === 200) truth.set(id, response.json())
  }
  expect(truth.size).toBeGreaterThan(40)
  expect(seen.deleted).toBeGreaterThan(0)
  const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(sorted(copy)).toEqual(sorted(truth))
})

test('a cursor of a replica that is ahead waits; one of a history that was cut off is gone', async () => {
  const { next } = await readAll('')
  const place = decodeChangeCursor(next)
  const ahead = encodeChangeCursor({ xid: String(BigInt(place?.xid ?? 0) + 1_000_000n), id: '1', rev: 1 })
  expect(await pageAfter(ahead)).toMatchObject({ data: [], next: ahead })
  // A failover lost the row, and its xid and id went to another: only the rev is different.
  const lost = encodeChangeCursor({ xid: place?.xid ?? '', id: place?.id ?? '', rev: (place?.rev ?? 0) + 1 })
  expect((await get(`?after=${lost}`)).json()).toMatchObject({ type: '/problems/gone', status: 410 })
})

test('a cursor older than what is kept is gone; the last one that was deleted is not', async () => {
  await putProducts(
    database,
    [1, 2, 3].map((n) => document(`old-${n}`, 'Old')),
  )
  await readUntil('', 3)
  const first = await pageAfter('', 1)
  const { next: end } = await readAll('')
  await database.primary.query(`update outbox set published_at = now() - interval '8 days'`)
  for (const chore of chores.filter(({ name }) => name === 'outbox')) expect(await runChore(database.primary, chore)).toBeGreaterThan(2)
  await database.caughtUp()
  expect((await get(`?after=${first.next}`)).json()).toMatchObject({ type: '/problems/gone', status: 410 })
  expect(await pageAfter(end)).toMatchObject({ data: [], next: end })
  const beginning = await pageAfter('')
  expect(beginning.data).toEqual([])
  await putProducts(database, [document('new', 'New')])
  expect(await readUntil(beginning.next, 1)).toHaveLength(1)
  expect(await readUntil(end, 1)).toHaveLength(1)
})

test('an answer is for its caller alone, says how old it may be, gives a token and an ETag', async () => {
  const { response } = await pageAfter('')
  expect(response.headers).toMatchObject({ 'cache-control': 'private, no-store', 'cache-status': 'catalog; fwd=miss' })
  expect(Number(response.headers['catalog-staleness'])).toBeLessThan(2_500)
  const token = String(response.headers['consistency-token'])
  expect((await get('', { 'consistency-token': token })).statusCode).toBe(200)
  expect((await get('', { 'if-none-match': String(response.headers.etag) })).statusCode).toBe(304)
})

test('without a key 401, without the scope 403, whether or not reading needs one', async () => {
  const reader = await newKey(['catalog:read', 'product:read'])
  await using guarded = await openQueryServer(database, { authRequired: true })
  for (const server of [app, guarded]) {
    expect((await server.inject({ url: '/v1/changes' })).json()).toMatchObject({ type: '/problems/unauthenticated' })
    const forbidden = await server.inject({ url: '/v1/changes', headers: { 'x-api-key': reader } })
    expect(forbidden.json()).toMatchObject({ type: '/problems/missing-scope', required: 'catalog:feed' })
    expect((await server.inject({ url: '/v1/changes', headers: { 'x-api-key': key } })).statusCode).toBe(200)
  }
})

const bad = (text: string) => Buffer.from(text).toString('base64url')
const HUGE = '9'.repeat(20)
test.each([
  ['after=x', 'invalid-cursor'],
  ['after=%00', 'invalid-cursor'],
  [`after=${bad('c.1.1')}`, 'invalid-cursor'],
  [`after=${bad('c.-1.1.1')}`, 'invalid-cursor'],
  [`after=${bad('c.1.1.1 ')}`, 'invalid-cursor'],
  [`after=${bad(`c.${HUGE}.1.1`)}`, 'invalid-cursor'],
  [`after=${bad(`c.1.${HUGE.slice(1)}.1`)}`, 'invalid-cursor'],
  [`after=${bad(`c.1.1.${HUGE.slice(4)}`)}`, 'invalid-cursor'],
  [`after=${'A'.repeat(5_000)}`, 'invalid-parameter'],
  ['after=a&after=b', 'invalid-parameter'],
  ['after=%FF', 'invalid-parameter'],
  ['limit=0', 'invalid-parameter'],
  ['limit=1001', 'invalid-parameter'],
  ['limit=ten', 'invalid-parameter'],
  ['before=1', 'invalid-parameter'],
])('?%.40s is 400, %s', async (query, problem) => {
  expect((await get(`?${query}`)).json()).toMatchObject({ type: `/problems/${problem}`, status: 400 })
})
