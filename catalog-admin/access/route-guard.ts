/** Lets a request in only if its caller has the scope that the route names; a route that names none does not come up. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { missingScope } from '../../shared/problem.ts'
import type { Principal } from '../../shared/scope.ts'
import type { Authenticator } from './authenticator.ts'

const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false } as const

const principals = new WeakMap<FastifyRequest, Principal>()

/** Who sent it. Only within a route that names a scope. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = principals.get(request)
  if (principal === undefined) throw new Error(`Expected ${request.routeOptions.url} to name a scope in its config`)
  return principal
}

/** Call it before the first route. The check comes before the body is read: a stranger's megabyte is not parsed. */
export function guardRoutes(app: FastifyInstance, authenticator: Authenticator): void {
  app.addHook('onRoute', (route) => {
    // A route that takes no parameters says so of each that is sent: a misspelt one is not silently left aside.
    if (route.config?.scope !== null && route.schema?.querystring === undefined)
      route.schema = { ...route.schema, querystring: NO_PARAMETERS }
    if (route.config?.scope === undefined) throw new Error(`Expected ${String(route.method)} ${route.url} to name its scope, or null`)
  })
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config
    if (request.is404 || scope === null || scope === undefined) return
    const principal = await authenticator.authenticate(request.headers)
    if (!principal.scopes.has(scope)) throw missingScope(scope)
    principals.set(request, principal)
  })
}
