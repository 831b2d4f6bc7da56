/** The page that explains an API and lets one try it: Swagger UI, every byte of it from our own origin. */
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

// The page's own scripts and styles, and requests to this server; its icons are data URLs, its layout sets styles from its script.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What a new release changed is seen an hour later at most; the files have ETags. */
const CACHE = 'public, max-age=3600'

/** Call it after addOpenApi and before what guards or limits routes: the page is for everybody. @param path `/docs` */
export async function registerApiDocs(app: FastifyInstance, path: string, title: string): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => void (route.config = { ...route.config, scope: null }))
    scope.addHook('onSend', (_request, reply, _payload, done) => {
      if (reply.statusCode < 400) reply.headers({ 'cache-control': CACHE, 'x-content-type-options': 'nosniff' })
      done()
    })
    await scope.register(swaggerUi, {
      routePrefix: path,
      staticCSP: CONTENT_SECURITY_POLICY,
      theme: { title },
      // Without the bar on top, whose address field would load any document from anywhere.
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list', tryItOutEnabled: true, validatorUrl: null },
    })
  })
}
