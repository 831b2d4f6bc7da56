/** `npm start`: the whole catalog on this machine, from its flags to the table, and its end on Ctrl-C. */
import { relative } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { adminKeyPath, readAdminKey } from './admin-key.ts'
import { checkSettings } from './check-settings.ts'
import { openDataFolder, type DataFolder } from './data-folder.ts'
import { hasSample, loadSample, type SampleContext } from './load-sample.ts'
import { boundLogs, setLogsAside } from './part-logs.ts'
import { openDatabases, openKafka, openRedis, type Databases, type OptionalPart, type PartsContext } from './parts.ts'
import { privatePorts } from './private-ports.ts'
import { createProcessBook, endLeftovers, type ProcessBook } from './process-book.ts'
import { migrate, programs, reachableHost, startProgram, waitUntilServing, type Program, type ProgramContext } from './programs.ts'
import { HELP, readFlags, readStartSettings, settlePorts, type StartFlags, type StartSettings } from './start-options.ts'
import { createScreen, partsTable, welcome, type Row, type Screen } from './start-screen.ts'

const SERVING_MS = 30_000
/** npm sends on the signal that the terminal has sent already: the two are one Ctrl-C. */
const SAME_SIGNAL_MS = 1_000

const screen = createScreen(process.stdout, performance.now())

try {
  await main()
} catch (error) {
  fail(error)
}

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), process.env)
  if (flags.help) {
    screen.print(HELP)
    return
  }
  checkSettings(process.env)
  const settings = readStartSettings(process.env)
  const folder = openDataFolder(settings.dataDir)
  process.once('exit', folder.release)
  const leftovers = await endLeftovers(folder.run)
  if (leftovers > 0) screen.tell(`Ended ${leftovers} processes that an earlier start had left`)
  if (flags.reset && !(await reset(folder, flags))) return
  setLogsAside(folder.log)
  const book = createProcessBook(folder.run)
  endOnSignals(book, screen)
  boundLogs(folder.log, book.stopping)
  try {
    await run({ settings, folder, book, flags })
  } catch (error) {
    if (book.stopping.aborted) return
    await book.stop()
    throw error
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

/** @returns false when the answer is no */
async function reset(folder: DataFolder, flags: StartFlags): Promise<boolean> {
  if (!flags.yes) {
    if (!process.stdin.isTTY) throw new Error(`--reset asks before it deletes ${folder.path}, and nobody is there to ask: add --yes`)
    const terminal = createInterface({ input: process.stdin, output: process.stdout })
    const answer = await terminal.question(
      `Delete all data in ${folder.path} (databases named in the environment are left alone)? yes/no: `,
    )
    terminal.close()
    if (!/^y(es)?$/i.test(answer.trim())) {
      screen.print('Nothing was deleted.\n')
      return false
    }
  }
  folder.erase()
  return true
}

function endOnSignals(book: ProcessBook, { tell }: Screen): void {
  let firstMs: number | null = null
  const end = () => {
    if (firstMs === null) {
      firstMs = performance.now()
      tell('Ending; once more ends it at once')
      void book.stop().then(() => {
        tell('Ended')
        process.exit(0)
      })
    } else if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  process.once('exit', () => book.killNow())
}

interface Run {
  readonly settings: StartSettings
  readonly folder: DataFolder
  readonly book: ProcessBook
  readonly flags: StartFlags
}

async function run({ settings, folder, book, flags }: Run): Promise<void> {
  const { tell, progress } = screen
  const ports = await settlePorts(settings.host, settings.ports)
  const parts: PartsContext = {
    settings,
    folder,
    ports: await privatePorts(folder.path, Object.values(ports)),
    book,
    tell,
    progress,
  }
  const databases = openDatabases(parts)
  const [redis, kafka] = await Promise.all([openRedis(parts), openKafka(parts)])
  const adminKey = settings.adminKey ?? readAdminKey(folder.path)
  const context: ProgramContext = {
    env: programEnvironment({ settings, ports, databases, redis, kafka, adminKey, folder }),
    host: settings.host,
    logDir: folder.log,
    book,
    tell,
  }
  const { query, admin, invalidator, relay } = programs(ports)
  const all = redis.address === '' ? [query, admin, relay] : [query, admin, invalidator, relay]
  await startPrograms(context, { all, serversFirst: [query, admin], databases, redis, kafka })
  const late = await Promise.all(all.map((program) => waitUntilServing(context, program, SERVING_MS)))
  for (const line of late) if (line !== null) tell(line)
  if (book.stopping.aborted) return

  const host = settings.host === '127.0.0.1' ? 'localhost' : reachableHost(settings.host)
  const url = (program: Program) => `http://${host}:${program.port}`
  const sample = { adminUrl: url(admin), adminKey, dataDir: folder.path, tell, progress, stopping: book.stopping }
  const loaded = flags.sample ? await tryToLoadSample(sample) : hasSample(folder.path)
  await databases.caughtUp()
  if (book.stopping.aborted) return
  const rows: Row[] = [
    ...databases.parts,
    redis.part,
    kafka.part,
    ...all.map((program): Row => ({ name: program.name, whose: 'catalog', where: where(program, host) })),
  ]
  screen.print(partsTable(rows))
  const keyPath = settings.adminKey === null ? shortPath(adminKeyPath(folder.path)) : null
  screen.print(welcome({ queryUrl: url(query), adminUrl: url(admin), keyPath, hasSample: loaded, logDir: shortPath(folder.log) }))
}

/** A catalog without its sample is still a catalog. */
async function tryToLoadSample(sample: SampleContext): Promise<boolean> {
  try {
    return await loadSample(sample)
  } catch (error) {
    if (!sample.stopping.aborted) sample.tell(error instanceof Error ? error.message : String(error))
    return false
  }
}

interface Start {
  readonly all: readonly Program[]
  /** Those that answer people, and need no Kafka to begin. */
  readonly serversFirst: readonly Program[]
  readonly databases: Databases
  readonly redis: OptionalPart
  readonly kafka: OptionalPart
}

/**
 * Tables as soon as the primary is there, so that readers are answered while Kafka is still starting; its topics later,
 * by the same program.
 */
async function startPrograms(context: ProgramContext, { all, serversFirst, databases, redis, kafka }: Start): Promise<void> {
  await databases.primaryReady
  await migrate(context, { KAFKA_BROKERS: '', STAND_INS: 'allow' })
  await Promise.all([databases.replicasReady, redis.ready])
  await Promise.all(serversFirst.map((program) => startProgram(context, program)))
  context.tell(`${serversFirst.map(({ name }) => name).join(' and ')} run`)
  await kafka.ready
  if (kafka.address !== '') await migrate(context, {})
  await Promise.all(all.filter((program) => !serversFirst.includes(program)).map((program) => startProgram(context, program)))
}

interface EnvironmentParts {
  readonly settings: StartSettings
  readonly ports: Record<string, number>
  readonly databases: Databases
  readonly redis: OptionalPart
  readonly kafka: OptionalPart
  readonly adminKey: string
  readonly folder: DataFolder
}

/** What is set for `npm start` is set for its programs, and over it where the parts are. */
function programEnvironment({ settings, ports, databases, redis, kafka, adminKey, folder }: EnvironmentParts): NodeJS.ProcessEnv {
  return {
    NODE_COMPILE_CACHE: `${folder.path}/compile-cache`,
    ...process.env,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    HOST: settings.host,
    DATABASE_URL: databases.primaryUrl,
    DATABASE_REPLICA_URLS: databases.replicaUrls.join(','),
    REDIS_URL: redis.address,
    KAFKA_BROKERS: kafka.address,
    ADMIN_API_KEY: adminKey,
  }
}

function where(program: Program, host: string): string {
  const ops = `operations on ${program.opsPort}`
  return program.port === null ? ops : `http://${host}:${program.port}, ${ops}`
}

/** As a person in this folder would type it. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}
