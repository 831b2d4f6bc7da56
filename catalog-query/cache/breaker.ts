/** A circuit breaker: after some failures in a row it refuses for a while, then lets one probe through. */

export interface BreakerOptions {
  /** Failures in a row that open it, at least 1. */
  readonly failures: number
  /** How long it refuses, milliseconds, before one probe may pass. */
  readonly openMs: number
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
}

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface Breaker {
  /** True: go ahead, and report the outcome. While half-open only one caller is let through. */
  allow(): boolean
  succeeded(): void
  failed(): void
  state(): BreakerState
}

export function createBreaker({ failures, openMs, nowMs }: BreakerOptions): Breaker {
  let failedInARow = 0
  let openUntilMs = 0
  const isOpen = () => failedInARow >= failures
  return {
    allow() {
      if (!isOpen()) return true
      if (nowMs() < openUntilMs) return false
      // The probe: others are refused for another period, in case its outcome is never reported.
      openUntilMs = nowMs() + openMs
      return true
    },
    succeeded() {
      failedInARow = 0
    },
    failed() {
      failedInARow++
      if (isOpen()) openUntilMs = nowMs() + openMs
    },
    state: () => (!isOpen() ? 'closed' : nowMs() < openUntilMs ? 'open' : 'half-open'),
  }
}
