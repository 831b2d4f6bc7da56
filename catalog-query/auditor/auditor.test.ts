import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseProductInput } from '../../catalog-admin/product/parse-product-input.ts'
import type { ProductWrite } from '../../catalog-admin/product/product-write.ts'
import { writeProducts } from '../../catalog-admin/product/product-writer.ts'
import { inTransaction } from '../../shared/postgres.ts'
import { redisMissing, testDatabase, testRedis, type TestDatabase, type TestRedis } from '../../test/support/parts.ts'
import { runProgram, type RunningProgram } from '../../test/support/run-program.ts'

/** The real programs, and an event that goes missing between them. */

describe.skipIf(await redisMissing())('the auditor', () => {
  let database: TestDatabase
  let redis: TestRedis
  let query: RunningProgram
  let auditor: RunningProgram
  const running: AsyncDisposable[] = []

  beforeAll(async () => {
    database = await testDatabase()
    redis = await testRedis()
    running.push(database, redis)
    const env = { DATABASE_URL: database.primaryUrl, DATABASE_REPLICA_URLS: database.replicaUrl, REDIS_URL: redis.url }
    const start = async (main: string, more: Record<string, string> = {}) => {
      const program = await runProgram(main, { ...env, ...more })
      running.push(program)
      return program
    }
    await start('catalog-admin/relay/main.ts')
    await start('catalog-query/invalidator/main.ts')
    query = await start('catalog-query/main.ts')
    auditor = await start('catalog-query/auditor/main.ts', { QUERY_OPS_URLS: query.opsUrl })
    await until(10_000, async () => (await fetch(`${auditor.opsUrl}/readyz`)).ok)
    // What changed before it followed the log is not known to it; clocks may differ by twice the skew.
    await sleep(600)
  })
  afterAll(async () => {
    for (const part of running.toReversed()) await part[Symbol.asyncDispose]()
  })

  async function until(limitMs: number, isTrue: () => Promise<boolean>): Promise<number> {
    const begunMs = performance.now()
    while (!(await isTrue())) {
      if (performance.now() - begunMs > limitMs) throw new Error(`It did not come true within ${limitMs} ms:\n${auditor.lines.join('\n')}`)
      await sleep(50)
    }
    return performance.now() - begunMs
  }

  /** The sum of all series of that name whose labels contain `label`. */
  async function metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${auditor.opsUrl}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line.startsWith(`catalog_auditor_${name}{`) && line.includes(label))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }

  const read = async (id: string) => (await (await fetch(`${query.url}/v1/products/${id}`)).json()) as { title: string; rev: number }

  /** @param lost the change is committed, its row of the outbox is gone: nothing will ever tell the caches */
  async function write(key: string, title: string, { lost = false } = {}): Promise<{ id: string; rev: number }> {
    const parsed = parseProductInput({
      key,
      status: 'active',
      i18n: { en: { title } },
      variants: [{ sku: `sku-${key}`, prices: [{ channel: 'default', amount: 1999, currency: 'USD' }] }],
    })
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
    const put: ProductWrite = { op: 'put', input: parsed.input, mode: 'upsert', ifVersion: null }
    return await inTransaction(database.primary, async (client) => {
      const [result] = await writeProducts(client, [put], { actor: 'test', requestId: null })
      if (!result?.ok) throw new Error(`The write failed: ${JSON.stringify(result)}`)
      if (lost) await client.query('delete from outbox where product_id = $1', [result.id])
      return { id: result.id, rev: result.rev }
    })
  }

  async function inRedis(key: string): Promise<string> {
    const { id } = await write(key, 'One')
    await until(10_000, async () => {
      await read(id)
      const answer = await fetch(`${query.opsUrl}/internal/cache/copies?ids=${id}`)
      const { products } = (await answer.json()) as { products: { copies: { place: string; trusted: boolean }[] }[] }
      return products[0]?.copies.some(({ place, trusted }) => place === 'redis' && trusted) === true
    })
    return id
  }

  test('changes that arrive are looked at and found in order', async () => {
    const id = await inRedis('found')
    const { rev } = await write('found', 'Two')
    await until(5_000, async () => (await read(id)).rev === rev)
    await until(10_000, async () => (await metric('looks_total', 'after_seconds="2.5",outcome="current"')) >= 2)
    expect(await metric('changes_swept_total')).toBeGreaterThan(0)
    expect(await metric('violations_total')).toBe(0)
  })

  test('an event that was never sent is noticed within 10 s, and so is the copy that is stale because of it', async () => {
    const id = await inRedis('lost')
    await write('lost', 'Two', { lost: true })
    const tookMs = await until(10_000, async () => (await metric('violations_total', 'never-sent')) === 1)
    expect(tookMs).toBeLessThan(10_000)
    await until(5_000, async () => (await metric('violations_total', 'stale-copy')) >= 1)
    const evidence = () =>
      auditor.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ level }) => Number(level) >= 50)
    // What is counted may be asked for before its line has come through the pipe.
    await until(5_000, () => Promise.resolve(evidence().some(({ copy }) => copy !== undefined)))
    expect(evidence()[0]).toMatchObject({ productId: id, msg: 'violation: a change has no event, and the log has been read beyond it' })
    expect(evidence().find(({ copy }) => copy !== undefined)).toMatchObject({
      productId: id,
      process: query.opsUrl,
      copy: { code: 'default/en' },
    })
    // Each is reported once, however often it is swept.
    await sleep(2_500)
    expect(await metric('violations_total', 'never-sent')).toBe(1)
  })

  test('a query process that does not answer is counted, and nobody is blamed for it', async () => {
    query.child.kill('SIGSTOP')
    let id = ''
    try {
      id = (await write('unanswered', 'One')).id
      await until(10_000, async () => (await metric('looks_total', 'unanswered')) > 0)
    } finally {
      query.child.kill('SIGCONT')
    }
    expect(auditor.lines.filter((line) => line.includes(id))).toEqual([])
  })
})
