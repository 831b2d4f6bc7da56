/** What is done to Redis from the side: commands, and a failover to a copy that has not heard the latest. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Cluster } from '../cluster/cluster.ts'
import { LOOPBACK } from '../../stack/port.ts'

const COPIED_MS = 10_000

/** On a connection of its own, past all edges. */
export async function redisCommand(port: number, [command = '', ...args]: readonly string[]): Promise<unknown> {
  const redis = new Redis(port, LOOPBACK, { connectTimeout: 2_000, commandTimeout: 5_000, maxRetriesPerRequest: 0, retryStrategy: null })
  redis.on('error', () => {})
  try {
    return await redis.call(command, ...args)
  } finally {
    redis.disconnect()
  }
}

const SAMPLED_KEYS = 1_000

/** @returns how much memory it may have for so large a share of the copies it holds now, bytes */
export async function memoryFor(port: number, share: number): Promise<number> {
  const used = Number(/used_memory:(\d+)/.exec(String(await redisCommand(port, ['info', 'memory'])))?.[1])
  const [, keys] = (await redisCommand(port, ['scan', '0', 'match', '*:p:*', 'count', String(SAMPLED_KEYS)])) as [string, string[]]
  let copies = 0
  for (const key of keys) copies += Number(await redisCommand(port, ['memory', 'usage', key]))
  return Math.floor(used - (1 - share) * copies)
}

/**
 * Starts a copy that follows Redis, cuts its news off, and `behindMs` later kills Redis and lets the copy take its place.
 */
export async function failOverRedis(
  { edges, parts, ports }: Cluster,
  { behindMs, note }: { behindMs: number; note: (what: string) => void },
): Promise<void> {
  const edge = 'redis-copy>redis'
  const edgePort = await edges.open(edge, ports.redis)
  const part = (name: string) => parts.find((each) => each.name === name)!
  await part('redis-copy').start()
  await redisCommand(ports['redis-copy'], ['replicaof', LOOPBACK, String(edgePort)])
  await untilCopied(ports['redis-copy'])
  await edges.setMode(edge, { kind: 'freeze' })
  await sleep(behindMs)
  await part('redis').kill()
  await redisCommand(ports['redis-copy'], ['replicaof', 'no', 'one'])
  for (const name of ['query>redis', 'invalidator>redis']) await edges.setTarget(name, ports['redis-copy'])
  note(`the copy that took over was ${behindMs} ms behind`)
}

async function untilCopied(port: number): Promise<void> {
  const endMs = performance.now() + COPIED_MS
  while (!String(await redisCommand(port, ['info', 'replication'])).includes('master_link_status:up')) {
    if (performance.now() > endMs) throw new Error(`The copy of Redis has not caught up within ${COPIED_MS} ms`)
    await sleep(20)
  }
}
