/** The admin program: answers /admin/v1, runs imports and the worker, ticks the catalog clock. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Pool } from 'pg'
import { Gauge, type Registry } from 'prom-client'
import { createBearerVerifier } from '../shared/bearer-token.ts'
import { startTicker } from '../shared/clock.ts'
import { createLifecycle, type Lifecycle, runProgram } from '../shared/lifecycle.ts'
import { createLogger } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { portHealth, startOpsServer } from '../shared/ops-server.ts'
import { createPool } from '../shared/postgres.ts'
import { ensureFirstClient } from './access/api-client.ts'
import { createAuthenticator } from './access/authenticator.ts'
import { type AdminConfig, readConfig } from './config.ts'
import { createImportMetrics } from './import/import-metrics.ts'
import { createImportRunner } from './import/import-runner.ts'
import { createLagFinder, createPacing } from './import/pacing.ts'
import { writeProducts } from './product/product-writer.ts'
import { watchPrimary } from './primary-watch.ts'
import { createAdminServer } from './server.ts'
import { chores, runWorker } from './worker.ts'

const CONNECT_MS = 2_000
const STATEMENT_MS = 15_000
/** For clock, watch and worker alone: a busy API must not hold up the clock, which readers' freshness hangs on. */
const BACKGROUND_POOL_SIZE = 3
const REPLICA_POOL_SIZE = 1

async function start(): Promise<Lifecycle> {
  const config = readConfig()
  const log = createLogger('admin', config.logLevel)
  const metrics = createMetrics('admin')
  const lifecycle = createLifecycle(log)
  const { signal } = lifecycle

  const open = (name: string, url: string, size: number): Pool => {
    const limits = { connectMs: CONNECT_MS, statementMs: STATEMENT_MS }
    const pool = createPool({ url, size, ...limits, applicationName: `catalog-admin ${name}`, pipeline: true }, log)
    lifecycle.onStop(`${name} pool`, () => pool.end())
    return pool
  }
  const pool = open('requests', config.databaseUrl, config.poolSize)
  const background = open('background', config.databaseUrl, BACKGROUND_POOL_SIZE)
  const replicas = config.replicaUrls.map((url, i) => open(`replica ${i + 1}`, url, REPLICA_POOL_SIZE))
  measurePools(metrics, { requests: pool, background })

  const watch = watchPrimary(background, () => makeFirstClient(background, config), log)
  const tasks = [watch.run(signal), startTicker(background, signal, log)]
  tasks.push(runWorker({ pool: background, chores, metrics, log }, signal))
  lifecycle.onStop('clock, watch and worker', () => Promise.all(tasks))

  const owner = `${hostname()} ${process.pid} ${randomBytes(4).toString('hex')}`
  const pacing = createPacing(createLagFinder(background, replicas))
  const runner = createImportRunner({ pool, writeProducts, log, pacing, owner, metrics: createImportMetrics(metrics) })
  runner.start()
  lifecycle.onStop('imports', () => runner.stop())

  let listens = false
  const health = () => ({ server: portHealth(listens), ...watch.health })
  const ops = await startOpsServer({ host: config.host, port: config.opsPort, metrics, health, stopping: signal })
  lifecycle.onStop('operations server', () => ops.close())

  const authenticator = createAuthenticator(pool, config.jwt === null ? null : createBearerVerifier(config.jwt))
  const imports = { owner, onJob: () => runner.wake(), stopping: signal }
  const server = await createAdminServer({ ...config, pool, authenticator, imports, log, metrics })
  lifecycle.onStop('server', () => server.close())
  await server.listen({ host: config.host, port: config.port })
  listens = true
  log.info({ url: server.listeningOrigin, ops: ops.listeningOrigin }, 'listening')
  return lifecycle
}

async function makeFirstClient(pool: Pool, config: AdminConfig): Promise<void> {
  if (config.adminApiKey !== null) await ensureFirstClient(pool, config.adminApiKey)
}

function measurePools(metrics: Registry, pools: Readonly<Record<string, Pool>>): void {
  const registers = [metrics]
  const connections = new Gauge({
    name: 'catalog_postgres_connections',
    help: 'Connections to PostgreSQL',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
        connections.set({ pool, state: 'used' }, totalCount - idleCount)
        connections.set({ pool, state: 'idle' }, idleCount)
        waiting.set({ pool }, waitingCount)
      }
    },
  })
  const waiting = new Gauge({
    name: 'catalog_postgres_waiting',
    help: 'Callers that wait for a connection',
    labelNames: ['pool'],
    registers,
  })
}

runProgram('admin', start)
