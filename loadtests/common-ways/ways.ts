/** The common ways by name. */
import { openAsyncCacheDedupe } from './async-cache-dedupe.ts'
import { openBentocache } from './bentocache.ts'
import { openDeleteOnEvent } from './delete-on-event.ts'
import { openLayeredLoader } from './layered-loader.ts'
import type { Way, WayParts } from './way.ts'

interface CommonWay {
  readonly open: (parts: WayParts) => Way | Promise<Way>
  /** How long after its event a product is invalidated once more; null: it is not. */
  readonly againAfterMs: number | null
}

export const COMMON_WAYS = {
  'delete-on-event': { open: openDeleteOnEvent, againAfterMs: null },
  // As long as articles about it recommend: beyond the usual lag of a replica, 1 to 2 s.
  'delayed-double-delete': { open: openDeleteOnEvent, againAfterMs: 1_000 },
  bentocache: { open: openBentocache, againAfterMs: null },
  'layered-loader': { open: openLayeredLoader, againAfterMs: null },
  'async-cache-dedupe': { open: openAsyncCacheDedupe, againAfterMs: null },
} satisfies Record<string, CommonWay>

export type CommonWayName = keyof typeof COMMON_WAYS
export const COMMON_WAY_NAMES = Object.keys(COMMON_WAYS) as readonly CommonWayName[]
