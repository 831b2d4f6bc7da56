/** A query process of a common way: answers products by cache-aside, in the headers and on the ports of the catalog's own. */
import fastify, { type FastifyInstance } from 'fastify'
import { Counter } from 'prom-client'
import { createLifecycle, runProgram, type Lifecycle } from '../../../shared/lifecycle.ts'
import { createLogger } from '../../../shared/log.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { startOpsServer } from '../../../shared/ops-server.ts'
import { createPool } from '../../../shared/postgres.ts'
import { readQueryConfig } from '../config.ts'
import { createConnections } from '../connections.ts'
import { createProductOrigin } from '../product-origin.ts'
import type { Way } from '../way.ts'
import { COMMON_WAYS } from '../ways.ts'

const POOL_SIZE = 8
const CONNECT_MS = 500
const STATEMENT_MS = 600
/** It knows no bound; the header has to be there to be read. */
const NO_BOUND_MS = 3_600_000

type QuerySettings = ReturnType<typeof readQueryConfig>

runProgram('common-way-query', async () => await start(readQueryConfig()))

async function start(config: QuerySettings): Promise<Lifecycle> {
  const log = createLogger('common-way-query', 'warn')
  const lifecycle = createLifecycle(log)
  const registry = createMetrics('common-way-query')
  const reads = new Counter({
    name: 'catalog_snapshots_total',
    help: 'Statements answered by a database',
    labelNames: ['tier'],
    registers: [registry],
  })
  const open = (url: string) => {
    const pool = createPool({ url, size: POOL_SIZE, connectMs: CONNECT_MS, statementMs: STATEMENT_MS, applicationName: 'common-way' }, log)
    lifecycle.onStop('pool', () => pool.end())
    return pool
  }
  const load = createProductOrigin(config.DATABASE_REPLICA_URLS.map(open), open(config.DATABASE_URL), (tier) => reads.inc({ tier }))
  const { connect, isReady } = createConnections(config.REDIS_URL, lifecycle, log)
  const way = await COMMON_WAYS[config.COMMON_WAY].open({ connect, load })
  lifecycle.onStop('way', () => way[Symbol.asyncDispose]())
  const server = createServer(way)
  await server.listen({ host: config.HOST, port: config.QUERY_PORT })
  lifecycle.onStop('server', () => server.close())
  const ops = await startOpsServer(
    {
      host: config.HOST,
      port: config.QUERY_OPS_PORT,
      metrics: registry,
      health: () => ({ redis: { ok: isReady(), required: true, detail: 'whether every connection is open' } }),
      stopping: lifecycle.signal,
    },
    // The auditor of the cluster asks everybody; nothing here can be judged by what it claims.
    (app) =>
      app.get<{ Querystring: { ids: string } }>('/internal/cache/copies', ({ query }) => ({
        products: query.ids.split(',').map((id) => ({ id, copies: [] })),
      })),
  )
  lifecycle.onStop('operations server', () => ops.close())
  return lifecycle
}

function createServer(way: Way): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, bodyLimit: 1_024 })
  app.get<{ Params: { id: string } }>('/v1/products/:id', async (request, reply) => {
    const begunMs = performance.timeOrigin + performance.now()
    const product = await way.read(request.params.id)
    if (product === null) return await reply.code(404).send()
    // Whoever waited for another's load was not answered from a cache either.
    const isHit = product.readAtMs < begunMs
    return await reply
      .headers({
        'catalog-rev': String(product.rev),
        'catalog-staleness': String(NO_BOUND_MS),
        'cache-status': isHit ? 'catalog; hit' : 'catalog; fwd=miss',
      })
      .type('application/json')
      .send(product.body)
  })
  return app
}
