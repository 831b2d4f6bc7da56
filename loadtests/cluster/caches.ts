/** The cluster's Redis: one server behind edges, with a second one that can take its place, or a Redis Cluster of three masters. */
import { join } from 'node:path'
import { redisClusterUrl, startRedisCluster } from '../../stack/redis-cluster.ts'
import { findRedis, redisUrl, startRedis, type RedisServerOptions } from '../../stack/redis.ts'
import type { TrackProcess } from '../../stack/process.ts'
import { createPart, type Part } from './part.ts'

export interface CacheOptions {
  readonly folder: string
  readonly ports: { readonly redis: number; readonly 'redis-copy': number }
  readonly track: TrackProcess
  readonly tell: (line: string) => void
  /** Opens an edge to the one server. @returns its port */
  readonly openEdge: (client: string) => Promise<number>
}

export interface Caches {
  readonly parts: readonly Part[]
  /** REDIS_URL of a program. */
  readonly urlFor: (program: string) => Promise<string>
}

const REPOSITORY = join(import.meta.dirname, '../..')
const MEMORY_MB = 128
const MASTERS = 3

async function serverOptions({ folder, track, tell }: CacheOptions, name: string): Promise<Omit<RedisServerOptions, 'port'>> {
  const command = await findRedis(REPOSITORY, tell)
  if (command === null) throw new Error('Expected redis-server or valkey-server on PATH, or Java and Maven to fetch one')
  return { command, dataDir: join(folder, name), logPath: join(folder, 'log', `${name}.log`), maxMemoryMb: MEMORY_MB, track }
}

/** Starts the one server; the copy is started by the scenario that needs it. */
export async function startOneRedis(options: CacheOptions): Promise<Caches> {
  const parts: Part[] = []
  for (const name of ['redis', 'redis-copy'] as const) {
    const server = { ...(await serverOptions(options, name)), port: options.ports[name] }
    parts.push(createPart(name, () => startRedis(server)))
  }
  await parts[0]!.start()
  return { parts, urlFor: async (program) => redisUrl(await options.openEdge(program)) }
}

/** Its masters are `redis-1` and so on, their replicas from `redis-4` on, without edges: they tell every client where the others are. */
export async function startCacheCluster(options: CacheOptions, replicas: 0 | 1): Promise<Caches> {
  const common = await serverOptions(options, 'redis')
  const nodes = await startRedisCluster({ ...common, masters: MASTERS, replicas })
  const parts = nodes.map(({ port, clusterPort, dataDir, process }, i) =>
    createPart(`redis-${i + 1}`, () => startRedis({ ...common, dataDir, port, clusterPort }), process),
  )
  return { parts, urlFor: () => Promise.resolve(redisClusterUrl(nodes)) }
}
