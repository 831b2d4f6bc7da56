/** The HTTP face of reading products as those see them who edit them: whole, as a work list, and as readers would see them. */
import type { Pool } from 'pg'
import { Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { invalidParameter, notFound } from '../../shared/problem.ts'
import { TEXT_PATTERN } from '../../shared/validators.ts'
import { answerToken, type MakeToken } from '../http/consistency.ts'
import { PageQuery, readPage } from '../http/page.ts'
import { versionTag } from '../http/preconditions.ts'
import { ETagHeader, named, pageOf, read, RequestHeaders, responses } from '../http/schemas.ts'
import { findRepresentation } from '../reference/find-representation.ts'
import { readAdminProduct } from './admin-document.ts'
import { adminListPosition, isAdminListPosition, listAdminProducts } from './admin-list.ts'
import { ADDRESSES, PRODUCTS_PATH } from './product-address.ts'
import { previewProduct } from './product-preview.ts'
import type { ProductRef } from './product-write.ts'

export interface ProductReadParts {
  readonly pool: Pool
  readonly makeToken: MakeToken
}

const config = { scope: 'product:read' } as const
const tags = ['products']
const strict = { additionalProperties: false }

export function registerProductReads(app: HttpServer, parts: ProductReadParts): void {
  addWorkList(app, parts)
  addRead(app, parts)
  addPreview(app, parts)
}

function addWorkList(app: HttpServer, { pool, makeToken }: ProductReadParts): void {
  const Status = Type.Enum(['draft', 'active', 'archived'], { type: 'string' })
  const schema = {
    tags,
    summary: 'The work list: products, the latest edited first',
    headers: Type.Object(RequestHeaders.token),
    querystring: Type.Object(
      {
        status: Type.Optional(Status),
        deleted: Type.Optional(Type.Boolean({ description: '`true`: what is in the bin' })),
        q: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 128,
            pattern: TEXT_PATTERN,
            description: 'How the key, a SKU or a title begins, in any case',
          }),
        ),
        ...PageQuery,
      },
      strict,
    ),
    response: responses({ 200: read('A page', pageOf(named('AdminProductCard'))) }, ['invalid-cursor']),
  }
  app.get(PRODUCTS_PATH, { schema, config }, async (request, reply) => {
    const { limit, cursor, ...filter } = request.query
    const list = {
      // A cursor belongs to its filters: with others it would go on in the middle of another list.
      name: `products ${JSON.stringify([filter.status, filter.deleted, filter.q])}`,
      read: (after: string | null, count: number) => listAdminProducts(pool, filter, after, count),
      positionOf: adminListPosition,
      isPosition: isAdminListPosition,
    }
    const page = await readPage(list, { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) })
    await answerToken(makeToken, request, reply, null)
    return page
  })
}

function addRead(app: HttpServer, { pool, makeToken }: ProductReadParts): void {
  const schema = {
    tags,
    summary: 'One product, as it is edited',
    description: 'Drafts and products in the bin too. Always whole: prices, stock and the bin are no part of the version that the ETag is.',
    headers: Type.Object(RequestHeaders.token),
    response: responses({ 200: read('The product', named('AdminProduct'), { ...ETagHeader, 'Catalog-Rev': Type.String() }) }, [
      'not-found',
    ]),
  }
  for (const { path, params, refOf } of ADDRESSES) {
    app.get(path, { schema: { ...schema, params }, config }, async (request, reply) => {
      const ref = refOf(request.params)
      const product = (await readAdminProduct(pool, ref)) ?? noProduct(ref)
      const { id, rev, version } = product
      void reply.headers({ etag: versionTag(version), 'catalog-rev': String(rev), 'cache-control': 'no-store' })
      await answerToken(makeToken, request, reply, { id, rev })
      return product
    })
  }
}

function noProduct(ref: ProductRef): never {
  const [by = 'id', value = ''] = Object.entries(ref)[0] ?? []
  throw notFound('product', by, value)
}

const PreviewQuery = Type.Object(
  {
    channel: Type.Optional(Type.String({ maxLength: 64, pattern: TEXT_PATTERN, default: 'default' })),
    locale: Type.Optional(
      Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9-]*$', description: 'The channel’s default when it is left out' }),
    ),
    at: Type.Optional(Type.String({ format: 'date-time', description: 'The time to look from; now when it is left out' })),
  },
  strict,
)

function addPreview(app: HttpServer, { pool, makeToken }: ProductReadParts): void {
  const Product = Type.Unsafe<string>({ type: 'object', description: 'What `GET /v1/products/{id}` of the query server answers' })
  const headers = {
    'Catalog-Rev': Type.String(),
    'Catalog-Visible': Type.String({ description: '`true` when readers see it at that time' }),
    'Content-Language': Type.String(),
  }
  const schema = {
    tags,
    summary: 'A product as readers would see it',
    description: 'Drafts too, in one channel and locale, at a time.',
    headers: Type.Object(RequestHeaders.token),
    querystring: PreviewQuery,
    response: responses({ 200: read('The product', Product, headers) }, ['not-found']),
  }
  for (const { path, params, refOf } of ADDRESSES) {
    app.get(`${path}/preview`, { schema: { ...schema, params }, config }, async (request, reply) => {
      const ref = refOf(request.params)
      const { channel = 'default', locale = '', at } = request.query
      const atMs = at === undefined ? Date.now() : timeOf(at)
      const representation = await findRepresentation(pool, channel, locale)
      const preview = (await previewProduct(pool, ref, representation, atMs)) ?? noProduct(ref)
      await answerToken(makeToken, request, reply, { id: preview.id, rev: preview.rev })
      const shown = { 'catalog-rev': String(preview.rev), 'catalog-visible': String(preview.visible), 'content-language': preview.locale }
      return await reply
        .headers({ ...shown, 'cache-control': 'no-store' })
        .type('application/json')
        .send(preview.body)
    })
  }
}

function timeOf(text: string): number {
  const atMs = Date.parse(text)
  if (Number.isNaN(atMs)) throw invalidParameter([{ parameter: 'at', code: 'format', message: 'at must be an RFC 3339 time' }])
  return atMs
}
