/** The whole HTTP face of the admin server on one page: what every request goes through, then the routes. */
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { registerApiDocs } from '../shared/api-docs.ts'
import { createHttpServer, type HttpServer } from '../shared/http-server.ts'
import { registerProblemPages } from '../shared/problem-page.ts'
import type { Authenticator } from './access/authenticator.ts'
import { ApiClientSchema, registerClientRoutes } from './access/client-routes.ts'
import { limitRates } from './access/rate-limit.ts'
import { guardRoutes } from './access/route-guard.ts'
import { checkTokens, createTokenMaker } from './http/consistency.ts'
import { addOpenApi } from './http/openapi.ts'
import { ProblemSchema } from './http/schemas.ts'
import { createValidators } from '../shared/validators.ts'
import { createWriteRunner } from './http/write.ts'
import { IMPORT_SCHEMAS, type ImportRouteParts, registerImportRoutes } from './import/import-routes.ts'
import { readAdminProduct } from './product/admin-document.ts'
import { AdminProductCardSchema, AdminProductSchema } from './product/admin-product-schema.ts'
import { MAX_DOCUMENT_BYTES, ProductInputSchema } from './product/product-input.ts'
import { registerProductReads } from './product/product-read-routes.ts'
import { registerProductWrites } from './product/product-write-routes.ts'
import { writeProducts } from './product/product-writer.ts'
import { registerCategoryOrderRoutes } from './reference/category-order-routes.ts'
import { ChannelSchema, registerChannelRoutes } from './reference/channel-routes.ts'
import { AttributeSchema, BrandSchema, CategorySchema, registerReferenceRoutes } from './reference/reference-routes.ts'

export interface AdminServerParts {
  readonly pool: Pool
  readonly authenticator: Authenticator
  readonly imports: Omit<ImportRouteParts, 'pool' | 'makeToken'>
  readonly log: Logger
  readonly metrics: Registry
  readonly logPerMille: number
  readonly trustProxy: string
  /** Requests a minute per client; 0: no limit. */
  readonly rateLimit: number
}

/** An import of gigabytes arrives at its sender's pace; a sender that falls silent is cut off after a minute all the same. */
const REQUEST_MS = 3_600_000

/** Named in the OpenAPI document. */
const SCHEMAS = [
  ProblemSchema,
  ProductInputSchema,
  AdminProductSchema,
  AdminProductCardSchema,
  ChannelSchema,
  BrandSchema,
  CategorySchema,
  AttributeSchema,
  ApiClientSchema,
  ...IMPORT_SCHEMAS,
]

export async function createAdminServer(parts: AdminServerParts): Promise<HttpServer> {
  const { pool, authenticator, log, metrics } = parts
  const trustProxy = parts.trustProxy === 'true' || (parts.trustProxy === '' ? false : parts.trustProxy)
  const limits = { bodyLimitBytes: MAX_DOCUMENT_BYTES, requestTimeoutMs: REQUEST_MS }
  const app = createHttpServer({ log, metrics, ...limits, trustProxy, logPerMille: parts.logPerMille })
  const validators = createValidators(SCHEMAS)
  app.setValidatorCompiler(validators.all)
  // Response schemas describe; they must not drop a field that they do not know.
  app.setSerializerCompiler(() => (body) => JSON.stringify(body))

  await addOpenApi(app, SCHEMAS)
  await registerApiDocs(app, '/admin/docs', 'Catalog: admin API')
  await limitRates(app, authenticator, parts.rateLimit)
  guardRoutes(app, authenticator)
  checkTokens(app)
  registerProblemPages(app)

  const makeToken = createTokenMaker(pool)
  const runWrite = createWriteRunner(pool, makeToken, log)
  registerProductReads(app, { pool, makeToken })
  registerProductWrites(app, {
    runWrite,
    writeProducts,
    readProduct: readAdminProduct,
    validators,
    countWrite: createWriteCounter(metrics),
  })
  registerChannelRoutes(app, { pool, runWrite, makeToken })
  registerReferenceRoutes(app, { pool, makeToken })
  registerCategoryOrderRoutes(app, { pool, runWrite, makeToken })
  registerImportRoutes(app, { pool, makeToken, ...parts.imports })
  registerClientRoutes(app, { pool, authenticator, makeToken })
  return app
}

function createWriteCounter(metrics: Registry): (operation: string, outcome: string) => void {
  const writes = new Counter({
    name: 'catalog_product_writes_total',
    help: 'Writes of one product over HTTP, by what came of them',
    labelNames: ['operation', 'outcome'],
    registers: [metrics],
  })
  return (operation, outcome) => writes.inc({ operation, outcome })
}
