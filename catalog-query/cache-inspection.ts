/** `/internal/cache/{id}` on the operations port: what this process's caches hold of a product, without asking a database for it. */
import type { FastifyInstance } from 'fastify'
import { bucketOf } from '../shared/bucket.ts'
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
  /** False: nothing kept would be served unchecked. */
  readonly clockIsSound: () => boolean
}

interface Asked {
  Params: { id: string }
  Querystring: { channel?: string; locale?: string }
}

const text = { type: 'string', maxLength: 64 }
const params = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } }
const querystring = { type: 'object', properties: { channel: text, locale: text } }

/** Changes nothing: no fill, no touch, no load. `memory` is null unless it would answer now. */
export function registerCacheInspection(app: FastifyInstance, parts: CacheInspectionParts): void {
  const { memory, store, reference, nowUs, clockIsSound } = parts
  const copies = store === null ? null : createCopySource({ store, nowUs, clockIsSound })
  const inMemory = (id: string, code: string) => (clockIsSound() ? memory.get(id, code, null, nowUs()) : null)

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

  // For the auditor, which knows of no channels: every representation that is held anywhere.
  app.get<Asked>('/internal/cache/:id/copies', { schema: { params } }, async (request) => {
    const id = request.params.id.toLowerCase()
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
    return { id, copies: [...held, ...stored] }
  })
}

function redisPart({ state, copy, vouched }: FoundCopy) {
  if (copy === null) return { trust: state, copy: null }
  const { rev, gen, seen, asOf } = copy
  return { trust: state, copy: { rev, state: copy.state, gen, seen, asOf, vouched } }
}
