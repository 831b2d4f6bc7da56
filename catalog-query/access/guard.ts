/** Lets a request in only with credentials that have the route's scope: QUERY_AUTH=required. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Scope } from '../../shared/scope.ts'
import type { CallerCheck } from './caller-check.ts'

const READ: Scope = 'catalog:read'

/** Call it before the first route. A route that names no scope needs `catalog:read`; `scope: null` is open to everybody. */
export function guardReads(app: FastifyInstance, callers: CallerCheck): void {
  app.addHook('onRequest', async (request) => {
    const { scope = READ } = request.routeOptions.config
    // What is not there needs no credentials, and a preflight cannot carry any.
    if (!request.is404 && scope !== null) await callers.check(request.headers, scope)
  })
}

/** For a route that needs its scope even where reading is anonymous: its `onRequest`. */
export function requireScope(callers: CallerCheck, scope: Scope): (request: FastifyRequest) => Promise<void> {
  return async (request) => void (await callers.check(request.headers, scope))
}
