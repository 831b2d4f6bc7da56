/**
 * Compares this host's clock with those of the others, by asking them for the time. All that is promised about age is read off our own
 * clock, and rests on its being within 250 ms of the primary's, whose times the stamps are.
 */
import type { Logger } from 'pino'
import type { PartHealth } from '../shared/ops-server.ts'
import { followHostClock, nowUs, stampTimeUs, type Stamp } from '../shared/stamp.ts'
import { SKEW_US } from './cache/trust.ts'

export interface ClockReading {
  /** How far the other clock is ahead of ours, microseconds. */
  readonly aheadUs: number
  /** Half of the round trip: the other clock was read somewhere within it. */
  readonly errorUs: number
  /** Its clock is the one that stamps are made of. */
  readonly ofPrimary: boolean
}

/** @returns microseconds since 1970, or null when there was no answer */
export type AskTime = () => Promise<number | null>

export interface ClockCheck {
  /** One round: follows the host's clock, asks everybody, and concludes. Never rejects. */
  round(asks: ReadonlyMap<string, { readonly ask: AskTime; readonly ofPrimary: boolean }>): Promise<void>
  /** A position of the catalog clock that has just arrived: the primary's time was not earlier. */
  noteStamp(stamp: Stamp): void
  /** By how much more than the 250 ms that are allowed our clock is wrong, microseconds; 0: it is sound. */
  doubtUs(): number
  isSound(): boolean
  /** By part: how far its host's clock is ahead of ours, seconds. */
  skews(): ReadonlyMap<string, number>
  health(): PartHealth
}

/**
 * Only what is beyond the allowance by more than its own error counts. The primary's clock decides where it is known; else our clock is the
 * wrong one if it differs from half of the others.
 * @param stampAheadUs how far the newest stamp is ahead of us: that much, at least, is the primary's clock
 */
export function doubtOf(readings: readonly ClockReading[], stampAheadUs: number): number {
  const primary = readings.filter(({ ofPrimary }) => ofPrimary)
  const judges = primary.length > 0 ? primary : readings
  const wrong = judges.filter(({ aheadUs, errorUs }) => Math.abs(aheadUs) - errorUs > SKEW_US)
  const outvoted = wrong.length > 0 && wrong.length * 2 >= judges.length
  const differenceUs = outvoted ? Math.max(...wrong.map(({ aheadUs, errorUs }) => Math.abs(aheadUs) + errorUs)) : 0
  return Math.max(0, differenceUs - SKEW_US, stampAheadUs - SKEW_US)
}

/** The host's clock was set by more than this: what was measured before says nothing. */
const STEP_US = 50_000

export function createClockCheck(log: Pick<Logger, 'warn' | 'info'>): ClockCheck {
  const readings = new Map<string, ClockReading>()
  let stampAheadUs = -Infinity
  let doubt = 0

  async function read(part: string, ask: AskTime, ofPrimary: boolean): Promise<void> {
    const askedUs = nowUs()
    const theirsUs = await ask().catch(() => null)
    const errorUs = (nowUs() - askedUs) / 2
    // What is not known any more speaks for nothing.
    if (theirsUs === null) readings.delete(part)
    else readings.set(part, { aheadUs: theirsUs - askedUs - errorUs, errorUs, ofPrimary })
  }

  function conclude(): void {
    const before = doubt
    doubt = doubtOf([...readings.values()], stampAheadUs)
    stampAheadUs = -Infinity
    const skews = Object.fromEntries([...readings].map(([part, { aheadUs }]) => [part, Math.round(aheadUs / 1_000)]))
    if (before === 0 && doubt > 0) log.warn({ aheadMs: skews, doubtMs: doubt / 1_000 }, 'this host’s clock differs by more than 250 ms')
    if (before > 0 && doubt === 0) log.info({ aheadMs: skews }, 'this host’s clock agrees with the others again')
  }

  return {
    async round(asks) {
      if (Math.abs(followHostClock()) > STEP_US) readings.clear()
      await Promise.all([...asks].map(([part, { ask, ofPrimary }]) => read(part, ask, ofPrimary)))
      conclude()
    },
    noteStamp: (stamp) => void (stampAheadUs = Math.max(stampAheadUs, stampTimeUs(stamp) - nowUs())),
    doubtUs: () => doubt,
    isSound: () => doubt === 0,
    skews: () => new Map([...readings].map(([part, { aheadUs }]) => [part, aheadUs / 1e6])),
    health: () => ({
      ok: doubt === 0,
      required: false,
      detail:
        doubt === 0
          ? 'agrees with the others'
          : `differs by about ${Math.round((doubt + SKEW_US) / 1_000)} ms: nothing kept is believed, every answer is marked`,
    }),
  }
}
