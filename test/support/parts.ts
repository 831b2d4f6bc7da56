/** What a test asks for: a database of its own, a Redis of its own, a topic prefix of its own on the one Kafka. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import { inject } from 'vitest'
import { LOOPBACK } from '../../stack/port.ts'
import { postgresUrl, queryOnce } from '../../stack/postgres-server.ts'
import { TEMPLATE } from './template.ts'
import { redisUrl } from '../../stack/redis.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly primaryUrl: string
  readonly replicaUrl: string
  readonly primary: Pool
  readonly replica: Pool
  /** Resolves when the standby has replayed everything that is committed now. @throws Error after 20 s */
  caughtUp(): Promise<void>
}

export interface TestCluster extends TestDatabase {
  /** Of the postmasters, to freeze (SIGSTOP) or kill. */
  readonly primaryPid: number
  readonly standbyPid: number
}

export interface TestRedis extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** To freeze (SIGSTOP, SIGCONT) or kill. */
  readonly pid: number
}

export interface TestKafka {
  readonly brokers: string[]
  readonly topicPrefix: string
}

const CAUGHT_UP_MS = 20_000

/** A fresh, migrated database on the shared primary, and the same on its standby. */
export async function testDatabase(): Promise<TestDatabase> {
  return await cloneTemplate(inject('primaryPort'), inject('standbyPort'))
}

/**
 * A primary and a standby for this caller alone, without tables: for tests that kill, freeze or delay one, which would
 * disturb every other test on the shared ones. Takes about 3 s: once a file.
 */
export async function testCluster(): Promise<TestCluster> {
  const cluster = await start<{ primaryPort: number; standbyPort: number; primaryPid: number; standbyPid: number; id: string }>('cluster')
  await queryOnce(cluster.primaryPort, 'create database catalog')
  const database = connect(cluster.primaryPort, cluster.standbyPort, 'catalog')
  const { primaryPid, standbyPid } = cluster
  return { ...database, primaryPid, standbyPid, [Symbol.asyncDispose]: () => disposeAll([database], cluster.id) }
}

/** Is there a Redis here? Ask before the tests are defined: `test.skipIf(await redisMissing())`; says why on stderr. */
export async function redisMissing(): Promise<boolean> {
  const found = await request<{ id?: string; missing?: string }>('POST', 'redis')
  if (found.id !== undefined) await request('DELETE', found.id)
  else process.stderr.write(`skipped: tests on Redis: ${found.missing}\n`)
  return found.id === undefined
}

/** As redisMissing. Starts the one Kafka. */
export async function kafkaMissing(): Promise<boolean> {
  const found = await request<{ missing?: string }>('POST', 'kafka')
  if (found.missing !== undefined) process.stderr.write(`skipped: tests on Kafka: ${found.missing}\n`)
  return found.missing !== undefined
}

/** A server process of its own, empty. @throws Error when this machine has none (see redisMissing) */
export async function testRedis(): Promise<TestRedis> {
  const { port, pid, id } = await start<{ port: number; pid: number; id: string }>('redis')
  return { url: redisUrl(port), port, pid, [Symbol.asyncDispose]: () => disposeAll([], id) }
}

/** The one broker of the whole run, started by the first caller (about 10 s). @throws Error when this machine has none */
export async function testKafka(): Promise<TestKafka> {
  const { port } = await start<{ port: number }>('kafka')
  return { brokers: [`${LOOPBACK}:${port}`], topicPrefix: `t${randomBytes(5).toString('hex')}.` }
}

async function cloneTemplate(primaryPort: number, standbyPort: number): Promise<TestDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`
  await queryOnce(primaryPort, `create database ${name} template ${TEMPLATE}`)
  const database = connect(primaryPort, standbyPort, name)
  await database.caughtUp()
  return {
    ...database,
    [Symbol.asyncDispose]: async () => {
      await disposeAll([database], null)
      await queryOnce(primaryPort, `drop database ${name} with (force)`)
    },
  }
}

function connect(primaryPort: number, standbyPort: number, name: string): TestDatabase {
  const [primaryUrl, replicaUrl] = [postgresUrl(primaryPort, name), postgresUrl(standbyPort, name)]
  const [primary, replica] = [openPool(primaryUrl), openPool(replicaUrl)]
  return {
    primaryUrl,
    replicaUrl,
    primary,
    replica,
    caughtUp: () => waitForReplay(primary, standbyPort),
    [Symbol.asyncDispose]: async () => void (await Promise.all([primary.end(), replica.end()])),
  }
}

function openPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 10, connectionTimeoutMillis: 5_000, allowExitOnIdle: true, pipeline: true })
  pool.on('error', () => {})
  return pool
}

async function waitForReplay(primary: Pool, standbyPort: number): Promise<void> {
  const written = await primary.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')
  const endMs = performance.now() + CAUGHT_UP_MS
  const replayed = `select pg_last_wal_replay_lsn() >= '${written.rows[0]?.lsn}'::pg_lsn as done`
  while ((await queryOnce(standbyPort, replayed))[0]?.['done'] !== true) {
    if (performance.now() > endMs) throw new Error(`The standby has not replayed ${written.rows[0]?.lsn} within ${CAUGHT_UP_MS} ms`)
    await sleep(10)
  }
}

async function disposeAll(parts: AsyncDisposable[], id: string | null): Promise<void> {
  await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()))
  if (id !== null) await request('DELETE', id)
}

async function start<T>(kind: string): Promise<T> {
  const answer = await request<T & { missing?: string }>('POST', kind)
  if (answer.missing !== undefined) throw new Error(`Expected ${kind} for this test, but ${answer.missing}`)
  return answer
}

async function request<T>(method: string, path: string): Promise<T> {
  const response = await fetch(`${inject('helperUrl')}/${path}`, { method, signal: AbortSignal.timeout(110_000) })
  const answer = (await response.json()) as T & { error?: string }
  if (!response.ok) throw new Error(answer.error ?? `The helper answered ${response.status}`)
  return answer
}
