/** `GET /v1/products`: the plain list, its rows from memory or a replica, its cards from the product cache. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { representationCode } from '../../shared/representation.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { LIST_ROUTE } from '../product/route-schema.ts'
import type { Resolved } from '../reference-data.ts'
import { cacheStatusOf, joinCards, listTag } from './list-answer.ts'
import { decodeCursor } from './list-cursor.ts'
import { limitParameter, linkHeader } from './list-link.ts'
import { cutPage } from './list-page.ts'
import { canonicalFilters, canonicalQuery, queryBinding, type ListQuery } from './list-query.ts'
import { createListReader, DEFAULT_LIMIT, MAX_LIMIT, type ReadList } from './list-reader.ts'
import { placeOf, startOf } from './list-row.ts'
import { Card, listAnswers, pageOf } from './list-schema.ts'
import { DEFAULT_SORT, LIST_SORTS, SORT_ORDERS } from './list-sorts.ts'

const PATH = '/v1/products'

/** Whatever a slug may hold; above all no NUL, which PostgreSQL refuses. */
const Slug = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\u0000-\\u0020/?#]+$' })
const BRANDS_AT_MOST = 50

const ListParameters = Type.Object(
  {
    ...REPRESENTATION_PARAMETERS,
    category: Type.Optional({ ...Slug, description: 'Slug or id of a category; its descendants are included' }),
    brand: Type.Optional(Type.Array(Slug, { maxItems: BRANDS_AT_MOST, description: 'Slug of a brand; repeat for any of several' })),
    sort: Type.Enum(LIST_SORTS, { type: 'string', default: DEFAULT_SORT }),
    limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
    cursor: Type.Optional(Type.String({ description: '`page.next` or `page.prev` of a page of the same list' })),
  },
  { additionalProperties: false },
)
type ListParameters = Static<typeof ListParameters>

export interface ListRouteOptions {
  /** Memory for the rows of lists, and for compressed pages: this much each. */
  readonly maxBytes: number
}

interface ListParts {
  readonly context: ReadContext
  readonly readList: ReadList
  readonly findGzip: FindGzip
}

export function registerListRoutes(app: HttpServer, context: ReadContext, options: ListRouteOptions): void {
  const parts = {
    context,
    readList: createListReader(context.readSnapshot, options),
    findGzip: createGzipCache(options.maxBytes),
  }
  const schema = { summary: 'List products', tags: ['lists'], querystring: ListParameters, response: listAnswers(pageOf(Card)) }
  app.get(PATH, { ...LIST_ROUTE, schema }, (request, reply) => answerList(parts, request, reply))
}

async function answerList(
  { context, readList, findGzip }: ListParts,
  request: FastifyRequest & { query: ListParameters },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { channel, locale, limit, cursor } = request.query
  const token = tokenOf(request)
  const resolved = await context.reference.resolve(channel, locale, token)
  const query = toListQuery(request.query, resolved)
  const canonical = canonicalQuery(query)
  const binding = queryBinding(canonical)
  const start = startOf(decodeCursor(cursor, binding), SORT_ORDERS[query.sort])
  const list = await readList({ query, canonical, start, limit }, token)
  const page = cutPage(list.value, { limit, direction: start?.direction ?? null, placeOf, binding })
  const ids = page.shown.map(({ id }) => id)
  const products = await context.readMany(ids, resolved.representation, token)
  // What went since the list was read is left out; it speaks for the answer all the same, since its absence is part of it.
  const shown = products.filter(({ state }) => state === 'visible')
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag: listTag(`${canonical} ${representationCode(resolved.representation)} ${limit}`, page, shown),
      body: () => joinCards(shown, { limit, next: page.next, prev: page.prev }),
      parts: [list, ...products, ...(resolved.absence === null ? [] : [resolved.absence])],
      cacheStatus: cacheStatusOf([list, ...products]),
      token,
      headers: linkHeader(page, PATH, [canonical, locale === undefined ? '' : `locale=${locale}`, limitParameter(limit)]),
    },
  )
}

function toListQuery({ category, brand, sort }: ListParameters, { channel }: Resolved): ListQuery {
  return { channel: channel.code, filters: canonicalFilters({ brand, category: category === undefined ? undefined : [category] }), sort }
}
