/** A private Redis Cluster of masters without replicas: each holds an equal part of the slots. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort, LOOPBACK } from './port.ts'
import type { RunningProcess } from './process.ts'
import { startRedis, type RedisServerOptions } from './redis.ts'

export interface RedisClusterNode {
  readonly port: number
  /** Where it talks to the others. */
  readonly clusterPort: number
  /** It knows the cluster again when it is started in it anew. */
  readonly dataDir: string
  readonly process: RunningProcess
}

const SLOTS = 16_384
const FORMED_MS = 15_000

/** As REDIS_URL names a cluster. */
export function redisClusterUrl(nodes: readonly Pick<RedisClusterNode, 'port'>[]): string {
  return `redis-cluster://${nodes.map(({ port }) => `${LOOPBACK}:${port}`).join()}`
}

/** Starts the nodes and waits until each sees all slots served. @param options.dataDir of which each node takes a folder */
export async function startRedisCluster(
  options: Omit<RedisServerOptions, 'port' | 'clusterPort'>,
  size = 3,
): Promise<readonly RedisClusterNode[]> {
  const nodes: RedisClusterNode[] = []
  for (let n = 0; n < size; n++) {
    const [port, clusterPort] = [await freePort(), await freePort()]
    const dataDir = join(options.dataDir, `node-${n + 1}`)
    const process = await startRedis({ ...options, dataDir, port, clusterPort })
    nodes.push({ port, clusterPort, dataDir, process })
    const first = Math.floor((n * SLOTS) / size)
    const last = Math.floor(((n + 1) * SLOTS) / size) - 1
    await command(port, 'cluster', 'set-config-epoch', String(n + 1))
    await command(port, 'cluster', 'addslotsrange', String(first), String(last))
    const [seed] = nodes
    if (n > 0) await command(port, 'cluster', 'meet', LOOPBACK, String(seed?.port), String(seed?.clusterPort))
  }
  await formed(nodes)
  return nodes
}

async function formed(nodes: readonly RedisClusterNode[]): Promise<void> {
  const endMs = performance.now() + FORMED_MS
  for (const { port } of nodes) {
    // Its state is ok with slots that nobody serves, too: full coverage is not required.
    const isFormed = async () => {
      const info = String(await command(port, 'cluster', 'info'))
      return ['cluster_state:ok', `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${nodes.length}`].every((line) => info.includes(line))
    }
    while (!(await isFormed())) {
      if (performance.now() > endMs) throw new Error(`The Redis Cluster has not formed within ${FORMED_MS} ms`)
      await sleep(50)
    }
  }
}

async function command(port: number, name: string, ...args: readonly string[]): Promise<unknown> {
  const redis = new Redis(port, LOOPBACK, { connectTimeout: 2_000, commandTimeout: 5_000, maxRetriesPerRequest: 0, retryStrategy: null })
  redis.on('error', () => {})
  try {
    return await redis.call(name, ...args)
  } finally {
    redis.disconnect()
  }
}
