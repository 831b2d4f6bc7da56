/** A private Redis Cluster: each master holds an equal part of the slots, and may have a replica that takes its place. */
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

export interface RedisClusterOptions extends Omit<RedisServerOptions, 'port' | 'clusterPort'> {
  /** Each node takes a folder of it. */
  readonly dataDir: string
  /** Default 3. */
  readonly masters?: number
  /** Of each master; default 0. One is promoted by the others when its master has been silent for 2 s. */
  readonly replicas?: 0 | 1
}

/** Starts the nodes, masters first, and waits until each sees all slots served and each replica has its copy. */
export async function startRedisCluster({
  masters = 3,
  replicas = 0,
  ...options
}: RedisClusterOptions): Promise<readonly RedisClusterNode[]> {
  const nodes: RedisClusterNode[] = []
  for (let n = 0; n < masters * (1 + replicas); n++) {
    const node = await startNode(options, n)
    if (n < masters) await takeSlots(node, n, masters)
    const [seed] = nodes
    if (seed !== undefined) await command(node.port, 'cluster', 'meet', LOOPBACK, String(seed.port), String(seed.clusterPort))
    nodes.push(node)
  }
  await formed(nodes)
  for (const [i, replica] of nodes.slice(masters).entries()) await follow(replica, nodes[i]!)
  return nodes
}

async function startNode(options: Omit<RedisServerOptions, 'port' | 'clusterPort'>, n: number): Promise<RedisClusterNode> {
  const [port, clusterPort] = [await freePort(), await freePort()]
  const dataDir = join(options.dataDir, `node-${n + 1}`)
  return { port, clusterPort, dataDir, process: await startRedis({ ...options, dataDir, port, clusterPort }) }
}

async function takeSlots({ port }: RedisClusterNode, n: number, masters: number): Promise<void> {
  const first = Math.floor((n * SLOTS) / masters)
  const last = Math.floor(((n + 1) * SLOTS) / masters) - 1
  await command(port, 'cluster', 'set-config-epoch', String(n + 1))
  await command(port, 'cluster', 'addslotsrange', String(first), String(last))
}

async function follow(replica: RedisClusterNode, master: RedisClusterNode): Promise<void> {
  await command(replica.port, 'cluster', 'replicate', String(await command(master.port, 'cluster', 'myid')))
  await until('A replica of the Redis Cluster has not copied its master', async () =>
    String(await command(replica.port, 'info', 'replication')).includes('master_link_status:up'),
  )
}

async function formed(nodes: readonly RedisClusterNode[]): Promise<void> {
  for (const { port } of nodes) {
    // Its state is ok with slots that nobody serves, too: full coverage is not required.
    await until('The Redis Cluster has not formed', async () => {
      const info = String(await command(port, 'cluster', 'info'))
      return ['cluster_state:ok', `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${nodes.length}`].every((line) => info.includes(line))
    })
  }
}

async function until(otherwise: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + FORMED_MS
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`${otherwise} within ${FORMED_MS} ms`)
    await sleep(50)
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
