/** Logs a failure that repeats itself once, when it begins, and once when it is over. */
import type { Logger } from 'pino'

export interface Outage {
  failed(error: unknown): void
  succeeded(): void
  readonly lasting: boolean
}

/** @param messages said when it begins, and when it is over */
export function createOutage(log: Pick<Logger, 'warn' | 'info'>, messages: { begins: string; ends: string }): Outage {
  let lasting = false
  return {
    failed(error) {
      if (!lasting) log.warn({ err: error }, messages.begins)
      lasting = true
    },
    succeeded() {
      if (lasting) log.info(messages.ends)
      lasting = false
    },
    get lasting() {
      return lasting
    },
  }
}
