/** The query server's routes of many products over a test database, without Redis; writes go through the one write path. */
import type { Pool, QueryConfig } from 'pg'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { parseProductInput } from '../../catalog-admin/product/parse-product-input.ts'
import type { ProductWrite, WriteResult } from '../../catalog-admin/product/product-write.ts'
import { writeProducts } from '../../catalog-admin/product/product-writer.ts'
import { registerBatchGet } from '../../catalog-query/batch/batch-get.ts'
import { registerOfferRoutes } from '../../catalog-query/batch/offers.ts'
import { createMemoryTier } from '../../catalog-query/cache/memory-tier.ts'
import { createProductLoader } from '../../catalog-query/cache/product-loader.ts'
import { createProductReader } from '../../catalog-query/cache/product-reader.ts'
import { UNOBSERVED } from '../../catalog-query/cache/reader-observer.ts'
import { createReplicas } from '../../catalog-query/cache/replicas.ts'
import { registerCategoryRoutes } from '../../catalog-query/category/category-routes.ts'
import { registerFacetRoutes } from '../../catalog-query/facet/facet-routes.ts'
import { registerAttributeList } from '../../catalog-query/list/attribute-list.ts'
import { registerBrandList } from '../../catalog-query/list/brand-list.ts'
import { registerChannelList } from '../../catalog-query/list/channel-list.ts'
import { registerListRoutes } from '../../catalog-query/list/list-routes.ts'
import { createProductFinder } from '../../catalog-query/product/find-product.ts'
import { registerSuggestRoutes } from '../../catalog-query/suggest/suggest-routes.ts'
import { createLookUps } from '../../catalog-query/product/look-up.ts'
import { createReferenceData } from '../../catalog-query/reference-data.ts'
import { SHIPPED_SYNONYMS } from '../../catalog-query/config.ts'
import { readSynonyms } from '../../catalog-query/search/synonyms.ts'
import { readAfterCommit } from '../../shared/clock.ts'
import { createHttpServer, type HttpServer } from '../../shared/http-server.ts'
import { inTransaction } from '../../shared/postgres.ts'
import { nowUs } from '../../shared/stamp.ts'
import { encodeToken } from '../../shared/token.ts'
import type { TestDatabase } from './parts.ts'

export interface ReadingApp {
  readonly app: HttpServer
  /** Names of the statements run on the replica so far. */
  readonly statements: string[]
}

const MAX_BYTES = 8 * 1024 * 1024

export function openReadingApp(database: TestDatabase): ReadingApp {
  const statements: string[] = []
  const pool = Object.assign(Object.create(database.replica) as Pool, {
    // One that is planned for its values has no name, but says at its beginning what it is.
    query: (query: QueryConfig) => (
      statements.push(query.name || (/\/\* (.+?) \*\//.exec(query.text)?.[1] ?? '')),
      database.replica.query(query)
    ),
  })
  const log = pino({ level: 'silent' })
  const replicas = createReplicas({ replicas: [{ name: 'replica', pool }], primary: database.primary, primaryLimit: 4 })
  const { readSnapshot } = replicas
  const loader = createProductLoader(replicas)
  const reader = createProductReader({
    memory: createMemoryTier(MAX_BYTES),
    store: null,
    loader,
    nowUs,
    pause: () => Promise.resolve(),
    observe: UNOBSERVED,
  })
  const context = {
    ...reader,
    loadProduct: loader.load,
    readSnapshot,
    reference: createReferenceData(readSnapshot, nowUs),
    understand: readSynonyms(SHIPPED_SYNONYMS),
    products: createProductFinder({ ...reader, lookUps: createLookUps(readSnapshot, { maxBytes: MAX_BYTES }) }),
    answers: { cacheControl: 'public, max-age=1', private: false, observeStaleness: () => {}, doubtUs: () => 0 },
    nowUs,
  }
  const app = createHttpServer({ log, metrics: new Registry(), bodyLimitBytes: 1024 * 1024, trustProxy: false, logPerMille: 0 })
  registerListRoutes(app, context, { maxBytes: MAX_BYTES })
  registerFacetRoutes(app, context, { maxBytes: MAX_BYTES })
  registerBatchGet(app, context)
  registerOfferRoutes(app, context, { maxBytes: MAX_BYTES })
  registerSuggestRoutes(app, context, { maxBytes: MAX_BYTES })
  registerCategoryRoutes(app, context, { maxBytes: MAX_BYTES })
  registerChannelList(app, context)
  registerBrandList(app, context)
  registerAttributeList(app, context)
  return { app, statements }
}

export interface Written {
  readonly results: readonly WriteResult[]
  /** A Consistency-Token that stands for these writes. */
  readonly token: string
}

/** Input documents by their keys, in one transaction. @throws Error when a document is not valid */
export async function putProducts(database: TestDatabase, documents: readonly unknown[]): Promise<Written> {
  const writes = documents.map((document): ProductWrite => {
    const parsed = parseProductInput(document)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
    return { op: 'put', input: parsed.input, mode: 'upsert', ifVersion: null }
  })
  return await write(database, writes)
}

export async function deleteProduct(database: TestDatabase, key: string): Promise<Written> {
  return await write(database, [{ op: 'delete', product: { key }, ifVersion: null }])
}

async function write(database: TestDatabase, writes: readonly ProductWrite[]): Promise<Written> {
  const context = { actor: 'test', requestId: null }
  const results = await inTransaction(database.primary, (client) => writeProducts(client, writes, context))
  const { stamp, lsn } = await readAfterCommit(database.primary)
  return { results, token: encodeToken({ stamp, lsn, product: null }) }
}
