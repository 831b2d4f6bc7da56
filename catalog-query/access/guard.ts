/** Lets a request in only with an API key that has the route's scope: QUERY_AUTH=required. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Scope } from '../../shared/scope.ts'
import type { KeyCheck } from './key-check.ts'

const READ: Scope = 'catalog:read'

/** Call it before the first route. A route that names no scope needs `catalog:read`; `scope: null` is open to everybody. */
export function guardReads(app: FastifyInstance, keys: KeyCheck): void {
  app.addHook('onRequest', async (request) => {
    const { scope = READ } = request.routeOptions.config
    // What is not there needs no key, and a preflight cannot carry one.
    if (!request.is404 && scope !== null) await keys.check(secretOf(request), scope)
  })
}

/** For a route that needs its scope even where reading is anonymous: its `onRequest`. */
export function requireScope(keys: KeyCheck, scope: Scope): (request: FastifyRequest) => Promise<void> {
  return async (request) => void (await keys.check(secretOf(request), scope))
}

export function secretOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-api-key']
  return typeof header === 'string' ? header : undefined
}
