/** `GET /v1/products`: the plain list, its rows from memory or a replica, its cards from the product cache. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { invalidParameter } from '../../shared/problem.ts'
import { representationCode } from '../../shared/representation.ts'
import type { ProductRead } from '../cache/product-read.ts'
import { FIELDS_PARAMETER, parseFields, pickFields } from '../http/fields.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { LIST_ROUTE } from '../product/route-schema.ts'
import type { Resolved } from '../reference-data.ts'
import { ATTRIBUTE_DESCRIPTION, ATTRIBUTE_PARAMETERS, FILTER_PARAMETERS, toFilters, type FilterParameters } from './filter-parameters.ts'
import { cacheStatusOf, joinCards, listTag } from './list-answer.ts'
import { createListCounter, type ReadCount } from './list-count.ts'
import { decodeCursor } from './list-cursor.ts'
import type { ListFilters } from './list-filters.ts'
import { limitParameter, linkHeader } from './list-link.ts'
import { cutPage } from './list-page.ts'
import { canonicalQuery, queryBinding, type ListQuery } from './list-query.ts'
import { createListReader, DEFAULT_LIMIT, MAX_LIMIT, type ReadList } from './list-reader.ts'
import { rowsBefore } from './list-request.ts'
import { placeOf, startOf } from './list-row.ts'
import { Card, listAnswers, listOf } from './list-schema.ts'
import { DEFAULT_SORT, LIST_SORTS, SORT_LEGS, type ListSort } from './list-sorts.ts'

const PATH = '/v1/products'
const SORT_DESCRIPTION =
  '`title`: by the title in the channel’s default language; `manual`: the order of the category, which has to be named'

const CARD_FIELDS = Object.keys(Card.properties)

const ListParameters = Type.Object(
  {
    ...REPRESENTATION_PARAMETERS,
    ...FILTER_PARAMETERS,
    ...FIELDS_PARAMETER,
    sort: Type.Enum(LIST_SORTS, { type: 'string', default: DEFAULT_SORT, description: SORT_DESCRIPTION }),
    limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
    cursor: Type.Optional(Type.String({ description: '`page.next` or `page.prev` of a page of the same list' })),
    page: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Instead of a cursor; page × limit at most 10,000' })),
    count: Type.Optional(Type.Enum(['capped'], { type: 'string', description: 'Adds `count`, which is exact up to 10,000' })),
  },
  ATTRIBUTE_PARAMETERS,
)
type ListParameters = Static<typeof ListParameters> & FilterParameters

export interface ListRouteOptions {
  /** Memory for the rows of lists, and for compressed pages: this much each. */
  readonly maxBytes: number
}

interface ListParts {
  readonly context: ReadContext
  readonly readList: ReadList
  readonly readCount: ReadCount
  readonly findGzip: FindGzip
}

export function registerListRoutes(app: HttpServer, context: ReadContext, options: ListRouteOptions): void {
  const parts = {
    context,
    readList: createListReader(context.readSnapshot, options),
    readCount: createListCounter(context.readSnapshot, options),
    findGzip: createGzipCache(options.maxBytes),
  }
  const schema = {
    summary: 'List products',
    description: ATTRIBUTE_DESCRIPTION,
    tags: ['lists'],
    querystring: ListParameters,
    response: listAnswers(listOf(Card)),
  }
  app.get(PATH, { ...LIST_ROUTE, schema }, (request, reply) => answerList(parts, request, reply))
}

async function answerList(
  { context, readList, readCount, findGzip }: ListParts,
  request: FastifyRequest & { query: ListParameters },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { channel, locale, limit, cursor } = request.query
  const fields = parseFields(request.query.fields, CARD_FIELDS)
  const skip = rowsBefore(request.query.page, { limit, cursor })
  const filters = toFilters(request.query)
  const token = tokenOf(request)
  const resolved = await context.reference.resolve(channel, locale, token)
  const query = toListQuery(request.query.sort, filters, resolved)
  const canonical = canonicalQuery(query)
  const binding = queryBinding(canonical)
  const start = startOf(decodeCursor(cursor, binding), SORT_LEGS[query.sort])
  const [list, count] = await Promise.all([
    readList({ query, canonical, start, skip, limit }, token),
    request.query.count === undefined ? null : readCount(query, token),
  ])
  const page = cutPage(list.value, { limit, direction: start?.direction ?? (skip > 0 ? 'next' : null), placeOf, binding })
  const ids = page.shown.map(({ id }) => id)
  const products = await context.readMany(ids, resolved.representation, token)
  // What went since the list was read is left out; it speaks for the answer all the same, since its absence is part of it.
  const shown = products.filter(({ state }) => state === 'visible')
  const extra = count === null ? {} : { count: count.value }
  const shape = `${canonical} ${representationCode(resolved.representation)} ${limit} ${skip} ${fields?.join() ?? ''} ${JSON.stringify(extra)}`
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag: listTag(shape, page, shown),
      body: () => joinCards(cardsOf(shown, fields), { page: { limit, next: page.next, prev: page.prev }, ...extra }),
      parts: [list, ...products, ...(count === null ? [] : [count]), ...(resolved.absence === null ? [] : [resolved.absence])],
      cacheStatus: cacheStatusOf([list, ...products, ...(count === null ? [] : [count])]),
      token,
      headers: linkHeader(page, PATH, [canonical, ...shownParameters(request.query)]),
    },
  )
}

function cardsOf(products: readonly ProductRead[], fields: readonly string[] | null): readonly Buffer[] {
  return products.map(({ card }) => (fields === null ? card : pickFields(card, fields)))
}

/** Those of the request that a neighbour's address repeats, besides the canonical query. */
function shownParameters({ locale, limit, fields, count }: ListParameters): readonly string[] {
  const encoded = (name: string, value: string | undefined) => (value === undefined ? '' : `${name}=${encodeURIComponent(value)}`)
  return [encoded('locale', locale), limitParameter(limit), encoded('fields', fields), encoded('count', count)]
}

/** @throws CatalogError invalid-parameter */
function toListQuery(sort: ListSort, filters: ListFilters, { channel }: Resolved): ListQuery {
  if (sort === 'manual' && !filters.has('category')) {
    const message = 'sort=manual is the order of one category: name it by category'
    throw invalidParameter([{ parameter: 'sort', code: 'category', message }])
  }
  return { channel: channel.code, filters, sort }
}
