/** A private one-node Kafka in KRaft mode, on loopback, from jars that Maven fetched. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchJars, hasMaven, type Progress } from './maven.ts'
import { isPortOpen, LOOPBACK } from './port.ts'
import { runToEnd, startProcess, waitUntilReady, type RunningProcess, type TrackProcess } from './process.ts'

const JARS = { folder: 'kafka-4.3.1', coordinates: ['org.apache.kafka:kafka_2.13:4.3.1', 'org.slf4j:slf4j-simple:1.7.36'] }
const FORMAT_MS = 60_000
const READY_MS = 60_000

export interface KafkaServerOptions {
  /** The folder of jars, as found by findKafka. */
  readonly jars: string
  readonly dataDir: string
  readonly port: number
  readonly controllerPort: number
  readonly logPath: string
  /** For throw-away data: the end is immediate. */
  readonly disposable: boolean
  /** Further doors for clients that reach the broker by way of a proxy: each is told the proxy's port. */
  readonly doors?: readonly KafkaDoor[]
  readonly track?: TrackProcess | undefined
}

export interface KafkaDoor {
  /** Capital letters and digits. */
  readonly name: string
  readonly port: number
  readonly advertisedPort: number
}

/** @returns the folder of its jars, or null when Java or Maven is missing */
export async function findKafka(repository: string, progress: Progress, track?: TrackProcess): Promise<string | null> {
  return hasMaven() ? await fetchJars(JARS, repository, progress, track) : null
}

/** Writes its settings, and formats its storage on the first start. @throws Error with the tool's own words, such as a Java too old */
export async function prepareKafka(options: KafkaServerOptions): Promise<void> {
  mkdirSync(options.dataDir, { recursive: true })
  writeFileSync(configPath(options), properties(options))
  if (!existsSync(join(options.dataDir, 'log/meta.properties'))) await format(options)
}

/** Starts it, prepared, and waits until it accepts clients. */
export async function startKafka(options: KafkaServerOptions): Promise<RunningProcess> {
  const server = await startProcess({
    name: 'Kafka',
    command: 'java',
    args: [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
      ...['-cp', join(options.jars, '*'), 'kafka.Kafka', configPath(options)],
    ],
    logPath: options.logPath,
    stopSignal: options.disposable ? 'SIGKILL' : 'SIGTERM',
    stopMs: 6_000,
    track: options.track,
  })
  // An open port of a broker that is still recovering answers nothing: it is fenced until its controller heard of it.
  await waitUntilReady(server, () => isPortOpen(options.port), { limitMs: READY_MS, everyMs: 100, logPath: options.logPath })
  return server
}

function properties(options: KafkaServerOptions): string {
  const broker = `${LOOPBACK}:${options.port}`
  const controller = `${LOOPBACK}:${options.controllerPort}`
  const { doors = [] } = options
  const opened = doors.map(({ name, port }) => `,${name}://${LOOPBACK}:${port}`).join('')
  const advertised = doors.map(({ name, advertisedPort }) => `,${name}://${LOOPBACK}:${advertisedPort}`).join('')
  const protocols = doors.map(({ name }) => `,${name}:PLAINTEXT`).join('')
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${controller}`,
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}${opened}`,
    'advertised.listeners': `PLAINTEXT://${broker}${advertised}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(options.dataDir, 'log'),
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // After a kill the controller waits for the old session to end before the new one may serve.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    'log.cleaner.dedupe.buffer.size': '16777216',
    'num.network.threads': '2',
    'num.io.threads': '2',
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

async function format(options: KafkaServerOptions): Promise<void> {
  rmSync(join(options.dataDir, 'log'), { recursive: true, force: true })
  // 16 bytes as base64url: what StorageTool's random-uuid prints, without the two seconds of a second JVM.
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')
  const args = ['-XX:TieredStopAtLevel=1', '-cp', join(options.jars, '*'), 'kafka.tools.StorageTool']
  const { logPath, track } = options
  // With `=`: one id in 64 begins with a hyphen.
  args.push('format', `--cluster-id=${id}`, '-c', configPath(options))
  await runToEnd({ name: "Kafka's storage tool", command: 'java', args, logPath, track }, FORMAT_MS)
}

function configPath(options: KafkaServerOptions): string {
  return join(options.dataDir, 'server.properties')
}
