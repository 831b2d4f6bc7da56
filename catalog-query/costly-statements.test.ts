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
