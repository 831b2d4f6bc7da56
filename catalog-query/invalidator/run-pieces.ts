/** Cuts a run into calls of APPLY of bounded size, with the representations rendered that are resident. */
import type { LogRun, ProductEvent } from '../../shared/event-log.ts'
import type { ProductDocument } from '../../shared/product-document.ts'
import { parseRepresentationCode } from '../../shared/representation.ts'
import type { AppliedEvent, CacheStore } from '../cache/cache-store.ts'
import { encodePayload } from '../cache/copy.ts'
import { renderCopy } from '../cache/render-copy.ts'

/** Of one APPLY, which holds up everything else in Redis while it runs. */
export const EVENTS_PER_CALL = 16
export const BYTES_PER_CALL = 256 * 1024

export interface PieceOptions {
  readonly store: Pick<CacheStore, 'residents'>
  /** This host's clock, microseconds since 1970. */
  readonly nowUs: () => number
  /** Default and greatest: EVENTS_PER_CALL. The model cuts its short runs smaller. */
  readonly eventsPerCall?: number
}

export interface RunPiece {
  readonly from: number
  readonly to: number
  readonly events: readonly AppliedEvent[]
  readonly isLast: boolean
}

/**
 * Pieces in order, each up to its last event, the last one up to the run's end. A run without events is one piece, and Redis is not
 * asked what is resident. A piece claims exactly the offsets whose events it holds: with fewer, a twin that has come beyond the claim
 * but not beyond the events would have the piece left out, and its events lost.
 */
export async function* toPieces(run: LogRun, { store, nowUs, eventsPerCall = EVENTS_PER_CALL }: PieceOptions): AsyncGenerator<RunPiece> {
  const { events, offsets } = run
  let done = 0
  let from = run.from
  for (let at = 0; at < events.length; at += eventsPerCall) {
    const chunk = events.slice(at, at + eventsPerCall)
    const { resident } = await store.residents(
      run.partition,
      chunk.map((event) => event.productId),
    )
    const rendered = chunk.map((event, i) => render(event, resident[i] ?? [], nowUs() / 1000))
    for (const part of boundedBytes(rendered)) {
      if (part.at(-1) === rendered.at(-1) && at + eventsPerCall >= events.length) {
        yield { from, to: run.to, events: part, isLast: true }
        return
      }
      done += part.length
      const to = (offsets[done - 1] as number) + 1
      yield { from, to, events: part, isLast: false }
      from = to
    }
  }
  yield { from, to: run.to, events: [], isLast: true }
}

/** A code that gets no payload is deleted where it is resident: an omitted or unreadable document, or one that is too large here. */
function render(event: ProductEvent, codes: readonly string[], nowMs: number): AppliedEvent {
  const { productId, rev, stamp, state, changedAtMs } = event
  const payloads = new Map<string, Buffer>()
  if (codes.length > 0 && !event.omitted) {
    try {
      const document = event.doc === null ? null : (JSON.parse(event.doc) as ProductDocument)
      const source = { state, rev, document, changedAtMs, contained: stamp }
      let sizeBytes = 0
      for (const code of codes) {
        const payload = encodePayload(renderCopy(source, parseRepresentationCode(code), nowMs))
        sizeBytes += payload.length
        if (sizeBytes <= BYTES_PER_CALL) payloads.set(code, payload)
      }
    } catch {
      // A document that cannot be rendered must not stop its partition.
      payloads.clear()
    }
  }
  return { productId, rev, stamp, payloads }
}

function* boundedBytes(events: readonly AppliedEvent[]): Generator<AppliedEvent[]> {
  let part: AppliedEvent[] = []
  let sizeBytes = 0
  for (const event of events) {
    const eventBytes = [...event.payloads.values()].reduce((sum, payload) => sum + payload.length, 0)
    if (part.length > 0 && sizeBytes + eventBytes > BYTES_PER_CALL) {
      yield part
      part = []
      sizeBytes = 0
    }
    part.push(event)
    sizeBytes += eventBytes
  }
  if (part.length > 0) yield part
}
