/** The first tier: ready answers in this process, bounded by bytes, each for at most 0.7 s. */
import { LRUCache } from 'lru-cache'
import type { ConsistencyToken } from '../../shared/token.ts'
import { contentOf, orderOf } from './copy.ts'
import { ownBytes } from './own-bytes.ts'
import type { ProductRead } from './product-read.ts'
import { satisfies } from './token-rule.ts'
import { LAST_KNOWN_US, memoryDeadlineUs } from './trust.ts'
import { stampTimeUs } from '../../shared/stamp.ts'

export interface MemoryTier {
  /** Synchronous and without allocation. @returns null unless an entry is vouched for now and satisfies the token */
  get(id: string, code: string, token: ConsistencyToken | null, nowUs: number): ProductRead | null
  /** Keeps what a lower tier answered, unless it is not vouched for any more. */
  put(code: string, read: ProductRead, payload: Buffer, nowUs: number): void
  /** From pub/sub: something changed. For latency only: the entry would have ended by itself. */
  drop(id: string): void
  /** Now, in drops: what a read takes with it for `droppedSince`. */
  moment(): number
  /**
   * A read that began before the drop may have been answered before the change, and come back behind the drop, which takes another way:
   * kept, it would hide the change for as long as an entry lives. For latency only, as the drop itself; of the last few thousand drops.
   */
  droppedSince(id: string, moment: number): boolean
  /** The entry even if nothing vouches for it any more, at most 10 minutes old: for when no database answers. */
  lastKnown(id: string, code: string, nowUs: number): ProductRead | null
  /** Of the representations that are kept of a product, vouched for or not. */
  codes(id: string): readonly string[]
  sizeBytes(): number
}

interface Entry {
  readonly read: ProductRead
  readonly sizeBytes: number
  deadlineUs: number
}

/** All representations of a product are one entry of the LRU, so that `drop` finds them. */
type Product = Map<string, Entry>

const ENTRY_OVERHEAD_BYTES = 600
const DROPS_AT_MOST = 4_096

export function createMemoryTier(maxBytes: number): MemoryTier {
  const products = new LRUCache<string, Product>({ maxSize: Math.max(1, maxBytes) })
  const drops = new LRUCache<string, number>({ max: DROPS_AT_MOST })
  let moment = 0
  const find = (id: string, code: string): Entry | undefined => products.get(id)?.get(code)
  return {
    get(id, code, token, nowUs) {
      const entry = find(id, code)
      if (entry === undefined || nowUs > entry.deadlineUs || !satisfies(entry.read, token)) return null
      return entry.read
    },
    put(code, read, payload, nowUs) {
      const deadlineUs = memoryDeadlineUs(read.vouched, nowUs)
      if (read.marked || deadlineUs <= nowUs) return
      const product = products.peek(read.id)
      const known = product?.get(code)
      if (known !== undefined && known.deadlineUs > nowUs && isNewer(known.read, read)) return
      const entry = { read: ownRead(read, payload), sizeBytes: payload.length + ENTRY_OVERHEAD_BYTES, deadlineUs }
      // A new Map: the LRU looks at the size of a value only when the value is another one.
      const changed: Product = new Map(product).set(code, entry)
      products.set(read.id, changed, { size: sizeOf(changed) })
    },
    drop(id) {
      drops.set(id, ++moment)
      for (const entry of products.peek(id)?.values() ?? []) entry.deadlineUs = 0
    },
    moment: () => moment,
    droppedSince: (id, since) => (drops.get(id) ?? 0) > since,
    lastKnown(id, code, nowUs) {
      const entry = find(id, code)
      return entry !== undefined && nowUs - stampTimeUs(entry.read.vouched) <= LAST_KNOWN_US ? entry.read : null
    },
    codes: (id) => [...(products.peek(id)?.keys() ?? [])],
    sizeBytes: () => products.calculatedSize,
  }
}

/** Two reads of one product may end in either order: the newer content stays, and of the same content the one vouched for later. */
function isNewer(known: ProductRead, read: ProductRead): boolean {
  const [knownOrder, order] = [orderOf(known.vouched.slice(0, 4), known.rev), orderOf(read.vouched.slice(0, 4), read.rev)]
  return knownOrder > order || (knownOrder === order && known.vouched > read.vouched)
}

function sizeOf(product: Product): number {
  let total = 0
  for (const entry of product.values()) total += entry.sizeBytes
  return total
}

function ownRead(read: ProductRead, payload: Buffer): ProductRead {
  const { names, body, card } = contentOf(ownBytes(payload))
  return { ...read, names, body, card, tier: 'memory', forward: 'none' }
}
