/** CORS: anybody's page may read the catalog, or one origin's, or none (CORS_ORIGIN). */
import type { FastifyInstance } from 'fastify'

const ALLOWED = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': 'Authorization, Consistency-Token, Content-Type, If-None-Match, X-Api-Key, X-Request-Id, traceparent',
  'access-control-max-age': '86400',
  'cache-control': 'no-store',
}
/** Call it before the first route. One origin or `*`, so that the answer does not vary by Origin. @param origin '' for none */
export function allowOrigin(app: FastifyInstance, origin: string): void {
  if (origin === '') return
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('access-control-allow-origin', origin)
    // Of a request without credentials `*` means all; none is ever sent with them.
    reply.header('access-control-expose-headers', '*')
    if (request.method === 'OPTIONS') reply.headers(ALLOWED)
    done()
  })
}
