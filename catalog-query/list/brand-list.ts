/** `GET /v1/brands`: brands by slug, a page at a time, walked by keyset both ways. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import type { SnapshotStatement } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type SnapshotCache } from '../cache/snapshot-cache.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { LIST_ROUTE } from '../product/route-schema.ts'
import { cacheStatusOf, contentTag } from './list-answer.ts'
import { decodeCursor, type Cursor } from './list-cursor.ts'
import { limitParameter, linkHeader } from './list-link.ts'
import { cutPage, type Page } from './list-page.ts'
import { queryBinding } from './list-query.ts'
import { DEFAULT_LIMIT, MAX_LIMIT } from './list-reader.ts'
import { BrandItem, listAnswers, pageOf } from './list-schema.ts'

type Brand = Static<typeof BrandItem>

const PATH = '/v1/brands'
const BINDING = queryBinding(PATH)

const BrandParameters = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
    cursor: Type.Optional(Type.String({ description: '`page.next` or `page.prev` of another page' })),
  },
  { additionalProperties: false },
)

// No slug is empty, so the first page begins after the empty one.
const READ_FORWARDS = /* sql */ `
  select id, slug, name
  from brand
  where slug > $1
  order by slug
  limit $2`

const READ_BACKWARDS = /* sql */ `
  select id, slug, name
  from brand
  where slug < $1
  order by slug desc
  limit $2`

function brandStatement(cursor: Cursor | null, rows: number): SnapshotStatement {
  const values = [cursor?.place ?? '', rows]
  return cursor?.direction === 'prev'
    ? { name: 'brands-before', text: READ_BACKWARDS, values }
    : { name: 'brands-after', text: READ_FORWARDS, values }
}

const MAX_BYTES = 4 * 1024 * 1024
const ROW_BYTES = 300

interface BrandParts {
  readonly context: ReadContext
  readonly cache: SnapshotCache<Page<Brand>>
  readonly findGzip: FindGzip
}

export function registerBrandList(app: HttpServer, context: ReadContext): void {
  const cache = createSnapshotCache<Page<Brand>>({ maxBytes: MAX_BYTES, sizeOf: ({ shown }) => shown.length * ROW_BYTES })
  const parts = { context, cache, findGzip: createGzipCache(MAX_BYTES) }
  const schema = { summary: 'List brands', tags: ['lists'], querystring: BrandParameters, response: listAnswers(pageOf(BrandItem)) }
  app.get(PATH, { ...LIST_ROUTE, schema }, (request, reply) => answerBrands(parts, request, reply))
}

async function answerBrands(
  { context, cache, findGzip }: BrandParts,
  request: FastifyRequest & { query: Static<typeof BrandParameters> },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { limit, cursor: text } = request.query
  const token = tokenOf(request)
  const cursor = decodeCursor(text, BINDING)
  const brands = await cache.read(`${limit} ${cursor?.direction} ${cursor?.place}`, token, async (withToken) => {
    const snapshot = await context.readSnapshot<Brand>(brandStatement(cursor, limit + 1), withToken)
    const wanted = { limit, direction: cursor?.direction ?? null, placeOf: (brand: Brand) => brand.slug, binding: BINDING }
    return vouchedBy(snapshot, cutPage(snapshot.rows, wanted))
  })
  const { shown, next, prev } = brands.value
  const json = Buffer.from(JSON.stringify({ data: shown, page: { limit, next, prev } }))
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag: contentTag(json),
      body: () => json,
      parts: [brands],
      cacheStatus: cacheStatusOf([brands]),
      token,
      headers: linkHeader(brands.value, PATH, [limitParameter(limit)]),
    },
  )
}
