/** Cuts what a fetch of one partition brought into runs of bounded size. */
import type { LogRun, ProductEvent } from './event-log.ts'
import { fromMessage, type ReceivedMessage } from './event-message.ts'
import { nowUs, stampTimeline, toStamp, type Stamp } from './stamp.ts'

const MAX_MESSAGES = 256
const MAX_BYTES = 1024 * 1024
/** No host's clock is further ahead of ours. */
const SKEW_US = 250_000

export interface ReadRun {
  readonly run: LogRun
  /** Messages that could not be read. */
  readonly unreadable: number
}

/**
 * Contiguous runs in order: each begins where the one before ended. A message that cannot be read is an event of unknown
 * content when its key names a product, else only an offset to step over.
 * @param newest the greatest timeline that the partition has shown before
 */
export function* toRuns(
  partition: number,
  messages: readonly (ReceivedMessage & { readonly offset: string })[],
  newest: number,
): Generator<ReadRun> {
  let timeline = newest
  let from = Number(messages[0]?.offset ?? 0)
  for (const slice of bounded(messages)) {
    const events: ProductEvent[] = []
    const offsets: number[] = []
    let heartbeat: Stamp | null = null
    let unreadable = 0
    for (const message of slice) {
      // P was read before the message was sent, so it lies before our own time, give or take the skew.
      const read = fromMessage(message, toStamp(timeline, nowUs() + SKEW_US))
      if (read.kind === 'unreadable' || read.kind === 'unknown-change') unreadable++
      if (read.kind === 'unreadable') continue
      const stamp = read.kind === 'heartbeat' ? read.stamp : read.event.stamp
      timeline = Math.max(timeline, stampTimeline(stamp))
      if (read.kind !== 'heartbeat') {
        events.push(read.event)
        offsets.push(Number(message.offset))
      } else if (heartbeat === null || stamp > heartbeat) heartbeat = stamp
    }
    const to = Number(slice.at(-1)?.offset ?? from - 1) + 1
    yield { run: { partition, from, to, events, offsets, heartbeat, newestTimeline: timeline }, unreadable }
    from = to
  }
}

function* bounded<M extends ReceivedMessage>(messages: readonly M[]): Generator<M[]> {
  let slice: M[] = []
  let sizeBytes = 0
  for (const message of messages) {
    const messageBytes = message.value?.length ?? 0
    if (slice.length > 0 && (slice.length === MAX_MESSAGES || sizeBytes + messageBytes > MAX_BYTES)) {
      yield slice
      slice = []
      sizeBytes = 0
    }
    slice.push(message)
    sizeBytes += messageBytes
  }
  if (slice.length > 0) yield slice
}
