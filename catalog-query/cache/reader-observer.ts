/** What a product reader tells the metrics; each call costs next to nothing. */
import type { FILL_RESULTS } from './cache-store.ts'
import type { Tier } from './product-read.ts'

export type ReadOutcome = Tier | 'last-known' | 'failed'
export type CheckOutcome = 'same' | 'changed' | 'unknown'
/** `taken`: this process loads. `waited`: another did, and its copy came in time. `gave-up`: it did not. `away`: the lock could not be asked for. */
export type HerdOutcome = 'taken' | 'waited' | 'gave-up' | 'away'
export type FillOutcome = (typeof FILL_RESULTS)[number] | 'failed'
export type TouchOutcome = 'touched' | 'changed' | 'failed'

export interface ReaderObserver {
  read(outcome: ReadOutcome): void
  check(outcome: CheckOutcome): void
  herd(outcome: HerdOutcome): void
  fill(outcome: FillOutcome): void
  touch(outcome: TouchOutcome): void
}

export const UNOBSERVED: ReaderObserver = { read() {}, check() {}, herd() {}, fill() {}, touch() {} }
