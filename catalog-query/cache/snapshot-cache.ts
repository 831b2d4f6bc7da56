/** Keeps what was read of a database in memory for as long as its asOf may be trusted: lists, trees, look-ups. */
import { LRUCache } from 'lru-cache'
import { CatalogError } from '../../shared/problem.ts'
import { nowUs, stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { Snapshot } from './product-read.ts'
import { positionSatisfies } from './token-rule.ts'
import { isFresh, LAST_KNOWN_US, TRUST_US } from './trust.ts'

/** A value and the snapshot that it was read in. */
export interface Vouched<Value> {
  readonly value: Value
  /** The asOf of the snapshot: the time that vouches for the value. */
  readonly vouched: Stamp
  /** Any position strictly later contains the value (token-rule.ts). */
  readonly contained: Stamp
  readonly tier: 'memory' | 'replica' | 'primary'
  /** Nothing could show that it is fresh: to be marked stale. */
  readonly marked: boolean
}

export type Load<Value> = (token: ConsistencyToken | null) => Promise<Vouched<Value>>

export interface SnapshotCache<Value> {
  /**
   * The value in memory if its asOf is at most B old (or `trustUs`; of a marked one: if it was loaded a second ago at most) and later than the
   * token; else `load`, which concurrent callers of one key share (a caller with a token never shares: another's snapshot need not satisfy it).
   * A hit answers without a promise.
   * @throws what `load` throws; unless there is no token and a value at most 10 minutes old, which is answered marked
   */
  read(key: string, token: ConsistencyToken | null, load: Load<Value>): Vouched<Value> | Promise<Vouched<Value>>
  /** The value in memory, however old: for whoever can prove it otherwise. */
  recall(key: string): Value | null
  /** As read, but never from memory alone: what is there has been proved wrong. */
  reload(key: string, token: ConsistencyToken | null, load: Load<Value>): Promise<Vouched<Value>>
  sizeBytes(): number
}

export interface SnapshotCacheOptions<Value> {
  readonly maxBytes: number
  /** Of one value, with what holds it. */
  readonly sizeOf: (value: Value) => number
  /** For what costs much and says how old it is: trusted this long instead of B, unless it is marked; microseconds, at most 60 s. Asked at every read. */
  readonly trustUs?: () => number
  /** A value read while older than this part of its trust is read again in the background, so that nobody waits for it. Absent: never. */
  readonly refreshAfter?: number
  readonly nowUs?: () => number
}

const ENTRY_OVERHEAD_BYTES = 300

/**
 * How long a marked value is good after it was loaded, microseconds. Its asOf was older than B when it came, so that counted from there it would be
 * good never, and while no database is current every reader would ask one again. Short, since a current one may be back at any time.
 */
const MARKED_LIFE_US = 1_000_000

interface Kept<Value> extends Vouched<Value> {
  /** When a load last found nothing later than it, by our clock. */
  readonly loadedUs: number
}

export function createSnapshotCache<Value extends {}>(options: SnapshotCacheOptions<Value>): SnapshotCache<Value> {
  const { trustUs = () => TRUST_US, refreshAfter = Infinity, nowUs: clock = nowUs } = options
  const values = new LRUCache<string, Kept<Value>>({ maxSize: Math.max(1, options.maxBytes) })
  const loading = new Map<string, Promise<Vouched<Value>>>()

  function keep(key: string, loaded: Vouched<Value>): void {
    const known = values.peek(key)
    const loadedUs = clock()
    // Two loads of one key may end in either order, and a database may be behind the one that was asked before: the later snapshot stays.
    const later = known !== undefined && known.vouched > loaded.vouched ? known : loaded
    const marked = later.marked || (loaded.marked && !isFresh(later.vouched, loadedUs, trustUs()))
    const size = options.sizeOf(later.value) + 2 * key.length + ENTRY_OVERHEAD_BYTES
    values.set(key, { ...later, tier: 'memory', marked, loadedUs }, { size })
  }

  async function loadAndKeep(key: string, token: ConsistencyToken | null, load: Load<Value>): Promise<Vouched<Value>> {
    const loaded = await load(token)
    keep(key, loaded)
    return loaded
  }

  function loadShared(key: string, load: Load<Value>): Promise<Vouched<Value>> {
    const known = loading.get(key)
    if (known !== undefined) return known
    const promise = loadAndKeep(key, null, load).finally(() => loading.delete(key))
    loading.set(key, promise)
    return promise
  }

  async function loadOrLastKnown(key: string, load: Load<Value>): Promise<Vouched<Value>> {
    try {
      return await loadShared(key, load)
    } catch (error) {
      const known = values.get(key)
      const unavailable = error instanceof CatalogError && error.status === 503
      if (!unavailable || known === undefined || clock() - stampTimeUs(known.vouched) > LAST_KNOWN_US) throw error
      return { ...known, marked: true }
    }
  }

  return {
    read(key, token, load) {
      const known = values.get(key)
      const now = clock()
      if (known === undefined || !isGood(known, now, trustUs()) || (token !== null && !positionSatisfies(known.vouched, token))) {
        return token === null ? loadOrLastKnown(key, load) : loadAndKeep(key, token, load)
      }
      if (!known.marked && now - stampTimeUs(known.vouched) > trustUs() * refreshAfter) {
        // A failure here is nobody's: the value stays until B, and then a reader gets the error.
        loadShared(key, load).catch(() => {})
      }
      return known
    },
    recall: (key) => values.get(key)?.value ?? null,
    reload: (key, token, load) => (token === null ? loadOrLastKnown(key, load) : loadAndKeep(key, token, load)),
    sizeBytes: () => values.calculatedSize,
  }
}

function isGood(known: Kept<unknown>, now: number, trustUs: number): boolean {
  return known.marked ? now - known.loadedUs <= MARKED_LIFE_US : isFresh(known.vouched, now, trustUs)
}

/** What a snapshot says of a value made from its rows. */
export function vouchedBy<Value>(snapshot: Snapshot<unknown>, value: Value): Vouched<Value> {
  const { asOf, contained, tier, marked } = snapshot
  return { value, vouched: asOf, contained, tier, marked }
}
