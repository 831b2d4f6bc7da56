/** `GET /v1/products/{id}/variants`: a page of the variants of a product that has more than fit into its own answer. */
import { Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { gone, invalidCursor, notFound } from '../../shared/problem.ts'
import { publicVariant, representationCode, variantsLink, VARIANTS_PER_PAGE } from '../../shared/representation.ts'
import { sendJson, setAnswerHeaders } from '../http/answer-headers.ts'
import { entityTag, isNoneMatched, tagOf } from '../http/entity-tag.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { Variant } from './product-schema.ts'
import { PRODUCT_ANSWERS, ProductId, READ_ROUTE, type Answers } from './route-schema.ts'

const Query = Type.Object(
  {
    ...REPRESENTATION_PARAMETERS,
    cursor: Type.Optional(Type.String({ maxLength: 20, description: '`page.next`, or what stands in `variantsNext`' })),
  },
  { additionalProperties: false },
)
const Page = Type.Object(
  {
    data: Type.Array(Variant),
    page: Type.Object({ limit: Type.Integer(), next: Type.Union([Type.String(), Type.Null()]) }),
  },
  { title: 'VariantPage' },
)

/** Read from a database each time: only very large products have further pages, and these are asked for rarely. */
export function registerVariantsRoute(app: HttpServer, context: ReadContext): void {
  const response: Answers = { ...PRODUCT_ANSWERS, 200: Page }
  const schema = { params: ProductId, querystring: Query, response, tags: ['products'] }
  app.get(
    '/v1/products/:id/variants',
    { ...READ_ROUTE, schema: { ...schema, summary: 'A page of a product’s variants', operationId: 'listVariants' } },
    async (request, reply) => {
      const id = request.params.id.toLowerCase()
      const offset = toOffset(request.query.cursor)
      const token = tokenOf(request, context)
      const { representation, absence } = await context.reference.resolve(request.query.channel, request.query.locale, token)
      const { source, asOf: vouched, tier, marked } = await context.loadProduct(id, token)
      const read = { vouched, contained: source.contained, marked }
      const parts = absence === null ? [read] : [read, absence]
      const answer = { parts, cacheStatus: `fwd=miss; detail=${tier}`, token }
      const when = { settings: context.answers, nowUs: context.nowUs() }
      if (source.document === null) {
        setAnswerHeaders(when, reply, answer)
        throw source.state === 'deleted' ? gone('product', id) : notFound('product', 'id', id)
      }
      const { variants } = source.document
      const end = offset + VARIANTS_PER_PAGE
      const page = { limit: VARIANTS_PER_PAGE, next: end < variants.length ? String(end) : null }
      const data = variants.slice(offset, end).map((variant) => publicVariant(variant, representation.channel))
      const etag = entityTag(tagOf(source.rev, `${representationCode(representation)} variants ${offset}`), 'identity')
      const condition = request.headers['if-none-match']
      if (condition !== undefined && isNoneMatched(condition, etag)) void reply.code(304)
      const link = page.next === null ? {} : { link: `<${variantsLink(id, representation, end)}>; rel="next"` }
      const headers = { etag, 'catalog-rev': String(source.rev), ...link }
      return sendJson(when, reply, { ...answer, json: JSON.stringify({ data, page }), headers })
    },
  )
}

/** @throws CatalogError invalid-cursor */
function toOffset(cursor = '0'): number {
  if (!/^\d{1,9}$/.test(cursor)) throw invalidCursor()
  return Number(cursor)
}
