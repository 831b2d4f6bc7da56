/** What the relay measures of itself. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { RelayRound } from './relay-round.ts'

export interface RelayMetrics {
  readonly leader: Gauge
  readonly failures: Counter
  readonly endedLeaders: Counter
  readonly publishSeconds: Histogram
  readonly outboxRows: Gauge
  readonly outboxSeconds: Gauge
  observe(round: RelayRound): void
}

export function createRelayMetrics(registry: Registry): RelayMetrics {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const pages = counter('catalog_relay_pages_total', 'Pages of the outbox published and marked')
  const events = counter('catalog_relay_events_total', 'Product events published')
  const heartbeats = counter('catalog_relay_heartbeats_total', 'Heartbeats published, each to every partition')
  return {
    leader: gauge('catalog_relay_leader', '1 while this relay leads'),
    failures: counter('catalog_relay_failures_total', 'Failures that made this relay give up the lead or not get it'),
    endedLeaders: counter('catalog_relay_ended_leaders_total', 'Leaders that stood still and whose session this relay ended'),
    publishSeconds: new Histogram({
      name: 'catalog_relay_publish_seconds',
      help: 'Time until a page was acknowledged by the event log',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    outboxRows: gauge('catalog_relay_outbox_pending_rows', 'Outbox rows not yet published, counted up to 100,000'),
    outboxSeconds: gauge(
      'catalog_relay_outbox_oldest_pending_seconds',
      'Age of the oldest outbox row not yet published; 0 when there is none',
    ),
    observe(round) {
      if (round.rows > 0) pages.inc()
      events.inc(round.events)
      if (round.heartbeat !== null) heartbeats.inc()
    },
  }
}
