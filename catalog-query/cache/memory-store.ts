/** The CacheStore over a Map in this process: the same scripts without a Redis. For tests and the model, never for production. */
import { applyRun, copyKey, fill, touch, type BucketState } from './cache-scripts.ts'
import type { CacheStore } from './cache-store.ts'
import { decodeWatermark } from './watermark.ts'

export interface MemoryStore extends CacheStore {
  /** What a bucket holds, for a test to evict, to copy (a failover) or to look at. */
  readonly buckets: Map<number, Map<string, Buffer>>
}

/** Lifetimes are not kept: what a test wants evicted it deletes. */
export function createMemoryStore(buckets: Map<number, Map<string, Buffer>> = new Map()): MemoryStore {
  const entries = (bucket: number): Map<string, Buffer> => {
    const existing = buckets.get(bucket) ?? new Map<string, Buffer>()
    buckets.set(bucket, existing)
    return existing
  }
  const watermarkOf = (bucket: number) => decodeWatermark(entries(bucket).get('wm')?.toString('latin1') ?? '')
  return {
    buckets,
    readMany: async (requests) =>
      requests.map(({ bucket, keys }) => ({
        watermark: watermarkOf(bucket),
        copies: keys.map((key) => entries(bucket).get(copyKey(key.productId, key.code)) ?? null),
      })),
    apply: async (input) => applyRun(bucketState(entries(input.bucket)), input),
    fill: async (input) => fill(bucketState(entries(input.bucket)), input),
    touch: async (input) => touch(bucketState(entries(input.bucket)), input),
    residents: async (bucket, productIds) => {
      const codes = watermarkOf(bucket)?.codes ?? []
      return { codes, resident: productIds.map((id) => codes.filter((code) => entries(bucket).has(copyKey(id, code)))) }
    },
    lock: async (bucket, key) => {
      const name = `lock:${copyKey(key.productId, key.code)}`
      if (entries(bucket).has(name)) return false
      entries(bucket).set(name, Buffer.from('1'))
      return true
    },
    unlock: async (bucket, key) => void entries(bucket).delete(`lock:${copyKey(key.productId, key.code)}`),
  }
}

export function bucketState(map: Map<string, Buffer>): BucketState {
  return {
    get: (key) => map.get(key) ?? null,
    set: (key, value) => void map.set(key, value),
    delete: (key) => void map.delete(key),
  }
}
