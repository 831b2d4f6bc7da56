/** `/internal/cache/{id}` on the operations port: what this process's caches hold of a product, without asking a database for it. */
import type { FastifyInstance } from 'fastify'
import { representationCode } from '../shared/representation.ts'
import { createCopySource, type FoundCopy } from './cache/copy-source.ts'
import type { CacheStore } from './cache/cache-store.ts'
import type { MemoryTier } from './cache/memory-tier.ts'
import type { ReferenceData } from './reference-data.ts'

export interface CacheInspectionParts {
  readonly memory: MemoryTier
  readonly store: CacheStore | null
  readonly reference: ReferenceData
  readonly nowUs: () => number
}

interface Asked {
  Params: { id: string }
  Querystring: { channel?: string; locale?: string }
}

const text = { type: 'string', maxLength: 64 }
const schema = {
  params: { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } },
  querystring: { type: 'object', properties: { channel: text, locale: text } },
}

/** Changes nothing: no fill, no touch, no load. `memory` is null unless it would answer now. */
export function registerCacheInspection(app: FastifyInstance, { memory, store, reference, nowUs }: CacheInspectionParts): void {
  const copies = store === null ? null : createCopySource({ store, nowUs })
  app.get<Asked>('/internal/cache/:id', { schema }, async (request) => {
    const { representation } = await reference.resolve(request.query.channel, request.query.locale, null)
    const [id, code] = [request.params.id.toLowerCase(), representationCode(representation)]
    const held = memory.get(id, code, null, nowUs())
    return {
      id,
      code,
      memory: held === null ? null : { rev: held.rev, state: held.state, vouched: held.vouched },
      redis: copies === null ? null : redisPart(await copies.read({ productId: id, code })),
    }
  })
}

function redisPart({ state, copy, vouched }: FoundCopy) {
  if (copy === null) return { trust: state, copy: null }
  const { rev, gen, seen, asOf } = copy
  return { trust: state, copy: { rev, state: copy.state, gen, seen, asOf, vouched } }
}
