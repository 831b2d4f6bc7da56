/** Runs all of a scenario's traffic for its time. */
import { createRecentWrites } from './recent-writes.ts'
import { followChain } from './chains.ts'
import { probe } from './probes.ts'
import { runReaders } from './readers.ts'
import type { Rates, Traffic } from './traffic.ts'
import { runWriters, type WrittenEdit } from './writers.ts'

/** Of the edits, in turn: a chain, then a probe, the rest are only read about. */
const FOLLOW_EVERY = 8
const MAX_FOLLOWERS = 32
const LONGER_AT_MOST = 1.5

export interface TrafficSpan {
  readonly durationMs: number
  /** When the time is over and fewer reads than this have been answered, it goes on, for half as long again at most. */
  readonly untilReads: number
  /** Aborted: nothing more is sent. */
  readonly signal: AbortSignal
}

/** Resolves when the last request is answered or given up. */
export async function runTraffic(
  traffic: Traffic,
  { readsPerSecond, editsPerSecond }: Rates,
  { durationMs, untilReads, signal }: TrafficSpan,
): Promise<void> {
  const longestMs = durationMs * LONGER_AT_MOST
  const read = new AbortController()
  const isOver = (elapsedMs: number) =>
    signal.aborted || elapsedMs >= longestMs || (elapsedMs >= durationMs && traffic.logs.reads.count >= untilReads)
  const recent = createRecentWrites()
  const followers = new Set<Promise<void>>()
  let written = 0

  function onWritten(edit: WrittenEdit): void {
    recent.written(edit.edit.product)
    const turn = written++ % FOLLOW_EVERY
    if (turn > 1 || followers.size >= MAX_FOLLOWERS) return
    const follower = (turn === 0 ? followChain(traffic, edit, recent) : probe(traffic, edit)).finally(() => followers.delete(follower))
    followers.add(follower)
  }

  await Promise.all([
    runWriters(traffic, {
      ratePerSecond: editsPerSecond,
      durationMs: longestMs,
      signal: AbortSignal.any([signal, read.signal]),
      onWritten,
    }),
    runReaders(traffic, { ratePerSecond: readsPerSecond, isOver, recent }).finally(() => read.abort()),
  ])
  await Promise.all(followers)
}
