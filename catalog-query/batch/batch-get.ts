/** `POST /v1/products:batchGet`: up to 100 products by one kind of name, in the order asked. */
import { Type, type Static } from 'typebox'
import { validate as isUuid } from 'uuid'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { validationFailed } from '../../shared/problem.ts'
import { createValidators } from '../../shared/validators.ts'
import type { Representation } from '../../shared/representation.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import { PRIVATE, sendJson } from '../http/answer-headers.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { cacheStatusOf, joinData } from '../list/list-answer.ts'
import type { FoundProduct } from '../product/find-product.ts'
import type { LookUp } from '../product/look-up.ts'
import { Product } from '../product/product-schema.ts'
import { LIST_ROUTE, problemAnswer, PROBLEM_ANSWERS, type Answers } from '../product/route-schema.ts'

const PRODUCTS_AT_MOST = 100

/** What names a product: anything but NUL, which PostgreSQL refuses. */
const Names = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\u0000]+$' }), {
      minItems: 1,
      maxItems: PRODUCTS_AT_MOST,
      description,
    }),
  )

const BatchBody = Type.Object(
  {
    ids: Names('Ids (UUID)'),
    keys: Names('Business keys'),
    skus: Names('SKUs of any of their variants'),
    slugs: Names('Slugs, in any locale of the chain that `locale` begins'),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'Exactly one kind of name',
    examples: [{ keys: ['P-1', 'P-2'] }],
  },
)
type BatchBody = Static<typeof BatchBody>

const BatchAnswer = Type.Object(
  {
    data: Type.Array(Product, { description: 'In the order asked, one for each time it was asked for' }),
    missing: Type.Array(Type.String({ description: 'A name, as asked, that leads to no visible product' })),
  },
  { title: 'ProductBatch' },
)

const BatchParameters = Type.Object(REPRESENTATION_PARAMETERS, { additionalProperties: false })

export function registerBatchGet(app: HttpServer, context: ReadContext): void {
  const response: Answers = {
    200: BatchAnswer,
    413: problemAnswer('The body is too large'),
    415: problemAnswer('The body is not application/json'),
    422: problemAnswer('The body names no products, or more than one kind of name'),
    ...PROBLEM_ANSWERS,
  }
  const schema = {
    summary: 'Get many products',
    operationId: 'batchGetProducts',
    tags: ['products'],
    querystring: BatchParameters,
    body: BatchBody,
    response,
  }
  const options = { config: { ...LIST_ROUTE.config, cost: costOf }, schema, validatorCompiler: createValidators([], 'array').all }
  app.post('/v1/products::batchGet', options, (request, reply) => answerBatch(context, request, reply))
}

/** A tenth of what one product after another would cost (api.md, "Who may"). The body is not validated yet. */
function costOf({ body }: FastifyRequest): number {
  const names = Object.values(Object(body) as Readonly<Record<string, unknown>>).flat()
  return Math.ceil(Math.min(names.length, PRODUCTS_AT_MOST) / 10) || 1
}

async function answerBatch(
  context: ReadContext,
  request: FastifyRequest & { query: Static<typeof BatchParameters>; body: BatchBody },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const token = tokenOf(request, context)
  const { representation, absence } = await context.reference.resolve(request.query.channel, request.query.locale, token)
  const { asked, found } = await findAll(context, { body: request.body, representation, token })
  const data: Buffer[] = []
  const missing: string[] = []
  for (const name of asked) {
    const product = found.get(name)?.read
    if (product?.state === 'visible') data.push(product.body)
    else missing.push(name)
  }
  const products = [...found.values()].flatMap(({ read }) => (read === null ? [] : [read]))
  const vouching = [...[...found.values()].flatMap(({ hint }) => (hint === null ? [] : [hint])), ...products]
  return sendJson({ settings: context.answers, nowUs: context.nowUs() }, reply, {
    json: joinData(data, `,"missing":${JSON.stringify(missing)}}`),
    parts: [...vouching, ...(absence === null ? [] : [absence])],
    cacheStatus: cacheStatusOf(products),
    token,
    // A POST: nobody may keep it, whatever the settings say.
    headers: { 'cache-control': PRIVATE },
  })
}

/** @returns the names as asked, and what each leads to */
async function findAll(
  context: Pick<ReadContext, 'products' | 'readMany'>,
  { body, representation, token }: { body: BatchBody; representation: Representation; token: ConsistencyToken | null },
): Promise<{ asked: readonly string[]; found: ReadonlyMap<string, Pick<FoundProduct, 'read' | 'hint'>> }> {
  if (body.ids !== undefined) {
    requireUuids(body.ids)
    const ids = [...new Set(body.ids.map((id) => id.toLowerCase()))]
    const byId = new Map((await context.readMany(ids, representation, token)).map((read) => [read.id, read]))
    return { asked: body.ids, found: new Map(body.ids.map((id) => [id, { read: byId.get(id.toLowerCase()) ?? null, hint: null }])) }
  }
  const { asked, lookUp } = namesOf(body, representation)
  const names = [...new Set(asked)]
  const products = await context.products.findMany(names.map(lookUp), representation, token)
  return { asked, found: new Map(names.map((name, i) => [name, products[i] ?? NOTHING])) }
}

const NOTHING = { read: null, hint: null }

function namesOf(body: BatchBody, { locales }: Representation): { asked: readonly string[]; lookUp: (value: string) => LookUp } {
  if (body.keys !== undefined) return { asked: body.keys, lookUp: (value) => ({ by: 'key', value }) }
  if (body.skus !== undefined) return { asked: body.skus, lookUp: (value) => ({ by: 'sku', value }) }
  return { asked: body.slugs ?? [], lookUp: (value) => ({ by: 'slug', value, locales }) }
}

/** @throws CatalogError validation-failed naming every one that is none */
function requireUuids(ids: readonly string[]): void {
  const errors = ids.flatMap((id, i) => (isUuid(id) ? [] : [{ pointer: `/ids/${i}`, code: 'format', message: `/ids/${i} must be a UUID` }]))
  if (errors.length > 0) throw validationFailed(errors)
}
