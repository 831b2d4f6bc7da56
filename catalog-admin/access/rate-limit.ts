/** Requests a minute, per client or, for whoever is not known, per address; counted in this process's memory. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { CatalogError } from '../../shared/problem.ts'
import type { Authenticator } from './authenticator.ts'

const WINDOW_MS = 60_000
/** Callers whose counts are kept; the longest idle are forgotten first. */
const MAX_CALLERS = 10_000

/**
 * Call it before guardRoutes: a wrong key counts against its address, before anybody looks it up.
 * @param perMinute 0: no limit
 */
export async function limitRates(app: FastifyInstance, authenticator: Authenticator, perMinute: number): Promise<void> {
  if (perMinute === 0) return
  await app.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: WINDOW_MS,
    cache: MAX_CALLERS,
    enableDraftSpec: true,
    keyGenerator: (request) => authenticator.recall(request.headers)?.id ?? request.ip,
    errorResponseBuilder: (_request, { max }) => new CatalogError('rate-limited', `At most ${max} requests a minute`),
  })
  app.addHook('onRequest', app.rateLimit())
}
