import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { freePort, LOOPBACK } from '../stack/port.ts'
import { testDatabase } from '../test/support/parts.ts'
import { runProgram } from '../test/support/run-program.ts'

const KEY = 'first-client-0123456789-0123456789'
const MAIN = 'catalog-admin/main.ts'
const headers = { 'x-api-key': KEY, 'content-type': 'application/json' }

interface Ready {
  readonly status: string
  readonly parts: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>
}

async function readyz(opsUrl: string): Promise<Ready & { readonly code: number }> {
  const response = await fetch(`${opsUrl}/readyz`)
  return { ...((await response.json()) as Ready), code: response.status }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 15_000
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`Expected ${what} within 15 s`)
    await sleep(25)
  }
}

/** Lets a port lead to another. */
async function forward(from: number, to: number): Promise<Server> {
  const server = createServer((socket) => {
    const other = connect(to, LOOPBACK)
    socket.pipe(other).pipe(socket)
    socket.on('error', () => other.destroy())
    other.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(from, LOOPBACK, resolve))
  return server
}

/** A connection that is closed whatever the test comes to: a pool would wait for it. */
async function holdTransaction(url: string): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}

test('it starts while the primary is away, says so, and is ready by itself once it is there', async () => {
  await using database = await testDatabase()
  const port = await freePort()
  const url = new URL(database.primaryUrl)
  const primaryPort = Number(url.port)
  url.port = String(port)
  await using program = await runProgram(MAIN, { DATABASE_URL: url.href, ADMIN_API_KEY: KEY })

  await until('the primary to be missed', async () => (await readyz(program.opsUrl)).parts['primary']?.detail === 'it does not answer')
  expect((await readyz(program.opsUrl)).code).toBe(503)
  expect((await fetch(`${program.opsUrl}/livez`)).status).toBe(200)
  const refused = await fetch(`${program.url}/admin/v1/channels`, { headers })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await refused.json()).toMatchObject({ type: '/problems/unavailable' })

  const road = await forward(port, primaryPort)
  await until('it to be ready', async () => (await readyz(program.opsUrl)).code === 200)
  expect((await fetch(`${program.url}/admin/v1/channels`, { headers })).status).toBe(200)
  const metrics = await (await fetch(`${program.opsUrl}/metrics`)).text()
  for (const name of ['catalog_postgres_connections', 'catalog_worker_rows_total', 'http_request_duration_seconds_count']) {
    expect(metrics).toContain(name)
  }
  road.close()
})

test('a database without tables is named as such', async () => {
  await using database = await testDatabase()
  await database.primary.query('alter table api_client rename to elsewhere')
  await using program = await runProgram(MAIN, { DATABASE_URL: database.primaryUrl })
  await until(
    'the tables to be missed',
    async () => (await readyz(program.opsUrl)).parts['tables']?.detail === 'missing: run the migrations',
  )
  expect((await readyz(program.opsUrl)).code).toBe(503)
})

test('the clock is ticked: a standby shows it younger than the 2 s that readers trust', async () => {
  await using database = await testDatabase()
  await using program = await runProgram(MAIN, { DATABASE_URL: database.primaryUrl })
  expect(program.url).toMatch('http://127.0.0.1:')
  const AGE = `select (extract(epoch from clock_timestamp() - at) * 1000)::float8 as "ageMs" from read.clock`
  const before = await database.replica.query<{ at: string }>('select at::text as at from read.clock')
  await until(
    'the clock to move',
    async () => (await database.replica.query<{ at: string }>('select at::text as at from read.clock')).rows[0]?.at !== before.rows[0]?.at,
  )
  expect((await database.replica.query<{ ageMs: number }>(AGE)).rows[0]?.ageMs).toBeLessThan(2_000)
})

test('told to stop, it finishes the request in hand, takes no other, and ends with code 0', async () => {
  await using database = await testDatabase()
  await using program = await runProgram(MAIN, { DATABASE_URL: database.primaryUrl, ADMIN_API_KEY: KEY })
  await until('it to be ready', async () => (await readyz(program.opsUrl)).code === 200)
  await using held = await holdTransaction(database.primaryUrl)
  const { client: holder } = held
  await holder.query('begin')
  await holder.query(`select from channel where code = 'default' for update`)
  const body = JSON.stringify({ name: 'Renamed', currency: 'USD', defaultLocale: 'en' })
  const pending = fetch(`${program.url}/admin/v1/channels/default`, { method: 'PUT', headers, body })
  const WAITING = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  await until('the request to wait for the lock', async () => (await database.primary.query(WAITING)).rows.length > 0)
  program.child.kill('SIGTERM')
  await until(
    'it to take no more',
    async () =>
      await fetch(program.url).then(
        () => false,
        () => true,
      ),
  )
  await holder.query('commit')
  expect((await pending).status).toBe(200)
  const [code] = program.child.exitCode === null ? ((await once(program.child, 'exit')) as [number]) : [program.child.exitCode]
  expect(code).toBe(0)
  // A connection that is kept alive must not hold the end up until its limit.
  expect(program.lines.join('\n')).not.toContain('did not end in time')
})

test('settings that make no sense are all named, and it ends with code 1', async () => {
  const env = { DATABASE_URL: 'mysql://x', ADMIN_API_KEY: 'short', ADMIN_POOL_SIZE: '1' }
  const failure = await runProgram(MAIN, env).then(
    () => '',
    (error: Error) => error.message,
  )
  for (const part of ['ended with 1', 'DATABASE_URL must be', 'ADMIN_API_KEY must be at least 32 characters', 'ADMIN_POOL_SIZE must be']) {
    expect(failure).toContain(part)
  }
  expect(failure).not.toContain('short')
})

test('killed between the commit and the answer, it does the same request under the same key no second time', async () => {
  await using database = await testDatabase()
  const env = { DATABASE_URL: database.primaryUrl, ADMIN_API_KEY: KEY }
  const put = (url: string) =>
    fetch(`${url}/admin/v1/products`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': 'once' },
      body: JSON.stringify({ key: 'K-1', i18n: { en: { title: 'Kept' } } }),
    })
  await using first = await runProgram(MAIN, env)
  await until('it to be ready', async () => (await readyz(first.opsUrl)).code === 200)
  {
    await using held = await holdTransaction(database.primaryUrl)
    await held.client.query('begin')
    // What an answer's token is made of, after the commit.
    await held.client.query('select from read.clock for update')
    const unanswered = put(first.url).then(
      ({ status }) => status,
      () => 'no answer',
    )
    await until('the commit', async () => (await database.primary.query('select from outbox')).rows.length === 1)
    first.child.kill('SIGKILL')
    expect(await unanswered).toBe('no answer')
  }
  await using second = await runProgram(MAIN, env)
  await until('it to be ready', async () => (await readyz(second.opsUrl)).code === 200)
  const again = await put(second.url)
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
  expect((await database.primary.query('select from outbox')).rows).toHaveLength(1)
})
