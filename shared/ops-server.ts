/** The private operations port of every program: /livez, /readyz (part by part), /metrics. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'

export interface PartHealth {
  /** False: a request that needs this part cannot be answered as it should be. */
  readonly ok: boolean
  /** True: without this part the program must not get traffic. Others only degrade. */
  readonly required: boolean
  /** What it would answer with, or what is wrong, in a few words. */
  readonly detail: string
}

/** The part of a program whose own port serves others: probes are answered before it does. */
export function portHealth(listens: boolean): PartHealth {
  return { ok: listens, required: true, detail: listens ? 'listens' : 'does not listen yet' }
}

export type CheckHealth = () => Readonly<Record<string, PartHealth>>

export interface OpsServerOptions {
  readonly host: string
  readonly port: number
  readonly metrics: Registry
  /** Must not wait for anything: reports what is known now. */
  readonly health: CheckHealth
  /** Aborted when the program begins to stop: not ready from then on. */
  readonly stopping: AbortSignal
}

/** @returns the listening server; add routes through `extend` before it listens. */
export async function startOpsServer(options: OpsServerOptions, extend?: (app: FastifyInstance) => void): Promise<FastifyInstance> {
  const app = fastify({ forceCloseConnections: true, bodyLimit: 1024 })
  app.get('/livez', () => ({ status: 'alive' }))
  app.get('/readyz', async (_request, reply) => {
    const parts = options.health()
    const ready = !options.stopping.aborted && Object.values(parts).every((part) => part.ok || !part.required)
    return await reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', parts })
  })
  app.get('/metrics', async (_request, reply) => {
    return await reply.type(options.metrics.contentType).send(await options.metrics.metrics())
  })
  extend?.(app)
  await app.listen({ host: options.host, port: options.port })
  return app
}
