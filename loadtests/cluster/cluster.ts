/** A whole catalog for a fault run: three query processes, two of each helper, every connection through an edge as a rule; gone at the end. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findKafka, prepareKafka, startKafka, type KafkaDoor } from '../../stack/kafka.ts'
import { LOOPBACK } from '../../stack/port.ts'
import { postgresUrl } from '../../stack/postgres-server.ts'
import { createProcessBook, type ProcessBook } from '../../stack/process-book.ts'
import { runToEnd } from '../../stack/process.ts'
import { startCacheCluster, startOneRedis, type Caches } from './caches.ts'
import { DATABASE, startDatabases, type Databases } from './databases.ts'
import { createEdges, noEdges, type Edges } from './edges.ts'
import { createPart, signalAll, wakePart, type Part } from './part.ts'
import { createProgram, isReady, type Program, type Substitute } from './program.ts'
import { quietPort } from './quiet-port.ts'

export interface ClusterOptions {
  /** By program, such as `query-3`: how far its clock is ahead, milliseconds. */
  readonly clockAheadMs: Readonly<Record<string, number>>
  /** Without edges: for a scenario that does nothing to the network. */
  readonly direct: boolean
  readonly tell: (line: string) => void
  /** Takes the logs of all parts at the end; null: they go with everything else. */
  readonly logsTo: string | null
  /** Three masters, each with so many replicas, instead of one server; null: the one server. */
  readonly redisCluster: { readonly replicas: 0 | 1 } | null
  /** Asked at each start of a query process or an invalidator: what runs in its place; null: the catalog's own. */
  readonly substitute?: Substitutes | undefined
}

export type Substitutes = (role: 'query' | 'invalidator') => Substitute | null

export interface Cluster extends AsyncDisposable {
  readonly folder: string
  readonly edges: Edges
  readonly databases: Databases
  /** Of each server that can be repointed to. */
  readonly ports: ClusterPorts
  readonly queries: readonly (Program & { readonly origin: string })[]
  readonly adminOrigin: string
  readonly adminKey: string
  readonly programs: readonly Program[]
  readonly parts: readonly Part[]
  /** Until every program says that it is ready. @throws Error after a minute */
  allReady(): Promise<void>
}

interface ClusterPorts {
  readonly primary: number
  readonly 'standby-1': number
  readonly 'standby-2': number
  readonly redis: number
  readonly 'redis-copy': number
  readonly kafka: number
}

const REPOSITORY = join(import.meta.dirname, '../..')
const FOLDER_PREFIX = 'catalog-faults-'
const QUERIES = ['query-1', 'query-2', 'query-3']
const INVALIDATORS = ['invalidator-1', 'invalidator-2']
const RELAYS = ['relay-1', 'relay-2']
const AUDITOR = 'auditor'
const MIGRATE_MS = 120_000
const READY_MS = 60_000
const READY_AGAIN_MS = 100

/** Takes about 20 s. @throws Error when a part is missing on this machine or does not start; everything started is ended */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX))
  // PostgreSQL may run as another user, who has to get through.
  chmodSync(folder, 0o755)
  for (const name of ['log', 'processes', 'postgres']) mkdirSync(join(folder, name), { mode: 0o755 })
  const book = createProcessBook(join(folder, 'processes'))
  const edges = options.direct ? noEdges() : createEdges()
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  const killNow = () => {
    book.killNow()
    remove()
  }
  process.once('exit', killNow)
  const parts: Part[] = []
  const dispose = async () => {
    // A frozen process ends by nothing but SIGKILL.
    for (const part of parts) wakePart(part)
    await book.stop()
    for (const part of parts) signalAll(part, 'SIGKILL')
    await edges[Symbol.asyncDispose]()
    process.off('exit', killNow)
    if (options.logsTo !== null) cpSync(join(folder, 'log'), options.logsTo, { recursive: true })
    remove()
  }
  try {
    const cluster = await assemble({ ...options, folder, book, edges, parts })
    return { ...cluster, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

interface Assembly extends ClusterOptions {
  readonly folder: string
  readonly book: ProcessBook
  readonly edges: Edges
  readonly parts: Part[]
}

async function assemble(assembly: Assembly): Promise<Omit<Cluster, typeof Symbol.asyncDispose>> {
  const { folder, edges, parts, tell } = assembly
  const ports = await choosePorts()
  tell('Starting PostgreSQL with two standbys, Redis and Kafka')
  const doors = await openDoors(edges)
  const [databases, caches] = await Promise.all([
    openDatabases(assembly, ports),
    openCaches(assembly, ports),
    openKafka(assembly, ports, doors),
  ])
  const adminKey = `fault-run-${crypto.randomUUID()}`
  tell('Starting the programs')
  await migrate(assembly, ports)
  const programs = await createPrograms(assembly, { ports, doors, caches, adminKey })
  parts.push(...programs)
  await Promise.all(programs.map((program) => program.start()))
  const allReady = () => waitUntilAllReady(programs)
  await allReady()
  const admin = programs.find((program) => program.name === 'admin')!
  const queries = programs.filter((program) => QUERIES.includes(program.name))
  return { folder, edges, databases, ports, queries, adminOrigin: admin.origin, adminKey, programs, parts, allReady }
}

async function choosePorts(): Promise<ClusterPorts> {
  return {
    primary: await quietPort(),
    'standby-1': await quietPort(),
    'standby-2': await quietPort(),
    redis: await quietPort(),
    'redis-copy': await quietPort(),
    kafka: await quietPort(),
  }
}

/** The broker tells every client where to come back to: each has a door of its own, whose sign says the port of the client's edge. */
async function openDoors(edges: Edges): Promise<ReadonlyMap<string, KafkaDoor>> {
  const doors = new Map<string, KafkaDoor>()
  for (const name of [...INVALIDATORS, ...RELAYS, AUDITOR]) {
    const port = await quietPort()
    const advertisedPort = await edges.open(`${name}>kafka`, port)
    doors.set(name, { name: name.toUpperCase().replace('-', ''), port, advertisedPort })
  }
  return doors
}

async function openDatabases({ folder, edges, book, parts }: Assembly, ports: ClusterPorts): Promise<Databases> {
  const databases = await startDatabases({
    folder: join(folder, 'postgres'),
    logDir: join(folder, 'log'),
    ports,
    primaryPorts: {
      'standby-1': await edges.open('standby-1>primary', ports.primary),
      'standby-2': await edges.open('standby-2>primary', ports.primary),
    },
    track: book.track('part'),
  })
  parts.push(...databases.parts)
  return databases
}

async function openCaches({ folder, edges, book, parts, tell, redisCluster }: Assembly, ports: ClusterPorts): Promise<Caches> {
  const openEdge = (client: string) => edges.open(`${client}>redis`, ports.redis)
  const options = { folder, ports, track: book.track('part'), tell, openEdge }
  const caches = await (redisCluster === null ? startOneRedis(options) : startCacheCluster(options, redisCluster.replicas))
  parts.push(...caches.parts)
  return caches
}

async function openKafka(
  { folder, book, parts, tell }: Assembly,
  ports: ClusterPorts,
  doors: ReadonlyMap<string, KafkaDoor>,
): Promise<void> {
  const jars = await findKafka(REPOSITORY, tell)
  if (jars === null) throw new Error('Expected Java and Maven to run Kafka')
  const options = {
    jars,
    dataDir: join(folder, 'kafka'),
    port: ports.kafka,
    controllerPort: await quietPort(),
    logPath: join(folder, 'log/kafka.log'),
    disposable: true,
    doors: [...doors.values()],
    track: book.track('part'),
  }
  await prepareKafka(options)
  const part = createPart('kafka', () => startKafka(options))
  parts.push(part)
  await part.start()
}

async function migrate({ folder, book }: Assembly, ports: ClusterPorts): Promise<void> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: postgresUrl(ports.primary, DATABASE), KAFKA_BROKERS: `${LOOPBACK}:${ports.kafka}` }
  const args = [join(REPOSITORY, 'catalog-admin/migrate/main.ts')]
  const logPath = join(folder, 'log/migrate.log')
  await runToEnd({ name: 'migrate', command: process.execPath, args, env, logPath, track: book.track('program') }, MIGRATE_MS)
}

interface Surroundings {
  readonly ports: ClusterPorts
  readonly doors: ReadonlyMap<string, KafkaDoor>
  readonly caches: Caches
  readonly adminKey: string
}

type Server = Program & { readonly origin: string }

async function createPrograms(assembly: Assembly, { ports, doors, caches, adminKey }: Surroundings): Promise<readonly Server[]> {
  const { edges } = assembly
  const database = async (edge: string, target: number) => postgresUrl(await edges.open(edge, target), DATABASE)
  const brokers = (name: string) => `${LOOPBACK}:${doors.get(name)?.advertisedPort}`

  const programs: Server[] = []
  for (const name of QUERIES) {
    const replicas = [await database(`${name}>replica-1`, ports['standby-1']), await database(`${name}>replica-2`, ports['standby-2'])]
    const env = {
      DATABASE_REPLICA_URLS: replicas.join(','),
      DATABASE_URL: await database(`${name}>primary`, ports.primary),
      REDIS_URL: await caches.urlFor(name),
    }
    programs.push(await makeProgram(assembly, { name, main: 'catalog-query/main.ts', portName: 'QUERY', env, role: 'query' }))
  }
  for (const name of INVALIDATORS) {
    const env = { REDIS_URL: await caches.urlFor(name), KAFKA_BROKERS: brokers(name) }
    programs.push(
      await makeProgram(assembly, { name, main: 'catalog-query/invalidator/main.ts', portName: 'INVALIDATOR', env, role: 'invalidator' }),
    )
  }
  for (const name of RELAYS) {
    const env = { DATABASE_URL: await database(`${name}>primary`, ports.primary), KAFKA_BROKERS: brokers(name) }
    programs.push(await makeProgram(assembly, { name, main: 'catalog-admin/relay/main.ts', portName: 'RELAY', env }))
  }
  const opsUrls = programs.filter(({ name }) => QUERIES.includes(name)).map(({ opsOrigin }) => opsOrigin)
  const audit = {
    QUERY_OPS_URLS: opsUrls.join(','),
    DATABASE_URL: await database('auditor>primary', ports.primary),
    DATABASE_REPLICA_URLS: await database('auditor>replica-1', ports['standby-1']),
    KAFKA_BROKERS: brokers(AUDITOR),
  }
  programs.push(await makeProgram(assembly, { name: AUDITOR, main: 'catalog-query/auditor/main.ts', portName: 'AUDITOR', env: audit }))
  const env = { DATABASE_URL: await database('admin>primary', ports.primary), ADMIN_API_KEY: adminKey, ADMIN_POOL_SIZE: '20' }
  programs.push(await makeProgram(assembly, { name: 'admin', main: 'catalog-admin/main.ts', portName: 'ADMIN', env }))
  return programs
}

interface ProgramShape {
  readonly name: string
  readonly main: string
  /** Before `_PORT` and `_OPS_PORT`. */
  readonly portName: string
  readonly env: Readonly<Record<string, string>>
  /** Absent: nothing ever stands in for it. */
  readonly role?: 'query' | 'invalidator'
}

async function makeProgram(
  { folder, book, clockAheadMs, substitute }: Assembly,
  { name, main, portName, env, role }: ProgramShape,
): Promise<Server> {
  const [port, opsPort] = [await quietPort(), await quietPort()]
  const created = createProgram({
    name,
    main,
    env: { ...env, [`${portName}_PORT`]: String(port), [`${portName}_OPS_PORT`]: String(opsPort) },
    opsPort,
    logPath: join(folder, `log/${name}.log`),
    track: book.track('program'),
    clockAheadMs: clockAheadMs[name] ?? 0,
    substitute: role === undefined ? undefined : () => substitute?.(role) ?? null,
  })
  return { ...created, origin: `http://${LOOPBACK}:${port}` }
}

async function waitUntilAllReady(programs: readonly Program[]): Promise<void> {
  const endMs = performance.now() + READY_MS
  for (const each of programs) {
    while (!(await isReady(each))) {
      if (performance.now() > endMs) throw new Error(`${each.name} is not ready after ${READY_MS / 1_000} s`)
      await sleep(READY_AGAIN_MS)
    }
  }
}
