/** Watches the primary in the background: is it there, has it the tables, can it be written; and prepares it when it comes. */
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { pause, withTimeout } from '../shared/lifecycle.ts'
import type { PartHealth } from '../shared/ops-server.ts'

export interface PrimaryWatch {
  /** Never rejects; ends when the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  readonly health: { readonly primary: PartHealth; readonly tables: PartHealth }
}

const LOOK_EVERY_MS = 1_000
const LOOK_LIMIT_MS = 1_500

const LOOK = /* sql */ `
  select pg_is_in_recovery() as standby,
    to_regclass('read.clock') is not null and to_regclass('public.api_client') is not null as migrated`

const unknown: PartHealth = { ok: false, required: true, detail: 'not looked at yet' }

/** @param prepare done each time that the primary is found after it was away: it must be safe to repeat */
export function watchPrimary(pool: Pool, prepare: () => Promise<void>, log: Pick<Logger, 'warn' | 'info'>): PrimaryWatch {
  let primary = unknown
  let tables = unknown
  let prepared = false

  async function look(): Promise<void> {
    const { rows } = await pool.query<{ standby: boolean; migrated: boolean }>(LOOK)
    const { standby = true, migrated = false } = rows[0] ?? {}
    // Before it counts as there: the first request must find what is prepared, the first client for one.
    const prepares = !prepared && !standby && migrated
    if (prepares) await prepare()
    prepared ||= prepares
    primary = { ok: !standby, required: true, detail: standby ? 'it is a standby and cannot be written' : 'it answers' }
    tables = { ok: migrated, required: true, detail: migrated ? 'there' : 'missing: run the migrations' }
    if (prepares) log.info('the primary is ready')
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        try {
          await withTimeout(LOOK_LIMIT_MS, 'Looking at the primary', look)
        } catch (error) {
          if (primary.ok || primary === unknown) log.warn({ err: error }, 'the primary cannot be reached')
          prepared = false
          primary = { ok: false, required: true, detail: 'it does not answer' }
        }
        await pause(LOOK_EVERY_MS, signal)
      }
    },
    get health() {
      return { primary, tables }
    },
  }
}
