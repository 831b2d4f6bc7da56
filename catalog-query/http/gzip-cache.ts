/** Compressed JSON answers by tag: compressed once, when an answer turns out to be asked for again, never on the hot path. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { ownBytes } from '../cache/own-bytes.ts'

/** The gzip of a body that was asked for before; null: send it as it is. */
export type FindGzip = (tag: string, body: () => Buffer) => Buffer | null

/** Below this, headers outweigh what is saved. */
const COMPRESS_FROM_BYTES = 1_024
const LEVEL = 6
const ENTRY_OVERHEAD_BYTES = 200
const PENDING_AT_MOST = 4
const SEEN = Buffer.alloc(0)

const gzipAsync = promisify(gzip)

/**
 * Only gzip: whoever accepts brotli accepts it too, and 10 % fewer bytes are not worth a second copy of each.
 * The first answer is only noted: most pages are asked for once within their life. The second starts the work on zlib's own thread
 * and goes out as it is, so no request ever waits for it (a page of 24 cards, 12 KB: 0.1 ms; it becomes 2 KB).
 */
export function createGzipCache(maxBytes: number): FindGzip {
  const bodies = new LRUCache<string, Buffer>({ maxSize: Math.max(1, maxBytes) })
  const pending = new Set<string>()

  async function compress(tag: string, body: Buffer): Promise<void> {
    pending.add(tag)
    try {
      // zlib answers with a view of all that it had set aside.
      const compressed = ownBytes(await gzipAsync(body, { level: LEVEL }))
      bodies.set(tag, compressed, { size: compressed.length + ENTRY_OVERHEAD_BYTES })
    } finally {
      pending.delete(tag)
    }
  }

  return (tag, body) => {
    const known = bodies.get(tag)
    if (known === undefined) bodies.set(tag, SEEN, { size: ENTRY_OVERHEAD_BYTES })
    if (known === undefined || known.length > 0) return known ?? null
    if (!pending.has(tag) && pending.size < PENDING_AT_MOST) {
      const bytes = body()
      // A failure costs only the compression.
      if (bytes.length >= COMPRESS_FROM_BYTES) compress(tag, bytes).catch(() => {})
    }
    return null
  }
}
