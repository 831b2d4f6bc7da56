/** A program's connections to the one Redis server, each ended with the program. */
import { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Lifecycle } from '../../shared/lifecycle.ts'
import { createRedis } from '../../shared/redis.ts'
import type { WayParts } from './way.ts'

export interface Connections {
  readonly connect: WayParts['connect']
  /** All of them can be asked now. */
  isReady(): boolean
}

export function createConnections(url: string, lifecycle: Pick<Lifecycle, 'onStop'>, log: Pick<Logger, 'warn'>): Connections {
  const opened: Redis[] = []
  return {
    connect: (purpose) => {
      const redis = createRedis(url, purpose, log)
      lifecycle.onStop('redis', () => redis.disconnect())
      // bentocache and async-cache-dedupe take no cluster.
      if (!(redis instanceof Redis)) throw new Error('Expected one Redis server, not a cluster')
      opened.push(redis)
      return redis
    },
    isReady: () => opened.every(({ status }) => status === 'ready'),
  }
}
