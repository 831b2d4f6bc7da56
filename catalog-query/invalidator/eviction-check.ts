/** Waits for a Redis that may be used: one that is there and evicts only what has a TTL. */
import { pause } from '../../shared/lifecycle.ts'
import { refuseAllkeysEviction, type RedisClient } from '../../shared/redis.ts'

const ASK_EVERY_MS = 500

/**
 * Resolves when it may be used, or when the signal is aborted. An operator can change the policy meanwhile.
 * @param onRefused told why, each time that it is refused
 */
export async function waitForRedis(redis: RedisClient, signal: AbortSignal, onRefused: (reason: Error) => void): Promise<void> {
  while (!signal.aborted) {
    if (redis.status === 'ready') {
      const refused = await refuseAllkeysEviction(redis).catch((error: Error) => error)
      if (refused === undefined) return
      onRefused(refused)
    }
    await pause(ASK_EVERY_MS, signal)
  }
}
