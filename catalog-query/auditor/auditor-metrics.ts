/** What the auditor reports: violations, and of how many changes, since 0 of n says only that fewer than 3 of n are likely. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { CheckObserver, Evidence } from './event-checks.ts'
import type { SweepObserver } from './sweep.ts'

export interface AuditorMetrics {
  readonly checks: CheckObserver
  readonly sweep: SweepObserver
}

export interface MeasuredAuditor {
  readonly pending: () => number
  readonly processes: () => number
  /** Since anything was heard from the log, milliseconds. */
  readonly silentMs: () => number
  readonly sweepAgeUs: () => number
}

export function createAuditorMetrics(registry: Registry, log: Pick<Logger, 'error' | 'warn'>): AuditorMetrics {
  const registers = [registry]
  const counter = <L extends string = string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `catalog_auditor_${name}`, help, labelNames, registers })
  const violations = counter('violations_total', 'Broken promises: a stale copy that would be served, an event that was never sent', [
    'kind',
  ])
  const checked = counter('events_checked_total', 'Changes that all looks at all caches are done for')
  const looks = counter('looks_total', 'Times that a query process was asked for what it holds, by what was found', [
    'after_seconds',
    'outcome',
  ])
  const suspicions = counter('suspicions_total', 'Suspicious copies, by what the primary said', ['verdict'])
  const swept = counter('changes_swept_total', 'Changes read from a database and held against the log')
  const skipped = counter('skipped_total', 'Changes that were not looked at', ['why'])
  for (const kind of ['stale-copy', 'never-sent']) violations.inc({ kind }, 0)
  for (const verdict of ['confirmed', 'dismissed', 'unknown']) suspicions.inc({ verdict }, 0)
  for (const why of ['rate', 'queue', 'sweep']) skipped.inc({ why }, 0)

  function tell({ change, process, copy, lookAfterMs, askedUs, confirmation }: Evidence): void {
    suspicions.inc({ verdict: confirmation.verdict })
    const evidence = { ...change, process, copy, lookAfterMs, askedUs, primaryRev: confirmation.primaryRev }
    if (confirmation.verdict === 'unknown')
      log.warn(evidence, 'suspicious: a copy that would be served lacks a change; the primary cannot say')
    if (confirmation.verdict !== 'confirmed') return
    violations.inc({ kind: 'stale-copy' })
    log.error(evidence, 'violation: a copy that would be served lacks a change')
  }

  return {
    checks: {
      looked: (afterMs, outcome) => looks.inc({ after_seconds: afterMs / 1_000, outcome }),
      suspicion: tell,
      checked: () => checked.inc(),
      skipped: (why) => skipped.inc({ why }),
    },
    sweep: {
      swept: (changes) => swept.inc(changes),
      skipped: (changes) => skipped.inc({ why: 'sweep' }, changes),
      neverSent(change) {
        violations.inc({ kind: 'never-sent' })
        log.error(change, 'violation: a change has no event, and the log has been read beyond it')
      },
    },
  }
}

export function measureAuditor(registry: Registry, auditor: MeasuredAuditor): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `catalog_auditor_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('pending', 'Changes with looks to come', auditor.pending)
  gauge('processes', 'Query processes that are audited', auditor.processes)
  gauge('log_silent_seconds', 'Time since anything was heard from the event log', () => auditor.silentMs() / 1_000)
  gauge('sweep_age_seconds', 'Age of the newest snapshot that was held against the log', () => auditor.sweepAgeUs() / 1e6)
}
