/** The auditor: follows every change and asks every query process what it holds by then. It serves nobody, and repairs nothing. */
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { EventFollower } from '../../shared/event-log.ts'
import { createKafkaFollower } from '../../shared/kafka-follower.ts'
import { createLifecycle, pause, runProgram, type Lifecycle } from '../../shared/lifecycle.ts'
import { createLogTableFollower } from '../../shared/log-table-follower.ts'
import { createLogger } from '../../shared/log.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { startOpsServer, type CheckHealth } from '../../shared/ops-server.ts'
import { createPool } from '../../shared/postgres.ts'
import { nowUs } from '../../shared/stamp.ts'
import { createBreaker } from '../cache/breaker.ts'
import { createSnapshotSource, type SnapshotSource } from '../cache/snapshot-source.ts'
import { createAuditorMetrics, measureAuditor } from './auditor-metrics.ts'
import { readConfig, type AuditorConfig } from './config.ts'
import { createEventChecks } from './event-checks.ts'
import { createAskPrimary, createReadPrimary } from './primary-check.ts'
import { createQueryProcesses } from './query-processes.ts'
import { createSeenEvents } from './seen-events.ts'
import { createSweep } from './sweep.ts'

/** No fetch and no heartbeat for this long: the log, or the way to it, is down. */
const SILENT_MS = 3_000
const REFRESH_MS = 5_000
const POOL_SIZE = 2

runProgram('auditor', async () => await start(readConfig()))

async function start(config: AuditorConfig): Promise<Lifecycle> {
  const log = createLogger('auditor', config.logLevel)
  const lifecycle = createLifecycle(log)
  const registry = createMetrics('auditor')
  const metrics = createAuditorMetrics(registry, log)

  const databases = openDatabases(config, { log, lifecycle })
  const processes = createQueryProcesses(config.queryOpsUrls)
  const seen = createSeenEvents(nowUs)
  const readPrimary = createReadPrimary(databases.primary.source)
  const checks = createEventChecks({
    processes: processes.all,
    askPrimary: createAskPrimary(readPrimary),
    nowUs,
    perSecond: config.eventsPerSecond,
    observe: metrics.checks,
  })
  const sweep = createSweep({
    sources: databases.swept,
    readPrimary,
    seen,
    nowUs,
    observe: {
      ...metrics.sweep,
      neverSent(change) {
        metrics.sweep.neverSent(change)
        // Does anybody serve what was there before?
        checks.add(change)
      },
    },
  })

  const follower = createFollower(config, databases.pools, log)
  lifecycle.onStop('event log', () => follower.close())
  await follower.start(
    async (partition) => {
      const { end } = await follower.position(partition)
      seen.beginAnew()
      return { offset: end, newestTimeline: 0 }
    },
    (run) => {
      seen.note(run)
      for (const { productId, rev, stamp } of run.events) checks.add({ productId, rev, stamp })
      return Promise.resolve({ next: run.to })
    },
  )

  const { signal } = lifecycle
  const background = [checks.run(signal), sweep.run(signal), refreshOn(processes.refresh, signal)]
  lifecycle.onStop('checks', () => Promise.all(background))
  const { silentMs } = follower
  measureAuditor(registry, { pending: checks.pending, processes: () => processes.all().length, silentMs, sweepAgeUs: sweep.ageUs })

  const health: CheckHealth = () => ({
    log: { ok: silentMs() < SILENT_MS, required: true, detail: `last heard of ${Math.round(silentMs())} ms ago` },
    processes: { ok: processes.all().length > 0, required: true, detail: `${processes.all().length} query processes are audited` },
    sweep: { ok: sweep.ageUs() < SILENT_MS * 1_000, required: false, detail: `${Math.round(sweep.ageUs() / 1_000)} ms behind` },
  })
  const ops = await startOpsServer({ host: config.host, port: config.opsPort, metrics: registry, health, stopping: signal })
  lifecycle.onStop('operations server', () => ops.close())
  log.info({ ops: ops.listeningOrigin, log: config.kafkaBrokers.length > 0 ? 'kafka' : 'table' }, 'listening')
  return lifecycle
}

async function refreshOn(refresh: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await refresh()
    await pause(REFRESH_MS, signal)
  }
}

interface Database {
  readonly pool: Pool
  readonly source: SnapshotSource
}

function openDatabases(
  config: AuditorConfig,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): { readonly primary: Database; readonly swept: readonly SnapshotSource[]; readonly pools: readonly Pool[] } {
  const open = (name: string, tier: SnapshotSource['tier'], url: string): Database => {
    const pool = createPool({ url, size: POOL_SIZE, connectMs: 1_000, statementMs: 2_000, applicationName: 'catalog-auditor' }, log)
    lifecycle.onStop(name, () => pool.end())
    const breaker = createBreaker({ failures: 3, openMs: 1_000, nowMs: () => performance.now() })
    return { pool, source: createSnapshotSource({ name, tier, pool, breaker }) }
  }
  const primary = open('primary', 'primary', config.primaryUrl)
  const replicas = config.replicaUrls.map((url, i) => open(`replica-${i + 1}`, 'replica', url))
  const swept = replicas.length > 0 ? replicas : [primary]
  return { primary, swept: swept.map(({ source }) => source), pools: [...replicas, primary].map(({ pool }) => pool) }
}

function createFollower({ kafkaBrokers, topicPrefix }: AuditorConfig, pools: readonly Pool[], log: Logger): EventFollower {
  if (kafkaBrokers.length === 0) return createLogTableFollower({ pools, log })
  return createKafkaFollower({ brokers: kafkaBrokers, topicPrefix, clientId: 'catalog-auditor', group: 'catalog-auditor', log })
}
