/** The parts the programs need, each from the environment if it is named there, else a private one, else its stand-in. */
import { join } from 'node:path'
import { findKafka, prepareKafka, startKafka } from './kafka.ts'
import { hasMaven, type Progress } from './maven.ts'
import { LOOPBACK } from './port.ts'
import { findPostgres } from './postgres-binaries.ts'
import { startCluster } from './postgres-cluster.ts'
import { postgresFolder, type DataFolder } from './data-folder.ts'
import type { PrivatePorts } from './private-ports.ts'
import type { ProcessBook } from './process-book.ts'
import { findRedis, redisUrl, startRedis } from './redis.ts'
import { REPOSITORY, type StartSettings } from './start-options.ts'
import { supervise } from './supervisor.ts'

export interface Part {
  readonly name: string
  readonly whose: 'yours' | 'private' | 'stand-in'
  /** An address, or what stands in and why. */
  readonly where: string
}

export interface PartsContext {
  readonly settings: StartSettings
  readonly folder: DataFolder
  readonly ports: PrivatePorts
  readonly book: ProcessBook
  readonly tell: (line: string) => void
  readonly progress: Progress
}

/** Known as soon as it is decided; `ready` when it answers. */
export interface Databases {
  readonly primaryUrl: string
  readonly replicaUrls: readonly string[]
  readonly parts: readonly Part[]
  readonly primaryReady: Promise<void>
  readonly replicasReady: Promise<void>
  /** Waits until the private replicas show what is committed now; others do within the bound that the catalog promises. */
  caughtUp(): Promise<void>
}

/** As Databases; the address is empty for a stand-in. */
export interface OptionalPart {
  readonly address: string
  readonly part: Part
  readonly ready: Promise<void>
}

const READY = Promise.resolve()
const REDIS_MEMORY_MB = 128

export function openDatabases({ settings, folder, ports, book, tell }: PartsContext): Databases {
  if (settings.databaseUrl !== null) return yourDatabases(settings.databaseUrl, settings.replicaUrls)
  const binaries = findPostgres(REPOSITORY)
  const cluster = startCluster({
    binaries,
    folder: postgresFolder(folder.path, binaries.runAs),
    logDir: folder.log,
    primaryPort: ports.primary,
    standbyPorts: [ports.standby1, ports.standby2],
    track: book.track('part'),
    tell,
    stopping: book.stopping,
  })
  return {
    primaryUrl: cluster.primaryUrl,
    replicaUrls: cluster.standbyUrls,
    parts: [
      { name: 'PostgreSQL primary', whose: 'private', where: cluster.primaryUrl },
      ...cluster.standbyUrls.map((url, index): Part => ({ name: `PostgreSQL standby ${index + 1}`, whose: 'private', where: url })),
    ],
    primaryReady: watched(cluster.primaryReady, () => tell('PostgreSQL primary runs')),
    caughtUp: cluster.caughtUp,
    replicasReady: watched(cluster.standbysReady, () => tell('PostgreSQL standbys follow it')),
  }
}

function yourDatabases(primaryUrl: string, replicaUrls: readonly string[]): Databases {
  return {
    primaryUrl,
    replicaUrls,
    parts: [
      { name: 'PostgreSQL primary', whose: 'yours', where: withoutPassword(primaryUrl) },
      ...replicaUrls.map((url, index): Part => ({ name: `PostgreSQL replica ${index + 1}`, whose: 'yours', where: withoutPassword(url) })),
      ...(replicaUrls.length === 0 ? [NO_REPLICA] : []),
    ],
    primaryReady: READY,
    replicasReady: READY,
    caughtUp: () => READY,
  }
}

const NO_REPLICA: Part = {
  name: 'PostgreSQL replica',
  whose: 'stand-in',
  where: 'the primary itself, a few reads at a time: DATABASE_REPLICA_URLS names none',
}

export async function openRedis({ settings, folder, ports, book, tell, progress }: PartsContext): Promise<OptionalPart> {
  if (settings.redisUrl !== null) return yours('Redis', settings.redisUrl)
  const track = book.track('part')
  const command = await orReason(() => findRedis(REPOSITORY, progress, track))
  if (command.found === null)
    return standIn('Redis', 'memory of the query process', command.reason ?? 'no redis-server or valkey-server on PATH')
  const options = {
    command: command.found,
    dataDir: join(folder.path, 'redis'),
    port: ports.redis,
    logPath: join(folder.log, 'redis.log'),
    maxMemoryMb: REDIS_MEMORY_MB,
    track,
  }
  const address = redisUrl(ports.redis)
  const ready = supervise({ name: 'Redis', start: () => startRedis(options), tell, stopping: book.stopping })
  return { address, part: { name: 'Redis', whose: 'private', where: address }, ready: watched(ready, () => tell(`Redis runs`)) }
}

export async function openKafka({ settings, folder, ports, book, tell, progress }: PartsContext): Promise<OptionalPart> {
  if (settings.kafkaBrokers.length > 0) return yours('Kafka', settings.kafkaBrokers.join(','))
  const track = book.track('part')
  const found = await orReason(async () => {
    const jars = await findKafka(REPOSITORY, progress, track)
    if (jars === null) return null
    const options = {
      jars,
      dataDir: join(folder.path, 'kafka'),
      port: ports.kafka,
      controllerPort: ports.kafkaController,
      logPath: join(folder.log, 'kafka.log'),
      disposable: false,
      track,
    }
    await prepareKafka(options)
    return options
  })
  const options = found.found
  if (options === null)
    return standIn('Kafka', 'a log table in PostgreSQL', found.reason ?? `no ${hasMaven() ? 'jars' : 'Java and Maven'} here`)
  const address = `${LOOPBACK}:${options.port}`
  const ready = supervise({ name: 'Kafka', start: () => startKafka(options), tell, stopping: book.stopping })
  return { address, part: { name: 'Kafka', whose: 'private', where: address }, ready: watched(ready, () => tell(`Kafka runs`)) }
}

function yours(name: string, address: string): OptionalPart {
  return { address, part: { name, whose: 'yours', where: withoutPassword(address) }, ready: READY }
}

function standIn(name: string, what: string, reason: string): OptionalPart {
  return { address: '', part: { name, whose: 'stand-in', where: `${what} (${reason})` }, ready: READY }
}

/** What cannot be fetched or made is replaced by its stand-in, not an end of the start. */
async function orReason<T>(find: () => Promise<T | null>): Promise<{ found: T | null; reason: string | null }> {
  try {
    return { found: await find(), reason: null }
  } catch (error) {
    return { found: null, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Fails where it is awaited, not before. */
function watched(work: Promise<unknown>, onReady: () => void): Promise<void> {
  const ready = work.then(onReady)
  ready.catch(() => {})
  return ready
}

function withoutPassword(address: string): string {
  return address.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1@')
}
