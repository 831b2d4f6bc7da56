/** Copies in the shared cache, each read with the watermark that vouches for it: all reads of one turn are one MGET a bucket. */
import { bucketOf } from '../../shared/bucket.ts'
import { NO_STAMP, type Stamp } from '../../shared/stamp.ts'
import type { BucketRead, CacheStore, CopyKey } from './cache-store.ts'
import { decodeCopy, HEADER_BYTES, type Copy } from './copy.ts'
import { trustOf } from './trust.ts'
import { createTurnBatch } from './turn-batch.ts'

export interface FoundCopy {
  /** `unfillable`: missing, and FILL would refuse it, since the bucket has no watermark. `away`: the cache could not be asked. */
  readonly state: 'trusted' | 'suspect' | 'missing' | 'unfillable' | 'away'
  /** Also set where it counts as missing (another generation's): it may still be the last known one. */
  readonly copy: Copy | null
  /** As encodePayload made it. */
  readonly payload: Buffer | null
  /** Whatever vouches best for the copy, trusted or not. */
  readonly vouched: Stamp
}

export interface CopySource {
  /** Never rejects. */
  read(key: CopyKey): Promise<FoundCopy>
}

/** Copies of one MGET batch at most. */
const COPIES_AT_MOST = 256

export const AWAY: FoundCopy = { state: 'away', copy: null, payload: null, vouched: NO_STAMP }

export interface CopySourceParts {
  readonly store: CacheStore
  readonly nowUs: () => number
  readonly defer?: (send: () => void) => void
  /** False: every copy is suspect. Default: never. */
  readonly clockIsSound?: () => boolean
}

export function createCopySource({ store, nowUs, defer, clockIsSound = () => true }: CopySourceParts): CopySource {
  const readInTurn = createTurnBatch((keys: readonly CopyKey[]) => readByBucket(store, keys), {
    maxItems: COPIES_AT_MOST,
    ...(defer === undefined ? {} : { defer }),
  })
  return {
    async read(key) {
      try {
        const raw = await readInTurn(key)
        // Counted by the store. Memory and the databases answer without it.
        if (raw === null) return AWAY
        const { watermark, bytes } = raw
        const found = judge(watermark, bytes, nowUs())
        return found.state === 'trusted' && !clockIsSound() ? { ...found, state: 'suspect' } : found
      } catch {
        return AWAY
      }
    },
  }
}

interface RawCopy {
  readonly watermark: BucketRead['watermark']
  readonly bytes: Buffer | null
}

async function readByBucket(store: CacheStore, keys: readonly CopyKey[]): Promise<readonly (RawCopy | null)[]> {
  const byBucket = new Map<number, { keys: CopyKey[]; places: number[] }>()
  keys.forEach((key, place) => {
    const bucket = bucketOf(key.productId)
    const group = byBucket.get(bucket) ?? { keys: [], places: [] }
    group.keys.push(key)
    group.places.push(place)
    byBucket.set(bucket, group)
  })
  const groups = [...byBucket]
  const reads = await store.readMany(groups.map(([bucket, group]) => ({ bucket, keys: group.keys })))
  const found: (RawCopy | null)[] = []
  groups.forEach(([, group], i) => {
    const read = reads[i] ?? null
    group.places.forEach((place, j) => (found[place] = read === null ? null : { watermark: read.watermark, bytes: read.copies[j] ?? null }))
  })
  return found
}

function judge(watermark: BucketRead['watermark'], bytes: Buffer | null, nowUs: number): FoundCopy {
  const copy = bytes === null ? null : decodeCopy(bytes)
  const payload = copy === null ? null : (bytes?.subarray(HEADER_BYTES) ?? null)
  const trust = copy === null ? null : trustOf(copy, watermark, nowUs)
  if (trust === null) {
    return { state: watermark === null ? 'unfillable' : 'missing', copy, payload, vouched: copy?.asOf ?? NO_STAMP }
  }
  return { state: trust.trusted ? 'trusted' : 'suspect', copy, payload, vouched: trust.vouched }
}
