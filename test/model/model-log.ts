/** The event log: one list a partition, written by a relay that may die half way, read run by run from any offset. */
import { BUCKET_COUNT, bucketOf } from '../../shared/bucket.ts'
import type { LogRun, ProductEvent } from '../../shared/event-log.ts'
import { stampTimeline, type Stamp } from '../../shared/stamp.ts'
import { LostConnection } from './model-database.ts'
import type { World } from './model-world.ts'

type LogRecord = { readonly event: ProductEvent } | { readonly heartbeat: Stamp }

export interface ModelLog {
  publish(events: readonly ProductEvent[]): Promise<void>
  heartbeat(stamp: Stamp): Promise<void>
  end(partition: number): number
  /** Up to `count` records from `from` on; null when there is none yet. */
  read(partition: number, from: number, count: number): LogRun | null
}

/** @param failing how often a publication is cut off, or acknowledged in vain */
export function createModelLog(world: World, failing: number): ModelLog {
  const partitions = Array.from({ length: BUCKET_COUNT }, (): LogRecord[] => [])
  const of = (partition: number) => partitions[partition] as LogRecord[]

  async function append(records: readonly { readonly partition: number; readonly record: LogRecord }[]): Promise<void> {
    for (const { partition, record } of records) {
      // Partitions are written by different brokers: a part of a page may be there and the rest not.
      if (world.chance(failing)) throw new LostConnection('the log did not take it')
      of(partition).push(record)
    }
    await world.step('log: acknowledged')
    if (world.chance(failing)) throw new LostConnection('the acknowledgement was lost')
  }

  return {
    async publish(events) {
      await world.step('log: publish')
      await append(events.map((event) => ({ partition: bucketOf(event.productId), record: { event } })))
    },
    async heartbeat(stamp) {
      await world.step('log: heartbeat')
      await append(partitions.map((_, partition) => ({ partition, record: { heartbeat: stamp } })))
    },
    end: (partition) => of(partition).length,
    read(partition, from, count) {
      const records = of(partition).slice(from, from + count)
      if (records.length === 0) return null
      const before = of(partition).slice(0, from + records.length)
      const heartbeats = records.flatMap((record) => ('heartbeat' in record ? [record.heartbeat] : []))
      return {
        partition,
        from,
        to: from + records.length,
        events: records.flatMap((record) => ('event' in record ? [record.event] : [])),
        offsets: records.flatMap((record, n) => ('event' in record ? [from + n] : [])),
        heartbeat: heartbeats.toSorted().at(-1) ?? null,
        newestTimeline: Math.max(0, ...before.map((record) => stampTimeline('event' in record ? record.event.stamp : record.heartbeat))),
      }
    },
  }
}
