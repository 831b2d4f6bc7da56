import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../shared/clock.ts'
import { createPool } from '../shared/postgres.ts'
import { testDatabase, type TestDatabase } from '../test/support/parts.ts'
import { openReadingApp, putProducts } from '../test/support/reading-app.ts'

let database: TestDatabase
let ticking: NodeJS.Timeout

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await putProducts(
    database,
    Array.from({ length: 8 }, (_, n) => ({
      key: `P-${n}`,
      status: 'active',
      brand: 'Acme',
      categories: [['Clothing']],
      i18n: { en: { title: `Product ${n}` } },
      variants: [{ sku: `P-${n}-A`, prices: [{ channel: 'default', amount: 1_000 + n }] }],
    })),
  )
  await database.caughtUp()
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

test('what hangs on the request and takes too long is refused with Retry-After, every time, and products are answered by the replica as before', async () => {
  const limits = { size: 4, connectMs: 5_000, statementMs: 100, graceMs: 5_000, applicationName: 'test' }
  const replica = createPool({ url: database.replicaUrl, ...limits }, pino({ level: 'silent' }))
  const { app, statements } = openReadingApp({ ...database, replica })
  const locker = await database.primary.connect()
  try {
    await app.inject('/v1/products/facets')
    for (const [table, urls] of [
      [
        'read.listing',
        [
          '/v1/products',
          '/v1/products?sort=price',
          '/v1/products/facets?brand=acme',
          '/v1/products?q=product',
          '/v1/suggest?q=p',
          '/v1/suggest?q=product',
          '/v1/categories',
        ],
      ],
      ['read.search', ['/v1/products?q=product+nowhere']],
      ['read.term', ['/v1/products?q=prodcut']],
    ] as const) {
      await locker.query('begin')
      // Its standby holds the lock too: whoever reads the table there waits until PostgreSQL ends the statement.
      await locker.query(`lock table ${table} in access exclusive mode`)
      await database.caughtUp()
      for (const url of urls) {
        const response = await app.inject(url)
        expect([response.statusCode, response.json<{ type: string }>().type, response.headers['retry-after']], url).toEqual([
          503,
          '/problems/overloaded',
          '1',
        ])
      }
      await locker.query('rollback')
    }
    const before = statements.length
    const payload = { keys: ['P-1'] }
    expect((await app.inject({ method: 'POST', url: '/v1/products:batchGet', payload })).json()).toMatchObject({ data: [{ key: 'P-1' }] })
    expect(statements.slice(before)).toEqual(expect.arrayContaining(['find-by-key', 'load-products']))
  } finally {
    locker.release(true)
    await replica.end()
  }
})

test('however many lists are slow, products find a connection', async () => {
  const limits = { size: 4, connectMs: 5_000, statementMs: 2_000, graceMs: 5_000, applicationName: 'test' }
  const replica = createPool({ url: database.replicaUrl, ...limits }, pino({ level: 'silent' }))
  const { app } = openReadingApp({ ...database, replica })
  const locker = await database.primary.connect()
  try {
    await app.inject('/v1/products/facets')
    await locker.query('begin')
    await locker.query('lock table read.listing in access exclusive mode')
    await database.caughtUp()
    const lists = Array.from({ length: 12 }, (_, n) => app.inject(`/v1/products?sort=price&brand=acme&price=${n}..`))
    await waitingOn(database, 2)
    const product = await app.inject({ method: 'POST', url: '/v1/products:batchGet', payload: { keys: ['P-3'] } })
    expect(product.json()).toMatchObject({ data: [{ key: 'P-3' }] })
    // More lists than their part of the connections never reached the database.
    expect(await waitingOn(database, 2)).toBe(2)
    await locker.query('rollback')
    for (const list of lists) expect([200, 503]).toContain((await list).statusCode)
  } finally {
    locker.release(true)
    await replica.end()
  }
})

/** Resolves when as many statements of the standby wait for a lock, with how many do. */
async function waitingOn({ replica }: TestDatabase, many: number): Promise<number> {
  const text = `select count(*)::int as many from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  for (;;) {
    const waiting = (await replica.query<{ many: number }>(text)).rows[0]?.many ?? 0
    if (waiting >= many) return waiting
  }
}
