/** `GET /v1/products`: the plain list, its rows from memory or a replica, its cards from the product cache. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { representationCode } from '../../shared/representation.ts'
import type { ProductRead } from '../cache/product-read.ts'
import { FIELDS_PARAMETER, parseFields, pickFields } from '../http/fields.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { LIST_ROUTE } from '../product/route-schema.ts'
import { createInterpreter } from '../search/query-meaning.ts'
import { QueryText } from '../search/query-text.ts'
import { createSearch } from '../search/search-reader.ts'
import { ATTRIBUTE_DESCRIPTION, ATTRIBUTE_PARAMETERS, FILTER_PARAMETERS, toFilters, type FilterParameters } from './filter-parameters.ts'
import { cacheStatusOf, joinCards, languagesOf, listTag } from './list-answer.ts'
import { CURSOR_LENGTH_AT_MOST } from './list-cursor.ts'
import { createListCounter } from './list-count.ts'
import { limitParameter, linkHeader } from './list-link.ts'
import { cutPage } from './list-page.ts'
import { RELEVANCE } from './list-query.ts'
import { createFinder, type FindProducts } from './find-products.ts'
import { createListReader, DEFAULT_LIMIT, MAX_LIMIT } from './list-reader.ts'
import { rowsBefore } from './list-request.ts'
import { placeOf } from './list-row.ts'
import { Card, CardPart, listAnswers, listOf } from './list-schema.ts'
import { DEFAULT_SORT, LIST_SORTS } from './list-sorts.ts'

const PATH = '/v1/products'
const SORT_DESCRIPTION = `Default: \`${DEFAULT_SORT}\`, with \`q\` \`${RELEVANCE}\`; \`title\`: by the title in the channel’s default language; \`manual\`: the order of the category, which has to be named`

/** For the rate limit. */
const SEARCH_COST = 5
const CARD_FIELDS = Object.keys(Card.properties)

const ListParameters = Type.Object(
  {
    ...REPRESENTATION_PARAMETERS,
    ...FILTER_PARAMETERS,
    ...FIELDS_PARAMETER,
    q: Type.Optional(QueryText),
    sort: Type.Optional(Type.Enum([...LIST_SORTS, RELEVANCE], { type: 'string', description: SORT_DESCRIPTION })),
    limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Products of a page at most' }),
    cursor: Type.Optional(
      Type.String({ maxLength: CURSOR_LENGTH_AT_MOST, description: '`page.next` or `page.prev` of a page of the same list' }),
    ),
    page: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, examples: [2], description: 'Instead of a cursor; page × limit at most 10,000' }),
    ),
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
  readonly findProducts: FindProducts
  readonly findGzip: FindGzip
}

export function registerListRoutes(app: HttpServer, context: ReadContext, options: ListRouteOptions): void {
  const { readSnapshot, understand } = context
  const interpret = createInterpreter(readSnapshot, { ...options, understand })
  const findProducts = createFinder({
    readList: createListReader(readSnapshot, options),
    readCount: createListCounter(readSnapshot, options),
    searchProducts: createSearch(readSnapshot, interpret, { ...options, understand }),
    interpret,
  })
  const parts = { context, findProducts, findGzip: createGzipCache(options.maxBytes) }
  const schema = {
    summary: 'List products',
    operationId: 'listProducts',
    description: ATTRIBUTE_DESCRIPTION,
    tags: ['lists'],
    querystring: ListParameters,
    response: listAnswers(listOf(CardPart)),
  }
  const cost = ({ query }: FastifyRequest) => ((query as ListParameters).q === undefined ? LIST_ROUTE.config.cost : SEARCH_COST)
  app.get(PATH, { config: { ...LIST_ROUTE.config, cost }, schema }, (request, reply) => answerList(parts, request, reply))
}

async function answerList(
  { context, findProducts, findGzip }: ListParts,
  request: FastifyRequest & { query: ListParameters },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { channel, locale, q, sort, limit, cursor } = request.query
  const fields = parseFields(request.query.fields, CARD_FIELDS)
  const skip = rowsBefore(request.query.page, { limit, cursor })
  const filters = toFilters(request.query)
  const token = tokenOf(request, context)
  const resolved = await context.reference.resolve(channel, locale, token)
  const { locales } = resolved.representation
  const counted = request.query.count !== undefined
  const wish = { channel: resolved.channel.code, locales, filters, q, sort, cursor, skip, limit, counted }
  const { rows, readCount, search, start, canonical, binding } = await findProducts(wish, token)
  const page = cutPage(rows.value, { limit, direction: start?.direction ?? (skip > 0 ? 'next' : null), placeOf, binding })
  const ids = page.shown.map(({ id }) => id)
  const [products, count] = await Promise.all([context.readMany(ids, resolved.representation, token), readCount?.() ?? null])
  // What went since the list was read is left out; it speaks for the answer all the same, since its absence is part of it.
  const shown = products.filter(({ state }) => state === 'visible')
  const extra = { ...(count === null ? {} : { count: count.value }), ...search?.value }
  const found = [rows, count, search].filter((part) => part !== null)
  const shape = `${canonical} ${representationCode(resolved.representation)} ${limit} ${skip} ${fields?.join() ?? ''} ${JSON.stringify(extra)}`
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag: listTag(shape, page, shown),
      body: () => joinCards(cardsOf(shown, fields), { page: { limit, next: page.next, prev: page.prev }, ...extra }),
      parts: [...found, ...products, ...(resolved.absence === null ? [] : [resolved.absence])],
      cacheStatus: cacheStatusOf([...found, ...products]),
      token,
      headers: { ...linkHeader(page, PATH, [canonical, ...shownParameters(request.query)]), ...languagesOf(shown, locales) },
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
