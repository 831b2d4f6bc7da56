/** `GET` of one product: by id, key, slug or SKU, and its further variants (api.md, "query: one product"). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { representationCode } from '../../shared/representation.ts'
import type { ProductRead, Vouching } from '../cache/product-read.ts'
import { FIELDS_PARAMETER, parseFields, pickFields } from '../http/fields.ts'
import type { ReadContext } from '../http/read-context.ts'
import { andThen, REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { NO_STAMP } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { Resolved } from '../reference-data.ts'
import type { FoundProduct } from './find-product.ts'
import type { LookUp } from './look-up.ts'
import { createCompressedPages } from './compressed-pages.ts'
import { sendProduct, setFreshness, type Exchange, type ProductAnswer, type ProductParts, type Reshape } from './product-answer.ts'
import { PRODUCT_FIELDS } from './product-schema.ts'
import { PRODUCT_ANSWERS, ProductId, READ_ROUTE } from './route-schema.ts'
import { registerVariantsRoute } from './variants-route.ts'

const Query = Type.Object({ ...REPRESENTATION_PARAMETERS, ...FIELDS_PARAMETER }, { additionalProperties: false })
interface ProductQuery {
  readonly channel?: string
  readonly locale?: string
  readonly fields?: string
}

/** No NUL, which PostgreSQL has no place for; percent-encoding has been undone. */
const businessKey = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\u0000]+$', description, examples: [example] })

export function registerProductRoutes(app: HttpServer, context: ReadContext, options: { readonly maxBytes: number }): void {
  const parts = { context, compressPage: createCompressedPages(options.maxBytes) }
  const schema = { querystring: Query, response: PRODUCT_ANSWERS, tags: ['products'] }
  app.get(
    '/v1/products/:id',
    { ...READ_ROUTE, schema: { ...schema, params: ProductId, summary: 'One product', operationId: 'getProduct' } },
    (request, reply) => {
      const token = tokenOf(request, context)
      const answered = andThen(context.reference.resolve(request.query.channel, request.query.locale, token), (resolved) => {
        const id = request.params.id.toLowerCase()
        const asked = { what: 'product', by: 'id', value: id } as const
        return andThen(context.readProduct(id, resolved.representation, token), (read) => {
          const reshape = fieldsReshape(request.query)
          const answer = { read, also: alsoOf(resolved), token, asked, shape: shapeOf(resolved), reshape }
          return sendProduct(parts, { request, reply }, answer)
        })
      })
      // Nothing to wait for when memory had it: Fastify would wait for a reply that is returned.
      return answered instanceof Promise ? answered : undefined
    },
  )

  const byKey = Type.Object({ key: businessKey('The product’s key', 'P-1') })
  app.get(
    '/v1/products/by-key/:key',
    { ...READ_ROUTE, schema: { ...schema, params: byKey, summary: 'One product by its key', operationId: 'getProductByKey' } },
    (request, reply) => lookUpAndSend(parts, { request, reply }, { by: 'key', value: request.params.key, query: request.query }),
  )

  const bySlug = Type.Object({ slug: businessKey('A slug of the product in a locale of the chain', 'urban-jacket') })
  app.get(
    '/v1/products/by-slug/:slug',
    {
      ...READ_ROUTE,
      schema: { ...schema, params: bySlug, summary: 'One product by its slug; an old slug answers 308', operationId: 'getProductBySlug' },
    },
    (request, reply) => lookUpAndSend(parts, { request, reply }, { by: 'slug', value: request.params.slug, query: request.query }),
  )

  const bySku = Type.Object({ sku: businessKey('The SKU of one of its variants', 'P-1-M') })
  app.get(
    '/v1/variants/by-sku/:sku',
    {
      ...READ_ROUTE,
      schema: { ...schema, params: bySku, summary: 'The product of a variant, with the SKU that matched', operationId: 'getProductBySku' },
    },
    (request, reply) => lookUpAndSend(parts, { request, reply }, { by: 'sku', value: request.params.sku, query: request.query }),
  )

  registerVariantsRoute(app, context)
}

interface Asked {
  readonly by: LookUp['by']
  readonly value: string
  readonly query: ProductQuery
}

/** As by id: what memory has is answered without a promise. */
function lookUpAndSend(parts: ProductParts, exchange: Exchange, asked: Asked): Promise<unknown> | undefined {
  const { context } = parts
  const { by, value, query } = asked
  const token = tokenOf(exchange.request, context)
  const answered = andThen(context.reference.resolve(query.channel, query.locale, token), (resolved) => {
    const { representation } = resolved
    const lookUp: LookUp = by === 'slug' ? { by, value, locales: representation.locales } : { by, value }
    return andThen(context.products.find(lookUp, representation, token), (found) =>
      sendFound(parts, exchange, { asked, resolved, found, token }),
    )
  })
  return answered instanceof Promise ? answered : undefined
}

function sendFound(
  parts: ProductParts,
  exchange: Exchange,
  { asked, resolved, found, token }: { asked: Asked; resolved: Resolved; found: FoundProduct; token: ConsistencyToken | null },
): FastifyReply {
  const { by, value, query } = asked
  const read = found.read ?? nothingFound(found.hint)
  const answer: ProductAnswer = {
    read,
    also: found.hint === null ? alsoOf(resolved) : [found.hint, ...alsoOf(resolved)],
    token,
    asked: { what: by === 'sku' ? 'variant' : 'product', by: by === 'sku' ? 'SKU' : by, value },
    shape: shapeOf(resolved),
    reshape: by === 'sku' ? withSku(value, query) : fieldsReshape(query),
  }
  if (found.movedTo === null || read.state !== 'visible') return sendProduct(parts, exchange, answer)
  const { request, reply } = exchange
  setFreshness(parts.context, reply, answer)
  return reply.redirect(movedUrl(request, found.movedTo), 308)
}

const EMPTY = Buffer.alloc(0)
const NOWHERE: Vouching = { vouched: NO_STAMP, contained: NO_STAMP, marked: true }

/** The absence of a key, as a read: vouched for by the look-up alone. */
function nothingFound(hint: Vouching | null): ProductRead {
  const { vouched, contained, marked } = hint ?? NOWHERE
  const nothing = { names: EMPTY, body: EMPTY, card: EMPTY, locale: '', changedAtMs: 0, renderedAtMs: 0 }
  return { ...nothing, id: '', state: 'absent', rev: 0, tier: 'replica', forward: 'miss', vouched, contained, marked }
}

/** A relative reference, so that it is right behind any gateway. */
function movedUrl(request: FastifyRequest, slug: string): string {
  const at = request.url.indexOf('?')
  return `/v1/products/by-slug/${encodeURIComponent(slug)}${at < 0 ? '' : request.url.slice(at)}`
}

function fieldsReshape(query: ProductQuery): Reshape | null {
  const fields = parseFields(query.fields, PRODUCT_FIELDS)
  return fields === null ? null : { name: fields.join(), apply: (body) => pickFields(body, fields) }
}

/** `"sku"` in front: the bytes are spliced, not parsed, unless only some fields are wanted. */
function withSku(sku: string, query: ProductQuery): Reshape {
  const member = Buffer.from(`{"sku":${JSON.stringify(sku)},`)
  const splice = (body: Buffer) => Buffer.concat([member, body.subarray(1)])
  const fields = parseFields(query.fields, ['sku', ...PRODUCT_FIELDS])
  if (fields === null) return { name: 'sku', apply: splice }
  return { name: `sku ${fields.join()}`, apply: (body) => pickFields(splice(body), fields) }
}

function alsoOf(resolved: Resolved) {
  return resolved.absence === null ? NOTHING : [resolved.absence]
}

const NOTHING: readonly never[] = []

const shapes = new WeakMap<object, string>()

function shapeOf({ representation }: Resolved): string {
  const known = shapes.get(representation)
  if (known !== undefined) return known
  const shape = representationCode(representation)
  shapes.set(representation, shape)
  return shape
}
