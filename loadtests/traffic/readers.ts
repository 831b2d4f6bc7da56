/** Independent readers of all query processes: open loop, by Zipf's law, every fourth of them after a product that was just written. */
import { below, chance } from '../random.ts'
import { createZipf } from '../zipf.ts'
import { createReadLane, type ReadLane } from './read-lane.ts'
import type { RecentWrites } from './recent-writes.ts'
import type { Traffic } from './traffic.ts'

export interface ReaderOptions {
  /** Of all query processes together; arrivals are Poisson. */
  readonly ratePerSecond: number
  readonly recent: RecentWrites
  readonly isOver: (elapsedMs: number) => boolean
}

const ZIPF_EXPONENT = 1
const AFTER_WRITE = 0.25
const LOOK_EVERY_MS = 250

/** Ends when the last read that was sent is answered or given up. A read that is due while its lane is full is not sent, and counted. */
export async function runReaders(traffic: Traffic, { ratePerSecond, recent, isOver }: ReaderOptions): Promise<void> {
  const { random, products, queries, logs } = traffic
  const rank = createZipf(products.length, ZIPF_EXPONENT)
  const lanes = queries.map(({ origin }, process) => createReadLane(origin, { process, logs }))
  const looking = setInterval(() => lanes.forEach((lane) => lane.look()), LOOK_EVERY_MS)

  function arrive(dueMs: number): void {
    const product = (chance(random, AFTER_WRITE) ? recent.pick(random) : null) ?? products[rank(random)]!
    const lane = lanes[below(random, lanes.length)]!
    const nowMs = performance.now()
    logs.sentLate.recordMs(nowMs - dueMs)
    if (!lane.read(product, nowMs)) logs.dropped++
  }

  const gapMs = () => (-Math.log(1 - random()) * 1_000) / ratePerSecond
  const beganMs = performance.now()
  for (let dueMs = beganMs + gapMs(); !isOver(dueMs - beganMs);) {
    await waitUntil(dueMs)
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += gapMs()) arrive(dueMs)
  }
  await Promise.all(lanes.map((lane: ReadLane) => lane.finish()))
  clearInterval(looking)
}

/** A timer is late by a millisecond at most when the process is idle; what is due by then is sent at once. */
async function waitUntil(timeMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, Math.max(0, timeMs - performance.now()))
  await promise
}
