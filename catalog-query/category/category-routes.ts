/** `GET /v1/categories`, the whole tree under one ETag, and `GET /v1/categories/{slug}`, one category with all below it. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { notFound } from '../../shared/problem.ts'
import { MINUTE_PROMISE_MS, setAnswerHeaders } from '../http/answer-headers.ts'
import { createGzipCache } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { cacheStatusOf, contentTag, languagesOf } from '../list/list-answer.ts'
import { listAnswers } from '../list/list-schema.ts'
import { LIST_ROUTE, problemAnswer, type Answers } from '../product/route-schema.ts'
import { createCategoryTrees } from './category-tree.ts'

const CategoryParameters = Type.Object(REPRESENTATION_PARAMETERS, { additionalProperties: false })
const CategoryItem = Type.Object(
  {
    id: Type.Integer(),
    slug: Type.String(),
    name: Type.String(),
    path: Type.Array(Type.String(), { description: 'Names from the root down to its own' }),
    productCount: Type.Integer({ description: 'Products in the channel’s lists, in it or below it, each once' }),
    children: Type.Array(Type.Object({}, { additionalProperties: true, description: 'A category of this same shape' })),
  },
  { title: 'Category' },
)
const CategoryPath = Type.Object({
  slug: Type.String({ minLength: 1, maxLength: 128, description: 'The category’s slug', examples: ['jackets'] }),
})

const WHOLE_TREE = listAnswers(Type.Object({ data: Type.Array(CategoryItem) }, { title: 'CategoryTree' }))
const ONE_CATEGORY: Answers = { ...listAnswers(CategoryItem), 404: problemAnswer('No category has this slug') }

/** @param options.maxBytes of memory for trees, and for compressed answers: this much each */
export function registerCategoryRoutes(app: HttpServer, context: ReadContext, options: { readonly maxBytes: number }): void {
  const readTree = createCategoryTrees(context.readSnapshot, options.maxBytes)
  const findGzip = createGzipCache(options.maxBytes)

  async function answerTree(
    request: FastifyRequest & { query: Static<typeof CategoryParameters> },
    reply: FastifyReply,
    slug: string | null,
  ): Promise<FastifyReply> {
    const token = tokenOf(request, context)
    const { representation, absence } = await context.reference.resolve(request.query.channel, request.query.locale, token)
    const { tree, parts } = await readTree(representation, token)
    const node = slug === null ? null : tree.bySlug.get(slug)
    const answer = {
      parts: absence === null ? parts : [...parts, absence],
      cacheStatus: cacheStatusOf(parts),
      token,
      promiseMs: MINUTE_PROMISE_MS,
    }
    if (node === undefined) {
      setAnswerHeaders({ settings: context.answers, nowUs: context.nowUs() }, reply, answer)
      throw notFound('category', 'slug', slug ?? '')
    }
    const json = node === null ? tree.json : Buffer.from(JSON.stringify(node))
    return sendTagged(
      { context, findGzip },
      { request, reply },
      {
        tag: node === null ? tree.tag : contentTag(json),
        body: () => json,
        ...answer,
        headers: languagesOf([], representation.locales),
      },
    )
  }

  const wholeTree = {
    summary: 'The category tree',
    operationId: 'getCategoryTree',
    tags: ['categories'],
    querystring: CategoryParameters,
    response: WHOLE_TREE,
  }
  app.get('/v1/categories', { ...LIST_ROUTE, schema: wholeTree }, (request, reply) => answerTree(request, reply, null))
  const oneCategory = {
    summary: 'One category',
    operationId: 'getCategory',
    tags: ['categories'],
    querystring: CategoryParameters,
    params: CategoryPath,
    response: ONE_CATEGORY,
  }
  app.get('/v1/categories/:slug', { ...LIST_ROUTE, schema: oneCategory }, (request, reply) =>
    answerTree(request, reply, request.params.slug),
  )
}
