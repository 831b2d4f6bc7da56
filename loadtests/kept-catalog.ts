/** A catalog that is kept in a folder between runs, so that it is imported once: a PostgreSQL without standbys, and each program only while it is needed. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import { tick } from '../shared/clock.ts'
import { freePort, LOOPBACK } from '../stack/port.ts'
import { findPostgres } from '../stack/postgres-binaries.ts'
import { initPostgres, makePrivateFolder, postgresUrl, startPostgres } from '../stack/postgres-server.ts'
import { runToEnd, startProcess, waitUntilReady, type RunningProcess, type TrackProcess } from '../stack/process.ts'
import { createHttpClient } from './http-client.ts'
import { inheritedEnvironment, isReady } from './private-stack.ts'
import { runImport, type ImportSource } from './run-import.ts'
import { PLAN_LOG, PLAN_LOG_SETTINGS, urlWithPlans } from './statement-plans.ts'

export interface CatalogContents {
  /** Of its folder. */
  readonly name: string
  readonly sources: readonly ImportSource[]
}

export interface KeptCatalog extends AsyncDisposable {
  readonly database: Pool
  readonly postgres: RunningProcess
  /** With the plans of query processes that were asked for them. */
  readonly planLog: string
  /** A query process that has nothing in memory; it ends by its stop(). */
  startQuery(options?: { readonly plans: boolean }): Promise<RunningQuery>
}

export interface RunningQuery {
  readonly origin: string
  readonly process: RunningProcess
}

const REPOSITORY = join(import.meta.dirname, '..')
const ADMIN_KEY = 'a-key-of-a-catalog-that-only-this-machine-reaches'
/** Of 1,000,000 products on a busy machine. */
const IMPORT_MS = 4 * 3_600_000
const LEARNT_MS = 30 * 60_000
const MIGRATE_MS = 120_000
const READY_MS = 60_000
const TICK_MS = 100
const POLL_MS = 100
/** For measuring and not for keeping what a crash of the machine would take: nothing is forced to disk. */
const POSTGRES_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  // A quarter of the machine's, as PostgreSQL's documentation advises: https://www.postgresql.org/docs/18/runtime-config-resource.html
  shared_buffers: `${Math.floor(totalmem() / 4 / 2 ** 20)}MB`,
  max_wal_size: '8GB',
  maintenance_work_mem: '512MB',
  ...PLAN_LOG_SETTINGS,
}

/**
 * Starts what `folder` holds, or makes and imports it first.
 * @param track told of every process, in the order in which they begin
 * @throws Error when an import fails, or a part does not start
 */
export async function openKeptCatalog(folder: string, contents: CatalogContents, track: TrackProcess): Promise<KeptCatalog> {
  const home = join(folder, contents.name)
  const complete = join(home, 'complete.json')
  if (!existsSync(complete)) {
    rmSync(home, { recursive: true, force: true })
    await importAll(home, contents.sources, track)
    writeFileSync(complete, `${JSON.stringify(contents.sources.map(({ name }) => name))}\n`)
  }
  return await startCatalog(home, track)
}

async function importAll(home: string, sources: readonly ImportSource[], track: TrackProcess): Promise<void> {
  const binaries = findPostgres(REPOSITORY)
  mkdirSync(home, { recursive: true })
  await initPostgres({ binaries, dataDir: dataFolder(home), logPath: join(home, 'initdb.log'), track })
  await using catalog = await startCatalog(home, track)
  await catalog.importAll(sources)
}

function dataFolder(home: string): string {
  return join(home, 'postgres')
}

async function startCatalog(
  home: string,
  track: TrackProcess,
): Promise<KeptCatalog & { importAll(sources: readonly ImportSource[]): Promise<void> }> {
  const binaries = findPostgres(REPOSITORY)
  const port = await freePort()
  const dataDir = dataFolder(home)
  if (!existsSync(join(dataDir, 'PG_VERSION'))) makePrivateFolder(binaries, dataDir)
  // A gigabyte of plans a run.
  rmSync(join(dataDir, PLAN_LOG), { force: true })
  await using stack = new AsyncDisposableStack()
  const postgres = await startPostgres({
    binaries,
    name: 'PostgreSQL',
    dataDir,
    port,
    logPath: join(home, 'postgres.log'),
    disposable: false,
    settings: POSTGRES_SETTINGS,
    track,
  })
  stack.defer(() => postgres.stop())
  const databaseUrl = postgresUrl(port, 'postgres')
  const env = programEnvironment(databaseUrl)
  const logPath = (name: string) => join(home, `${name}.log`)
  await runToEnd({ name: 'migrate', ...nodeProgram('catalog-admin/migrate/main.ts'), env, logPath: logPath('migrate'), track }, MIGRATE_MS)
  const database = new Pool({ connectionString: databaseUrl, max: 4 })
  database.on('error', () => {})
  stack.defer(() => database.end())
  // What is written is on disk before the end, which has only some seconds.
  stack.defer(async () => void (await database.query('checkpoint')))
  stack.use(startFollowing(database))
  const parts = stack.move()
  return {
    database,
    postgres,
    planLog: join(dataDir, PLAN_LOG),
    startQuery: ({ plans } = { plans: false }) => {
      const replica = plans ? urlWithPlans(databaseUrl) : databaseUrl
      return startProgram('query', { env: { ...env, DATABASE_REPLICA_URLS: replica }, logPath: logPath('query'), track })
    },
    importAll: async (sources) => {
      const admin = await startProgram('admin', { env, logPath: logPath('admin'), track })
      try {
        await importSources(admin.origin, sources)
        await untilWordsAreLearnt(database)
      } finally {
        await admin.process.stop()
      }
      await database.query('vacuum analyze')
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function programEnvironment(databaseUrl: string): NodeJS.ProcessEnv {
  return { ...inheritedEnvironment(), HOST: LOOPBACK, DATABASE_URL: databaseUrl, ADMIN_API_KEY: ADMIN_KEY }
}

function nodeProgram(main: string): { readonly command: string; readonly args: readonly string[]; readonly cwd: string } {
  return { command: process.execPath, args: [join(REPOSITORY, main)], cwd: REPOSITORY }
}

async function startProgram(
  name: 'query' | 'admin',
  { env, logPath, track }: { readonly env: NodeJS.ProcessEnv; readonly logPath: string; readonly track: TrackProcess },
): Promise<RunningQuery> {
  const [port, opsPort] = [await freePort(), await freePort()]
  const prefix = name.toUpperCase()
  const ports = { [`${prefix}_PORT`]: String(port), [`${prefix}_OPS_PORT`]: String(opsPort) }
  const program = await startProcess({ name, ...nodeProgram(`catalog-${name}/main.ts`), env: { ...env, ...ports }, logPath, track })
  await waitUntilReady(program, () => isReady(opsPort), { limitMs: READY_MS, everyMs: POLL_MS, logPath })
  return { origin: `http://${LOOPBACK}:${port}`, process: program }
}

/** Nobody reads the log here: its events count as published at once, so that an import waits for nobody; and the catalog clock goes on. */
const PUBLISHED = /* sql */ `
  update outbox
  set published_at = clock_timestamp()
  where published_at is null`

/** In a relay's place. */
function startFollowing(database: Pool): AsyncDisposable {
  const ended = new AbortController()
  const follow = async () => {
    while (!ended.signal.aborted) {
      await tick(database)
      await database.query(PUBLISHED)
      await sleep(TICK_MS)
    }
  }
  const following = follow()
  // It is waited for at the end, and fails there.
  following.catch(() => {})
  return {
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      await following
    },
  }
}

async function importSources(adminOrigin: string, sources: readonly ImportSource[]): Promise<void> {
  await using admin = createHttpClient(adminOrigin, 2, { 'x-api-key': ADMIN_KEY })
  for (const source of sources) {
    process.stderr.write(`imports ${source.name}\n`)
    const { name, done, failed, state, seconds } = await runImport(admin, source, IMPORT_MS)
    process.stderr.write(`${name}: ${state}, ${done} lines, ${failed} failed, ${Math.round(seconds)} s\n`)
    if (state !== 'succeeded' && state !== 'partial') throw new Error(`The import of ${name} ended ${state}`)
  }
}

const UNLEARNT = /* sql */ `
  select exists (
    select
    from outbox o, vocabulary_position p
    where (o.xid, o.id) > (p.xid, p.id)) as more`

/** The vocabulary of spelling follows an import. */
async function untilWordsAreLearnt(database: Pool): Promise<void> {
  const endMs = performance.now() + LEARNT_MS
  while ((await database.query<{ more: boolean }>(UNLEARNT)).rows[0]?.more === true) {
    if (performance.now() > endMs) throw new Error(`The words were not learnt within ${LEARNT_MS / 60_000} minutes`)
    await sleep(POLL_MS)
  }
}
