/** `GET /v1/categories`, the whole tree under one ETag, and `GET /v1/categories/{slug}`, one category with all below it. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { notFound } from '../../shared/problem.ts'
import { createGzipCache } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { cacheStatusOf, weakEtag } from '../list/list-answer.ts'
import { createCategoryTrees } from './category-tree.ts'

const CategoryParameters = Type.Object(REPRESENTATION_PARAMETERS, { additionalProperties: false })
const CategoryPath = Type.Object({ slug: Type.String({ minLength: 1, maxLength: 128 }) })

/** @param options.maxBytes of memory for trees, and for compressed answers: this much each */
export function registerCategoryRoutes(app: HttpServer, context: ReadContext, options: { readonly maxBytes: number }): void {
  const readTree = createCategoryTrees(context.readSnapshot, options.maxBytes)
  const findGzip = createGzipCache(options.maxBytes)

  async function answer(
    request: FastifyRequest & { query: Static<typeof CategoryParameters> },
    reply: FastifyReply,
    slug: string | null,
  ): Promise<FastifyReply> {
    const token = tokenOf(request)
    const { representation, absence } = await context.reference.resolve(request.query.channel, request.query.locale, token)
    const tree = await readTree(representation, token)
    const node = slug === null ? null : tree.value.bySlug.get(slug)
    if (node === undefined) throw notFound('category', 'slug', slug ?? '')
    const json = node === null ? tree.value.json : Buffer.from(JSON.stringify(node))
    return sendTagged(
      { context, findGzip },
      { request, reply },
      {
        etag: node === null ? tree.value.etag : weakEtag(json),
        body: () => json,
        parts: absence === null ? [tree] : [tree, absence],
        cacheStatus: cacheStatusOf([tree]),
        token,
      },
    )
  }

  const wholeTree = { summary: 'The category tree', tags: ['categories'], querystring: CategoryParameters }
  app.get('/v1/categories', { schema: wholeTree }, (request, reply) => answer(request, reply, null))
  const oneCategory = { summary: 'One category', tags: ['categories'], querystring: CategoryParameters, params: CategoryPath }
  app.get('/v1/categories/:slug', { schema: oneCategory }, (request, reply) => answer(request, reply, request.params.slug))
}
