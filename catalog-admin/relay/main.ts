/** The relay: ticks the catalog clock and moves the outbox to the event log, one leader among several. */
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { startTicker } from '../../shared/clock.ts'
import type { EventPublisher } from '../../shared/event-log.ts'
import { createKafkaPublisher } from '../../shared/kafka-publisher.ts'
import { createLifecycle, pause, runProgram, type Lifecycle } from '../../shared/lifecycle.ts'
import { createLogTablePublisher } from '../../shared/log-table.ts'
import { createLogger } from '../../shared/log.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { startOpsServer, type PartHealth } from '../../shared/ops-server.ts'
import { createPool } from '../../shared/postgres.ts'
import { readConfig, type RelayConfig } from './config.ts'
import { readBacklog } from './outbox.ts'
import { createOutboxListener } from './outbox-listener.ts'
import { runRelay } from './relay-loop.ts'
import { createRelayMetrics, type RelayMetrics } from './relay-metrics.ts'

const SAMPLE_EVERY_MS = 1_000

runProgram('relay', async () => await start(readConfig()))

async function start(config: RelayConfig): Promise<Lifecycle> {
  const log = createLogger('relay', config.logLevel)
  const lifecycle = createLifecycle(log)
  const registry = createMetrics('relay')
  const metrics = createRelayMetrics(registry)
  const health: Record<string, PartHealth> = {
    postgres: { ok: false, required: true, detail: 'not asked yet' },
    relay: { ok: true, required: false, detail: 'standing by' },
  }

  const pool = createPool({ url: config.databaseUrl, size: 3, connectMs: 3_000, statementMs: 5_000, applicationName: 'catalog-relay' }, log)
  lifecycle.onStop('pool', () => pool.end())
  const publisher = createPublisher(config, pool, log)
  lifecycle.onStop('publisher', () => publisher.close())

  const { signal } = lifecycle
  const running = [
    startTicker(pool, signal, log),
    sampleBacklog(pool, { metrics, signal, onHealth: (part) => (health['postgres'] = part) }),
    runRelay({
      databaseUrl: config.databaseUrl,
      publisher,
      listener: createOutboxListener(config.databaseUrl, signal, log),
      metrics,
      log,
      onState: ({ leads, failure }) => {
        health['relay'] = { ok: failure === null, required: true, detail: failure ?? (leads ? 'leads' : 'standing by') }
      },
      signal,
    }),
  ]
  lifecycle.onStop('relay', () => Promise.all(running))

  const ops = await startOpsServer({ host: config.host, port: config.opsPort, metrics: registry, health: () => health, stopping: signal })
  lifecycle.onStop('operations server', () => ops.close())
  log.info({ ops: ops.listeningOrigin, log: config.kafkaBrokers.length > 0 ? 'kafka' : 'table' }, 'listening')
  return lifecycle
}

function createPublisher({ kafkaBrokers, topicPrefix }: RelayConfig, pool: Pool, log: Logger): EventPublisher {
  if (kafkaBrokers.length === 0) return createLogTablePublisher(pool)
  return createKafkaPublisher({ brokers: kafkaBrokers, topicPrefix, clientId: 'catalog-relay', log })
}

async function sampleBacklog(
  pool: Pool,
  { metrics, signal, onHealth }: { metrics: RelayMetrics; signal: AbortSignal; onHealth: (part: PartHealth) => void },
): Promise<void> {
  while (!signal.aborted) {
    try {
      const backlog = await readBacklog(pool)
      metrics.outboxRows.set(backlog.rows)
      metrics.outboxSeconds.set(backlog.seconds)
      onHealth({ ok: true, required: true, detail: `${backlog.rows} rows wait to be published` })
    } catch (error) {
      onHealth({ ok: false, required: true, detail: error instanceof Error ? error.message : String(error) })
    }
    await pause(SAMPLE_EVERY_MS, signal)
  }
}
