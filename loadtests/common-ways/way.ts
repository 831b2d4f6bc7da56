/** What a common way of caching has to do, whatever library it is made of: read a product through its caches, and drop it from them. */
import type { Redis } from 'ioredis'

/** As the caches keep it. */
export interface CachedProduct {
  readonly rev: number
  /** JSON, as it is answered. */
  readonly body: string
  /** When the database had answered, milliseconds since 1970 with fractions. */
  readonly readAtMs: number
}

export interface Way extends AsyncDisposable {
  /** @returns null when there is no such product */
  read(id: string): Promise<CachedProduct | null>
  /** What is called for every event of the product. @throws when the caches could not be told: the event is then taken again */
  invalidate(id: string): Promise<void>
}

export interface WayParts {
  /** Opens one more connection, which ends with the program. */
  readonly connect: (purpose: 'cache' | 'pubsub') => Redis
  readonly load: (id: string) => Promise<CachedProduct | null>
}

/** Of the tier in a process, where there is one. */
export const MEMORY_TTL_MS = 60_000
export const REDIS_TTL_MS = 300_000
/** More than any run has products. */
export const MEMORY_ITEMS = 10_000
