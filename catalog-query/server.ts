/** The whole HTTP face of the query server on one page: what every request goes through, then the routes. */
import type { RedisClient } from '../shared/redis.ts'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { registerApiDocs } from '../shared/api-docs.ts'
import type { VerifyBearer } from '../shared/bearer-token.ts'
import { createHttpServer, type HttpServer } from '../shared/http-server.ts'
import { registerProblemPages } from '../shared/problem-page.ts'
import { createCallerCheck } from './access/caller-check.ts'
import { guardReads } from './access/guard.ts'
import { limitReads } from './access/rate-limit.ts'
import { registerBatchGet } from './batch/batch-get.ts'
import { registerOfferRoutes } from './batch/offers.ts'
import { registerCategoryRoutes } from './category/category-routes.ts'
import { registerChangeFeed } from './change/change-route.ts'
import { registerFacetRoutes } from './facet/facet-routes.ts'
import { admitRequests, type Admission } from './http/admission.ts'
import { allowOrigin } from './http/cors.ts'
import { addOpenApi } from './http/openapi.ts'
import type { ReadContext } from './http/read-context.ts'
import { registerAttributeList } from './list/attribute-list.ts'
import { registerBrandList } from './list/brand-list.ts'
import { registerChannelList } from './list/channel-list.ts'
import { registerListRoutes } from './list/list-routes.ts'
import { registerSuggestRoutes } from './suggest/suggest-routes.ts'
import { registerProductRoutes } from './product/product-routes.ts'

export interface QueryServerParts {
  readonly context: ReadContext
  readonly log: Logger
  readonly metrics: Registry
  readonly logPerMille: number
  readonly trustProxy: string
  /** `*`, one origin, or '' for none. */
  readonly corsOrigin: string
  readonly authRequired: boolean
  /** null: bearer tokens are not accepted. */
  readonly verifyBearer: VerifyBearer | null
  /** Requests' cost a minute per caller; 0: no limit. */
  readonly rateLimit: number
  /** Counts for the rate limit; null: this process counts alone. */
  readonly limiterRedis: RedisClient | null
  readonly admission: Admission
  /** Of products' pages with gzip or brotli. */
  readonly pageBytes: number
  /** Of each cache of lists, searches, facets, suggestions, trees and offers. */
  readonly listBytes: number
}

/** A batch names at most 100 products, by keys of at most 128 characters. */
const BODY_LIMIT_BYTES = 64 * 1024

export async function createQueryServer(parts: QueryServerParts): Promise<HttpServer> {
  const { context, log, metrics } = parts
  const trustProxy = parts.trustProxy === 'true' || (parts.trustProxy === '' ? false : parts.trustProxy)
  const app = createHttpServer({ log, metrics, bodyLimitBytes: BODY_LIMIT_BYTES, trustProxy, logPerMille: parts.logPerMille })

  allowOrigin(app, parts.corsOrigin)
  await addOpenApi(app)
  await registerApiDocs(app, '/docs', 'Catalog: query API')
  admitRequests(app, parts.admission, metrics)
  const callers = createCallerCheck(context.readSnapshot, parts.verifyBearer)
  if (parts.authRequired) guardReads(app, callers)
  if (parts.rateLimit > 0) await limitReads(app, { perMinute: parts.rateLimit, redis: parts.limiterRedis, callers })
  registerProblemPages(app)

  const memory = { maxBytes: parts.listBytes }
  registerProductRoutes(app, context, { maxBytes: parts.pageBytes })
  registerBatchGet(app, context)
  registerOfferRoutes(app, context, memory)
  registerListRoutes(app, context, memory)
  registerFacetRoutes(app, context, memory)
  registerSuggestRoutes(app, context, memory)
  registerCategoryRoutes(app, context, memory)
  registerBrandList(app, context)
  registerAttributeList(app, context)
  registerChannelList(app, context)
  registerChangeFeed(app, context, callers)
  return app
}
