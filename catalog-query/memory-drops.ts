/** Drops memory entries as soon as an event says that a product changed: for latency only, an entry ends by itself within a second. */
import type { RedisClient } from '../shared/redis.ts'
import { DROP_CHANNEL, decodeDrop } from './cache/drop-channel.ts'
import type { EventFollower } from '../shared/event-log.ts'

export type Drop = (productIds: readonly string[]) => void

/** What the invalidators publish. @param redis a connection for this alone, not connected yet */
export function subscribeToDrops(redis: RedisClient, drop: Drop): void {
  redis.on('message', (_channel: string, message: string) => drop(decodeDrop(message)))
  // Anew with each connection: one that came to nothing has subscribed to nothing.
  redis.on('ready', () => void redis.subscribe(DROP_CHANNEL).catch(() => {}))
}

/** Without Redis there is nobody who publishes: the process follows the event log itself, from its end. */
export async function followDrops(follower: EventFollower, drop: Drop): Promise<void> {
  await follower.start(
    async (partition) => ({ offset: (await follower.position(partition)).end, newestTimeline: 0 }),
    (run) => {
      drop(run.events.map((event) => event.productId))
      return Promise.resolve({ next: run.to })
    },
  )
}
