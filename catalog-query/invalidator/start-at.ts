/** Where the invalidator begins with each partition: where the cache says it stands. */
import type { LogPosition, LogStart } from '../../shared/event-log.ts'
import { stampTimeline } from '../../shared/stamp.ts'
import type { CacheStore } from '../cache/cache-store.ts'

/** Records before the log's end to look at when the cache knows nothing: a heartbeat among them shows the timeline. */
const LOOK_BACK = 16

/**
 * A watermark that is missing, or outside the log, begins near the log's end: its generation will be a new one, for which nothing older matters.
 * @throws what the store or the log throws: the follower asks again
 */
export async function startAt(
  partition: number,
  store: Pick<CacheStore, 'readMany'>,
  position: (partition: number) => Promise<LogPosition>,
): Promise<LogStart> {
  const [read = null] = await store.readMany([{ bucket: partition, keys: [] }])
  if (read === null) throw new Error(`The cache cannot say where bucket ${partition} stands`)
  const { watermark } = read
  // After the watermark: a twin that moves it meanwhile cannot make it look as if it were beyond the log's end.
  const { earliest, end } = await position(partition)
  if (watermark === null || watermark.next < earliest || watermark.next > end) {
    return { offset: Math.max(earliest, end - LOOK_BACK), newestTimeline: 0 }
  }
  return { offset: watermark.next, newestTimeline: Math.max(stampTimeline(watermark.p), stampTimeline(watermark.ts)) }
}
