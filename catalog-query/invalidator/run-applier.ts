/** Applies runs of the log to the cache, piece by piece; knows where to go on when the cache is ahead, behind or empty. */
import type { ApplyRun, LogPosition, LogRun } from '../../shared/event-log.ts'
import { toStamp } from '../../shared/stamp.ts'
import type { AppliedEvent, ApplyResult, CacheStore, WatermarkInit } from '../cache/cache-store.ts'
import { toPieces, type PieceOptions, type RunPiece } from './run-pieces.ts'

/** How far a new watermark's p is ahead of our own clock: beyond every P that was read before now on a host 250 ms ahead of us. */
const AHEAD_US = 500_000
const CHECK_RANGE_EVERY_US = 1_000_000

export interface RunApplierOptions extends PieceOptions {
  readonly store: Pick<CacheStore, 'apply' | 'residents'>
  /** The range that the log holds now. */
  readonly position: (partition: number) => Promise<LogPosition>
  /** newGeneration() */
  readonly newGeneration: () => string
  /** copyTtlMs() */
  readonly ttlMs: () => number
  /** Told of every APPLY that changed something, with the events that it applied. */
  readonly onApplied?: (piece: { bucket: number; events: readonly AppliedEvent[]; result: ApplyResult }) => void
  /** Told when the watermark was behind the run: something was lost, and is applied again. */
  readonly onGap?: (bucket: number) => void
  /** Told when a watermark was missing or outside the log, and was made anew. */
  readonly onNewWatermark?: (bucket: number) => void
}

/** @returns an ApplyRun that throws what the store throws: the run is to be handed in again */
export function createRunApplier(options: RunApplierOptions): ApplyRun {
  const { store, nowUs } = options
  const rangeCheckedUs = new Map<number, number>()

  return async function apply(run: LogRun): Promise<{ next: number }> {
    let next = run.from
    for await (const piece of toPieces(run, options)) {
      // A twin was here first.
      if (piece.to <= next && !piece.isLast) continue
      next = await applyPiece(run, piece)
      if (next < piece.to) return { next }
    }
    return { next: (await isBeyondLog(run, next)) ? await restart(run, next) : next }
  }

  /** @returns where the watermark stands then: before the piece's end after a gap */
  async function applyPiece(run: LogRun, piece: RunPiece): Promise<number> {
    const next = await send(run, piece, null)
    if (next !== null && next >= piece.from) return next
    if (next !== null && !(await isBeforeLog(run, next))) return next
    // Missing, or at an offset that the log holds no longer: a new generation, which this piece is the first to be applied to.
    // Before a first readable record there is no timeline to make one of, and without a watermark there is nothing to invalidate.
    if (run.newestTimeline === 0) return run.to
    await send(run, piece, watermarkInit(run, piece.from, next))
    return (await send(run, piece, null)) ?? piece.from
  }

  async function send(run: LogRun, piece: RunPiece, init: WatermarkInit | null): Promise<number | null> {
    const result = await store.apply({
      bucket: run.partition,
      from: piece.from,
      to: piece.to,
      heartbeat: piece.isLast ? run.heartbeat : null,
      events: piece.events,
      init,
      ttlMs: options.ttlMs(),
    })
    if (result.applied) options.onApplied?.({ bucket: run.partition, events: piece.events, result })
    return result.next
  }

  /**
   * p is later than every P in front of `next`: such a record was published before we read it, and its P was read before that.
   * The timeline is the newest we have seen; a record of a newer one stands behind, and will be applied.
   */
  function watermarkInit(run: LogRun, next: number, replaces: number | null): WatermarkInit {
    options.onNewWatermark?.(run.partition)
    return { gen: options.newGeneration(), next, p: toStamp(run.newestTimeline, nowUs() + AHEAD_US), replaces }
  }

  async function isBeforeLog(run: LogRun, next: number): Promise<boolean> {
    options.onGap?.(run.partition)
    return next < (await options.position(run.partition)).earliest
  }

  /** The watermark is ahead of the run: a twin's work, or that of a log which is gone. The log is asked at most once a second. */
  async function isBeyondLog(run: LogRun, next: number): Promise<boolean> {
    if (next <= run.to || nowUs() - (rangeCheckedUs.get(run.partition) ?? -Infinity) < CHECK_RANGE_EVERY_US) return false
    rangeCheckedUs.set(run.partition, nowUs())
    return next > (await options.position(run.partition)).end
  }

  async function restart(run: LogRun, replaces: number): Promise<number> {
    if (run.newestTimeline === 0) return run.to
    const nothing = { from: run.to, to: run.to, events: [], isLast: true }
    return (await send(run, nothing, watermarkInit(run, run.to, replaces))) ?? run.to
  }
}
