/** The whole query server in this process over a test database, without Redis: for tests of what it says over HTTP. */
import type { RedisClient } from '../../shared/redis.ts'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { createMemoryTier } from '../../catalog-query/cache/memory-tier.ts'
import { createProductLoader } from '../../catalog-query/cache/product-loader.ts'
import { createProductReader } from '../../catalog-query/cache/product-reader.ts'
import { UNOBSERVED } from '../../catalog-query/cache/reader-observer.ts'
import { createReplicas } from '../../catalog-query/cache/replicas.ts'
import { createProductFinder } from '../../catalog-query/product/find-product.ts'
import { createLookUps } from '../../catalog-query/product/look-up.ts'
import { createAdmission } from '../../catalog-query/http/admission.ts'
import { createReferenceData } from '../../catalog-query/reference-data.ts'
import { SHIPPED_SYNONYMS } from '../../catalog-query/config.ts'
import { readSynonyms } from '../../catalog-query/search/synonyms.ts'
import { createQueryServer, type QueryServerParts } from '../../catalog-query/server.ts'
import type { HttpServer } from '../../shared/http-server.ts'
import { nowUs } from '../../shared/stamp.ts'
import type { TestDatabase } from './parts.ts'

const MEMORY_BYTES = 8 * 1024 * 1024

interface Settings extends Partial<Pick<QueryServerParts, 'authRequired' | 'verifyBearer' | 'rateLimit' | 'corsOrigin'>> {
  readonly limiterRedis?: RedisClient
}

export async function openQueryServer(database: TestDatabase, settings: Settings = {}): Promise<HttpServer> {
  const replicas = createReplicas({
    replicas: [{ name: 'replica', pool: database.replica }],
    primary: database.primary,
    primaryLimit: 4,
  })
  const { readSnapshot } = replicas
  const loader = createProductLoader(replicas)
  const pause = () => Promise.resolve()
  const reader = createProductReader({ memory: createMemoryTier(MEMORY_BYTES), store: null, loader, nowUs, pause, observe: UNOBSERVED })
  const { authRequired = false, verifyBearer = null, rateLimit = 0, corsOrigin = '*', limiterRedis = null } = settings
  return await createQueryServer({
    log: pino({ level: 'silent' }),
    metrics: new Registry(),
    logPerMille: 0,
    trustProxy: '',
    corsOrigin,
    authRequired,
    verifyBearer,
    rateLimit,
    limiterRedis,
    admission: createAdmission({ maxInFlight: 1_000, maxDelayMs: 0 }),
    pageBytes: MEMORY_BYTES,
    listBytes: MEMORY_BYTES,
    context: {
      ...reader,
      loadProduct: loader.load,
      readSnapshot,
      reference: createReferenceData(readSnapshot, nowUs),
      understand: readSynonyms(SHIPPED_SYNONYMS),
      products: createProductFinder({ ...reader, lookUps: createLookUps(readSnapshot, { maxBytes: MEMORY_BYTES }) }),
      answers: { cacheControl: 'public, max-age=1', private: authRequired, observeStaleness: () => {}, doubtUs: () => 0 },
      nowUs,
    },
  })
}
