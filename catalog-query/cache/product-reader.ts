/**
 * Reads a product from the first place that has it and may be trusted:
 * 1. memory, without a promise;
 * 2. Redis: a copy that its watermark or its own asOf vouches for;
 * 3. Redis, suspect: its rev is checked in a database; the same → served with that snapshot's asOf, and touched;
 * 4. a database: one load an id in this process, one across processes (the herd lock), rendered once, offered to Redis by FILL;
 * 5. no database answers: the last known copy, at most 10 minutes old, marked; else unavailable.
 * Pure over its ports: the model runs this very code with every await interleaved. Steps 2 to 5 are read-below.ts.
 */
import { bucketOf } from '../../shared/bucket.ts'
import { representationCode, type Representation } from '../../shared/representation.ts'
import type { CacheStore } from './cache-store.ts'
import { createCopyKeeper } from './copy-keeper.ts'
import { createCopySource } from './copy-source.ts'
import type { MemoryTier } from './memory-tier.ts'
import type { ProductLoader } from './product-loader.ts'
import type { ProductRead, ReadProduct, ReadProducts } from './product-read.ts'
import { createReadBelow, type Asked } from './read-below.ts'
import type { ReaderObserver } from './reader-observer.ts'

export interface ProductReaderParts {
  readonly memory: MemoryTier
  /** null: there is no Redis; every memory entry is then trusted by its own asOf alone. */
  readonly store: CacheStore | null
  readonly loader: ProductLoader
  /** Microseconds since 1970. */
  readonly nowUs: () => number
  /** Waits between two looks at Redis: while another process loads, or an event or a heartbeat is on its way. */
  readonly pause: (waitMs: number) => Promise<unknown>
  /** When a turn's reads of Redis are sent (turn-batch.ts). */
  readonly defer?: (send: () => void) => void
  /** False: our clock may be wrong, so every copy is suspect (docs/consistency.md, point 5). Default: it never is. */
  readonly clockIsSound?: () => boolean
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number
  readonly observe: ReaderObserver
}

export interface ProductReader {
  readonly readProduct: ReadProduct
  readonly readMany: ReadProducts
}

export function createProductReader(parts: ProductReaderParts): ProductReader {
  const { memory, observe, nowUs, clockIsSound = () => true } = parts
  const readShared = shareFlights(createReadBelow(belowParts(parts)))
  const codeOf = createCodes()

  function read(id: string, representation: Representation, { token, herd }: Pick<Asked, 'token' | 'herd'>) {
    const code = codeOf(representation)
    const hit = clockIsSound() ? memory.get(id, code, token, nowUs()) : null
    if (hit === null)
      return readShared({
        key: { productId: id, code },
        bucket: bucketOf(id),
        representation,
        token,
        herd,
        moment: memory.moment(),
      })
    observe.read('memory')
    return hit
  }

  return {
    readProduct: (id, representation, token) => read(id, representation, { token, herd: true }),
    readMany: (ids, representation, token) => Promise.all(ids.map(async (id) => await read(id, representation, { token, herd: false }))),
  }
}

function belowParts(parts: ProductReaderParts): Parameters<typeof createReadBelow>[0] {
  const { store, random = Math.random } = parts
  if (store === null) return { ...parts, copies: null, keeper: null }
  return { ...parts, copies: createCopySource({ ...parts, store }), keeper: createCopyKeeper({ ...parts, store, random }) }
}

/**
 * Callers of one representation share one read (groupcache's singleflight). The owner of a token reads alone: a read that began before
 * its write need not show it.
 */
function shareFlights(read: (asked: Asked) => Promise<ProductRead>): (asked: Asked) => Promise<ProductRead> {
  const flights = new Map<string, Promise<ProductRead>>()
  return (asked) => {
    if (asked.token !== null) return read(asked)
    const name = `${asked.key.productId}:${asked.key.code}`
    const flight = flights.get(name)
    if (flight !== undefined) return flight
    const started = read(asked).finally(() => flights.delete(name))
    flights.set(name, started)
    return started
  }
}

/** Representations are few and live long (reference-data.ts), so each one's code is made once. */
function createCodes(): (representation: Representation) => string {
  const codes = new WeakMap<Representation, string>()
  return (representation) => {
    const known = codes.get(representation)
    if (known !== undefined) return known
    const code = representationCode(representation)
    codes.set(representation, code)
    return code
  }
}
