/** What the invalidator measures of itself. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { BUCKET_COUNT } from '../../shared/bucket.ts'
import type { ApplyRun } from '../../shared/event-log.ts'
import { nowUs, stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import type { ClockCheck } from '../clock-check.ts'
import type { RunApplierOptions } from './run-applier.ts'

type Hooks = Required<Pick<RunApplierOptions, 'onApplied' | 'onGap' | 'onNewWatermark'>>

export interface InvalidatorMetrics extends Hooks {
  onRedisError(operation: string): void
  onUnreadable(messages: number): void
  /** Times each run, and remembers how far each bucket's claim has come. */
  measured(apply: ApplyRun): ApplyRun
  /** Age of the oldest bucket's claim, seconds; Infinity before the first. */
  watermarkAgeSeconds(): number
}

export interface MeasuredInvalidator {
  /** Since anything was heard from the log, milliseconds. */
  readonly silentMs: () => number
  readonly clock: Pick<ClockCheck, 'doubtUs'>
}

export function createInvalidatorMetrics(registry: Registry, { silentMs, clock }: MeasuredInvalidator): InvalidatorMetrics {
  const registers = [registry]
  const counter = <L extends string = string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `catalog_invalidator_${name}`, help, labelNames, registers })
  const events = counter('events_total', 'Product events applied')
  const replaced = counter('copies_replaced_total', 'Copies in Redis replaced by the content of an event')
  const deleted = counter('copies_deleted_total', 'Copies in Redis deleted by an event')
  const gaps = counter('gaps_total', 'Times that Redis had gone back behind the log position of this invalidator')
  const watermarks = counter('new_watermarks_total', 'Watermarks made anew: missing, or outside the log')
  const unreadable = counter(
    'unreadable_messages_total',
    'Messages of the log that could not be read; a product that one names is invalidated',
  )
  const errors = counter('redis_errors_total', 'Redis operations that failed', ['operation'])
  const seconds = new Histogram({
    name: 'catalog_invalidator_apply_seconds',
    help: 'Time to apply a run of one partition that has events',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  })
  const claims = new Map<number, Stamp>()
  const ageSeconds = (bucket: number) => {
    const claim = claims.get(bucket)
    return claim === undefined ? Infinity : Math.max(0, (nowUs() - stampTimeUs(claim)) / 1e6)
  }
  void new Gauge({
    name: 'catalog_invalidator_watermark_age_seconds',
    help: 'Age of the newest heartbeat applied, by bucket: everything acknowledged before it is in Redis',
    labelNames: ['bucket'],
    registers,
    collect() {
      for (const bucket of claims.keys()) this.set({ bucket }, ageSeconds(bucket))
    },
  })
  void new Gauge({
    name: 'catalog_invalidator_log_silent_seconds',
    help: 'Time since anything was heard from the event log',
    registers,
    collect() {
      this.set(silentMs() / 1000)
    },
  })
  void new Gauge({
    name: 'catalog_clock_doubt_seconds',
    help: 'By how much more than 250 ms our clock is wrong; 0: it is sound',
    registers,
    collect() {
      this.set(clock.doubtUs() / 1e6)
    },
  })
  return {
    onApplied: ({ events: applied, result }) => {
      events.inc(applied.length)
      replaced.inc(result.replaced)
      deleted.inc(result.deleted)
    },
    onGap: () => gaps.inc(),
    onNewWatermark: () => watermarks.inc(),
    onUnreadable: (messages) => unreadable.inc(messages),
    onRedisError: (operation) => errors.inc({ operation }),
    measured: (apply) => async (run) => {
      const end = seconds.startTimer()
      const result = await apply(run)
      if (run.events.length > 0) end()
      if (run.heartbeat !== null && result.next >= run.to) claims.set(run.partition, run.heartbeat)
      return result
    },
    watermarkAgeSeconds: () => Math.max(...Array.from({ length: BUCKET_COUNT }, (_, bucket) => ageSeconds(bucket))),
  }
}
