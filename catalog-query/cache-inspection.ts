/** `/internal/cache/{id}` on the operations port: what this process's caches hold of a product, without asking a database for it. */
import type { FastifyInstance } from 'fastify'
import { bucketOf } from '../shared/bucket.ts'
import { representationCode } from '../shared/representation.ts'
import { createCopySource, type CopySource, type FoundCopy } from './cache/copy-source.ts'
import type { CacheStore } from './cache/cache-store.ts'
import type { MemoryTier } from './cache/memory-tier.ts'
import type { ProductRead } from './cache/product-read.ts'
import type { ReferenceData } from './reference-data.ts'

export interface CacheInspectionParts {
  readonly memory: MemoryTier
  readonly store: CacheStore | null
  readonly reference: ReferenceData
  readonly nowUs: () => number
  /** False: nothing kept would be served unchecked. */
  readonly clockIsSound: () => boolean
}

interface Asked {
  Params: { id: string }
  Querystring: { channel?: string; locale?: string }
}

interface AskedMany {
  Querystring: { ids: string }
}

/** Of one question about many products. */
export const PRODUCTS_AT_MOST = 64
const UUIDS = `^[0-9a-fA-F-]{36}(,[0-9a-fA-F-]{36}){0,${PRODUCTS_AT_MOST - 1}}$`

const text = { type: 'string', maxLength: 64 }
const params = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } }
const many = { type: 'object', required: ['ids'], properties: { ids: { type: 'string', pattern: UUIDS } } }
const querystring = { type: 'object', properties: { channel: text, locale: text } }

/** Changes nothing: no fill, no touch, no load. `memory` is null unless it would answer now. */
export function registerCacheInspection(app: FastifyInstance, parts: CacheInspectionParts): void {
  const { memory, store, reference, nowUs, clockIsSound } = parts
  const copies = store === null ? null : createCopySource({ store, nowUs, clockIsSound })
  const inMemory: InMemory = (id, code) => (clockIsSound() ? memory.get(id, code, null, nowUs()) : null)
  const allCopies = (id: string) => copiesOf(id, { memory, store, copies, inMemory })

  app.get<Asked>('/internal/cache/:id', { schema: { params, querystring } }, async (request) => {
    const { representation } = await reference.resolve(request.query.channel, request.query.locale, null)
    const [id, code] = [request.params.id.toLowerCase(), representationCode(representation)]
    const held = inMemory(id, code)
    return {
      id,
      code,
      memory: held === null ? null : { rev: held.rev, state: held.state, vouched: held.vouched },
      redis: copies === null ? null : redisPart(await copies.read({ productId: id, code })),
    }
  })

  // For the auditor, which knows of no channels: every representation that is held anywhere, of each product in the order asked.
  app.get<AskedMany>('/internal/cache/copies', { schema: { querystring: many } }, async (request) => {
    const ids = request.query.ids.toLowerCase().split(',')
    return { products: await Promise.all(ids.map(async (id) => ({ id, copies: await allCopies(id) }))) }
  })
}

type InMemory = (id: string, code: string) => ProductRead | null

interface Places extends Pick<CacheInspectionParts, 'memory' | 'store'> {
  readonly copies: CopySource | null
  readonly inMemory: InMemory
}

/** In every representation that is held anywhere. */
async function copiesOf(id: string, { memory, store, copies, inMemory }: Places) {
  const held = memory.codes(id).flatMap((code) => {
    const read = inMemory(id, code)
    return read === null ? [] : [{ place: 'memory', code, trusted: true, rev: read.rev, vouched: read.vouched }]
  })
  // A Redis that is away holds nothing that would be served.
  const residents = (await store?.residents(bucketOf(id), [id]).catch(() => null)) ?? null
  const resident = residents?.resident[0] ?? []
  const found = await Promise.all(resident.map(async (code) => ({ code, ...((await copies?.read({ productId: id, code })) ?? null) })))
  const stored = found.flatMap(({ code, state, copy, vouched }) =>
    copy ? [{ place: 'redis', code, trusted: state === 'trusted', rev: copy.rev, vouched }] : [],
  )
  return [...held, ...stored]
}

function redisPart({ state, copy, vouched }: FoundCopy) {
  if (copy === null) return { trust: state, copy: null }
  const { rev, gen, seen, asOf } = copy
  return { trust: state, copy: { rev, state: copy.state, gen, seen, asOf, vouched } }
}
