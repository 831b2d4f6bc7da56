/** A private PostgreSQL primary and its streaming standbys, on loopback, from a folder each. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { LOOPBACK } from './port.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { runToEnd, startProcess, waitUntilReady, type RunningProcess, type TrackProcess } from './process.ts'

export const POSTGRES_USER = 'catalog'
const INIT_MS = 60_000
const READY_MS = 60_000

export interface PostgresServerOptions {
  readonly binaries: PostgresBinaries
  readonly name: string
  readonly dataDir: string
  readonly port: number
  readonly logPath: string
  /** For throw-away data: nothing is forced to disk, and the end is immediate. */
  readonly disposable: boolean
  /** Added to or put over the settings below. */
  readonly settings?: Readonly<Record<string, string>>
  readonly track?: TrackProcess | undefined
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: LOOPBACK,
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  synchronous_commit: 'on',
  wal_level: 'replica',
  // As initdb writes it down: a standby refuses to begin with less than its primary had.
  max_wal_senders: '10',
  wal_keep_size: '512MB',
  max_wal_size: '1GB',
  hot_standby: 'on',
  hot_standby_feedback: 'off',
  max_standby_streaming_delay: '1s',
  wal_receiver_status_interval: '1s',
  wal_retrieve_retry_interval: '200ms',
  wal_receiver_timeout: '10s',
  idle_in_transaction_session_timeout: '60s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  jit: 'off',
}

/** A password is not needed: only this machine's loopback is listened on, at a private port. */
export function postgresUrl(port: number, database: string): string {
  return `postgres://${POSTGRES_USER}@${LOOPBACK}:${port}/${database}`
}

/** Makes an empty cluster, whole or not at all. @throws Error with initdb's own words */
export async function initPostgres(options: Pick<PostgresServerOptions, 'binaries' | 'dataDir' | 'logPath' | 'track'>): Promise<void> {
  const { binaries, dataDir } = options
  const part = `${dataDir}.part`
  rmSync(dataDir, { recursive: true, force: true })
  rmSync(part, { recursive: true, force: true })
  makePrivateFolder(binaries, part)
  const args = ['-D', part, '-U', POSTGRES_USER, '-A', 'trust', '-E', 'UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--no-sync']
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }
  const { logPath, track } = options
  await runToEnd(
    { name: "PostgreSQL's initdb", command: binaries.initdb, args, env, cwd: '/', runAs: binaries.runAs, logPath, track },
    INIT_MS,
  )
  renameSync(part, dataDir)
}

/** Only its owner may enter, and PostgreSQL insists on being that. */
export function makePrivateFolder(binaries: PostgresBinaries, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  if (binaries.runAs) chownSync(folder, binaries.runAs.uid, binaries.runAs.gid)
}

/** @throws Error when the folder belongs to another version of PostgreSQL */
export function checkDataVersion(binaries: PostgresBinaries, dataDir: string): void {
  const found = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim()
  if (found === binaries.major) return
  throw new Error(
    `The data in ${dataDir} is of PostgreSQL ${found}, the installed one is ${binaries.major}: start over with --reset, or go back`,
  )
}

/** Starts a cluster that exists and waits until it answers queries. */
export async function startPostgres(options: PostgresServerOptions): Promise<RunningProcess> {
  const { binaries, dataDir, port } = options
  // No postmaster of ours runs here: whoever calls this has made sure of that.
  rmSync(join(dataDir, 'postmaster.pid'), { force: true })
  const settings = {
    ...SETTINGS,
    port: String(port),
    ...(options.disposable ? { fsync: 'off', full_page_writes: 'off' } : {}),
    ...options.settings,
  }
  const server = await startProcess({
    name: options.name,
    command: binaries.postgres,
    args: ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    cwd: '/',
    runAs: binaries.runAs,
    logPath: options.logPath,
    stopSignal: options.disposable ? 'SIGQUIT' : 'SIGINT',
    stopMs: 6_000,
    track: options.track,
  })
  await waitUntilReady(server, () => answers(port), { limitMs: READY_MS, everyMs: 25, logPath: options.logPath })
  return server
}

async function answers(port: number): Promise<boolean> {
  try {
    await queryOnce(port, 'select 1')
    return true
  } catch {
    return false
  }
}

/** One statement on a connection of its own, as the owner of the cluster. */
export async function queryOnce(port: number, sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: postgresUrl(port, database), connectionTimeoutMillis: 2_000, query_timeout: 60_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

export function hasCluster(dataDir: string): boolean {
  return existsSync(join(dataDir, 'PG_VERSION'))
}
