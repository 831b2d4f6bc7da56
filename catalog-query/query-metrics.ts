/** What the query program counts, in the names and units of the Prometheus conventions. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { FILL_RESULTS } from './cache/cache-store.ts'
import type { Breaker } from './cache/breaker.ts'
import type { ReaderObserver } from './cache/reader-observer.ts'
import type { SnapshotReader } from './cache/replicas.ts'
import type { SnapshotSource } from './cache/snapshot-source.ts'
import type { ClockCheck } from './clock-check.ts'

export interface QueryMetrics {
  readonly observe: ReaderObserver
  /** @param stalenessMs what the answer states, milliseconds */
  readonly observeStaleness: (stalenessMs: number) => void
  readonly onRedisError: (operation: string) => void
  /** A snapshot was read. */
  readonly onSnapshot: (tier: 'replica' | 'primary', reader: SnapshotReader) => void
  readonly onDrops: (count: number) => void
}

export interface MeasuredParts {
  readonly sources: readonly SnapshotSource[]
  /** Of Redis; none where there is no Redis. */
  readonly redisBreakers: readonly Breaker[]
  readonly memoryBytes: () => number
  readonly clock: Pick<ClockCheck, 'skews' | 'doubtUs'>
}

const STALENESS_BUCKETS_S = [0.1, 0.25, 0.3, 0.35, 0.4, 0.5, 0.75, 1, 1.5, 2, 2.25, 2.5, 5, 30, 600]

export function createQueryMetrics(registry: Registry): QueryMetrics {
  const counter = countersOf(registry)
  const staleness = new Histogram({
    name: 'catalog_answer_staleness_seconds',
    help: 'The upper bound that answers state for their own staleness',
    buckets: STALENESS_BUCKETS_S,
    registers: [registry],
  })
  return {
    observe: {
      read: counter('catalog_product_reads_total', 'Reads of one product by the place that answered', 'tier', [
        'memory',
        'redis',
        'replica',
        'primary',
        'last-known',
        'failed',
      ]),
      check: counter('catalog_copy_checks_total', 'Suspect copies whose rev was checked in a database', 'outcome', [
        'same',
        'changed',
        'unknown',
      ]),
      herd: counter('catalog_herd_locks_total', 'Misses that asked for the herd lock', 'outcome', ['taken', 'waited', 'gave-up', 'away']),
      fill: counter('catalog_cache_fills_total', 'Copies offered to Redis', 'result', [...FILL_RESULTS, 'failed']),
      touch: counter('catalog_cache_touches_total', 'Confirmed copies touched in Redis', 'result', ['touched', 'changed', 'failed']),
    },
    observeStaleness: (stalenessMs) => staleness.observe(stalenessMs / 1000),
    onRedisError: counter<string>('catalog_redis_errors_total', 'Calls of Redis that failed', 'operation', [
      'read',
      'fill',
      'touch',
      'lock',
      'unlock',
    ]),
    onSnapshot: snapshotCounter(registry),
    onDrops: dropCounter(registry),
  }
}

/** Counters with one label: each value's child is looked up once, so that counting is one addition. */
function countersOf(registry: Registry) {
  return <const Value extends string>(name: string, help: string, label: string, values: readonly Value[]): ((value: Value) => void) => {
    const counter = new Counter({ name, help, labelNames: [label], registers: [registry] })
    const children = new Map(values.map((value) => [value, counter.labels(value)]))
    for (const child of children.values()) child.inc(0)
    return (value) => (children.get(value) ?? counter.labels(value)).inc()
  }
}

function snapshotCounter(registry: Registry): QueryMetrics['onSnapshot'] {
  const snapshots = new Counter({
    name: 'catalog_snapshots_total',
    help: 'Statements answered by a database, for readers with a Consistency-Token and without',
    labelNames: ['tier', 'reader'],
    registers: [registry],
  })
  for (const tier of ['replica', 'primary']) for (const reader of ['plain', 'token']) snapshots.inc({ tier, reader }, 0)
  return (tier, reader) => snapshots.inc({ tier, reader })
}

function dropCounter(registry: Registry): (count: number) => void {
  const drops = new Counter({
    name: 'catalog_memory_drops_total',
    help: 'Products whose memory entries an event dropped',
    registers: [registry],
  })
  return (count) => drops.inc(count)
}

const notAsked = (breakers: readonly Breaker[]): number => breakers.filter((breaker) => breaker.state() !== 'closed').length

/** Gauges that look at the parts when they are asked. */
export function measureParts(registry: Registry, parts: MeasuredParts): void {
  const registers = [registry]
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        collect(this)
      },
    })
  gauge('catalog_memory_bytes', 'Size of the memory tier of products', [], (bytes) => bytes.set(parts.memoryBytes()))
  gauge('catalog_replica_age_seconds', 'Age of the catalog clock in the last snapshot of each database', ['database'], (age) => {
    for (const source of parts.sources) if (Number.isFinite(source.ageUs())) age.set({ database: source.name }, source.ageUs() / 1e6)
  })
  gauge(
    'catalog_breaker_open',
    '1 while a part is not asked because it failed; of a Redis Cluster, the part of the buckets',
    ['part'],
    (open) => {
      for (const source of parts.sources) open.set({ part: source.name }, source.breaker.state() === 'closed' ? 0 : 1)
      const { redisBreakers } = parts
      if (redisBreakers.length > 0) open.set({ part: 'redis' }, notAsked(redisBreakers) / redisBreakers.length)
    },
  )
  gauge('catalog_clock_skew_seconds', 'How far the clock of a part’s host is ahead of ours', ['part'], (skew) => {
    for (const [part, seconds] of parts.clock.skews()) skew.set({ part }, seconds)
  })
  gauge('catalog_clock_doubt_seconds', 'By how much more than 250 ms our clock is wrong; 0: it is sound', [], (doubt) =>
    doubt.set(parts.clock.doubtUs() / 1e6),
  )
}
