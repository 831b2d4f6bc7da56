import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync, chmodSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  emptyPath,
  killEverything,
  launch,
  partsOf,
  startCatalog,
  temporaryFolder,
  type StartedCatalog,
} from '../test/support/npm-start.ts'
import { freePort } from './port.ts'
import { isAlive } from './process-identity.ts'
import { signalGroup } from './process.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534
const STARTS_MS = 240_000

async function failureOf(options: Parameters<typeof launch>[0]): Promise<string> {
  const run = launch(options)
  expect(await run.exited).toBe(1)
  return run.output().trim()
}

async function put(catalog: StartedCatalog, key: string, title: string): Promise<string> {
  const response = await fetch(`${catalog.adminUrl}/admin/v1/products/by-key/${key}`, {
    method: 'PUT',
    headers: { 'x-api-key': catalog.adminKey, 'content-type': 'application/json' },
    body: JSON.stringify({ key, status: 'active', i18n: { en: { title } }, variants: [{ sku: key }] }),
  })
  expect(response.ok, await response.clone().text()).toBe(true)
  return response.headers.get('consistency-token') ?? ''
}

async function titleOf(catalog: StartedCatalog, key: string, token?: string): Promise<unknown> {
  const response = await fetch(`${catalog.queryUrl}/v1/products/by-key/${key}`, { headers: token ? { 'consistency-token': token } : {} })
  return ((await response.json()) as { title?: string }).title
}

test(
  'with nothing else installed a write is read at once, Ctrl-C leaves nothing, and every kill is recovered from',
  async () => {
    using folder = temporaryFolder()
    const dataDir = join(folder.path, 'data')
    const options = { dataDir, args: ['--no-sample'], env: { PATH: emptyPath(folder.path) } }

    const first = await startCatalog(options)
    expect(first.output()).toMatch(/Redis +stand-in/)
    expect(first.output()).toMatch(/Kafka +stand-in/)
    expect(statSync(join(dataDir, 'admin-key')).mode & 0o777).toBe(0o600)
    const token = await put(first, 'P-1', 'First')
    expect(await titleOf(first, 'P-1', token)).toBe('First')
    expect(await failureOf(options)).toBe(
      `The catalog already runs on ${dataDir} (process ${first.pid}): end that one first, or set CATALOG_DATA_DIR`,
    )
    const taken = new URL(first.queryUrl).port
    expect(await failureOf({ dataDir: join(folder.path, 'other'), env: { QUERY_PORT: taken } })).toBe(
      `Port ${taken} is taken by another program: end it, or set QUERY_PORT to a free one`,
    )
    const running = partsOf(dataDir)
    expect(running.length).toBeGreaterThan(6)
    const endedMs = performance.now()
    process.kill(first.pid, 'SIGINT')
    expect(await first.exited).toBe(0)
    expect(performance.now() - endedMs).toBeLessThan(10_000)
    expect(running.filter(({ pid }) => isAlive(pid))).toEqual([])

    // Only the start itself is killed: all parts go on without it, and the next start ends them.
    const second = await startCatalog(options)
    expect(await titleOf(second, 'P-1')).toBe('First')
    process.kill(second.pid, 'SIGKILL')
    await second.exited
    const orphans = partsOf(dataDir)
    expect(orphans.length).toBeGreaterThan(6)
    const third = await startCatalog(options)
    expect(third.output()).toMatch(/Ended \d+ processes that an earlier start had left/)
    expect(orphans.filter(({ pid }) => isAlive(pid))).toEqual([])
    await put(third, 'P-2', 'Second')

    // One part after another is killed: each comes back.
    for (const name of ['query', 'PostgreSQL standby 1', 'PostgreSQL primary']) {
      const part = partsOf(dataDir).find((each) => each.name === name)
      signalGroup(part?.pid ?? 0, 'SIGKILL', false)
      while (!third.output().includes(`${name} runs again`)) await sleep(50)
    }
    expect(await titleOf(third, 'P-2', await put(third, 'P-2', 'Twice'))).toBe('Twice')

    process.kill(third.pid, 'SIGKILL')
    killEverything(dataDir)
    await third.exited
    const fourth = await startCatalog(options)
    expect(await titleOf(fourth, 'P-1')).toBe('First')
    expect(await titleOf(fourth, 'P-2')).toBe('Twice')
    process.kill(fourth.pid, 'SIGTERM')
    expect(await fourth.exited).toBe(0)
  },
  STARTS_MS,
)

test.runIf(isRoot)(
  'root starts it in a folder that nobody else may enter',
  async () => {
    using folder = temporaryFolder()
    const closed = join(folder.path, 'home')
    mkdirSync(closed, { mode: 0o700 })
    const dataDir = join(closed, 'data')
    const options = { dataDir, args: ['--no-sample'], env: { PATH: emptyPath(folder.path) } }
    const first = await startCatalog(options)
    const elsewhere = readFileSync(join(dataDir, 'postgres-is-in'), 'utf8')
    expect(readdirSync(elsewhere).sort()).toEqual(['belongs-to', 'primary', 'standby-1', 'standby-2'])
    process.kill(first.pid, 'SIGTERM')
    await first.exited
    // It deletes that folder too, then asks for one that it cannot have: no second start is needed to see it.
    await failureOf({ ...options, args: ['--reset', '--yes'], env: { ...options.env, HOST: '203.0.113.1' } })
    expect(() => readdirSync(elsewhere)).toThrow('ENOENT')
  },
  STARTS_MS,
)

test('a Node that is too old says so before it reads any TypeScript', () => {
  const asOld = `Object.defineProperty(process, 'versions', { value: { node: '20.19.0' } }); require('./shared/node-version.cjs')`
  const ran = spawnSync(process.execPath, ['-e', asOld], { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' })
  expect(ran.status).toBe(1)
  expect(ran.stderr).toMatch(/^The catalog needs Node >= 24\.12, found 20\.19\.0: .*\n$/)
})

test(
  'data of another version of PostgreSQL, an unwritable folder, flags and settings that make no sense: a sentence each',
  async () => {
    using folder = temporaryFolder()
    const dataDir = join(folder.path, 'data')
    const old = join(dataDir, 'postgres/primary')
    mkdirSync(old, { recursive: true })
    writeFileSync(join(old, 'PG_VERSION'), '12\n')
    const closed = join(folder.path, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o555)
    const port = String(await freePort())

    const failures = await Promise.all([
      failureOf({ dataDir, env: { PATH: emptyPath(folder.path) } }),
      failureOf({ dataDir: join(closed, 'data'), ...(isRoot ? { uid: NOBODY } : {}) }),
      failureOf({ dataDir, args: ['--no-samples'] }),
      failureOf({ dataDir, env: { QUERY_PORT: 'http', CACHE_MAX_AGE_S: '-1' } }),
      failureOf({ dataDir, env: { DATABASE_REPLICA_URLS: 'postgres://replica/catalog' } }),
      failureOf({ dataDir: join(folder.path, 'a'), env: { QUERY_PORT: port, ADMIN_PORT: port } }),
      failureOf({ dataDir: join(folder.path, 'b'), env: { HOST: '203.0.113.1' } }),
      failureOf({ dataDir: join(folder.path, 'c'), args: ['--reset'] }),
    ])
    expect(failures).toEqual([
      `The data in ${old} is of PostgreSQL 12, the installed one is 18: start over with --reset, or go back`,
      `The data folder ${join(closed, 'data')} cannot be written (EACCES): make it writable, or set CATALOG_DATA_DIR`,
      '"--no-samples" is not known: npm start takes --no-sample, --reset, --yes and --help',
      'QUERY_PORT must be an integer from 0 to 65535, not "http"\nCACHE_MAX_AGE_S must be an integer from 0 to 86400, not "-1"',
      'DATABASE_REPLICA_URLS names replicas of a primary that is not named: set DATABASE_URL too',
      `ADMIN_PORT and QUERY_PORT are both ${port}: each needs a port of its own`,
      'HOST must be an address of this machine, not "203.0.113.1" (EADDRNOTAVAIL)',
      `--reset asks before it deletes ${join(folder.path, 'c')}, and nobody is there to ask: add --yes`,
    ])
  },
  STARTS_MS,
)
