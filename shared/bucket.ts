/** Where a product lives: its bucket (Kafka partition and Redis hash tag) and its slot in that bucket's table. */
import { crc32 } from 'node:zlib'

/** Also the partition count of the product topic. Never changed: a product would move between orders. */
export const BUCKET_COUNT = 16
export const SLOTS_PER_BUCKET = 1024

/** CRC-32 (IEEE) of the lower-case UUID text: `crc mod 16`. */
export function bucketOf(productId: string): number {
  return crc32(productId) % BUCKET_COUNT
}

/** `floor(crc / 16) mod 1024`: independent of the bucket's bits. */
export function slotOf(productId: string): number {
  return Math.floor(crc32(productId) / BUCKET_COUNT) % SLOTS_PER_BUCKET
}
