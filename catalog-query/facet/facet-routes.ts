/** `GET /v1/products/facets`: what the list of the same filters could be narrowed down by, and to how many. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { representationCode, type Representation } from '../../shared/representation.ts'
import { MINUTE_PROMISE_MS } from '../http/answer-headers.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import {
  ATTRIBUTE_DESCRIPTION,
  ATTRIBUTE_PARAMETERS,
  FILTER_PARAMETERS,
  toFilters,
  type FilterParameters,
} from '../list/filter-parameters.ts'
import { cacheStatusOf, contentTag } from '../list/list-answer.ts'
import { listAnswers } from '../list/list-schema.ts'
import { DEFAULT_SORT } from '../list/list-sorts.ts'
import { FACET_ROUTE } from '../product/route-schema.ts'
import { createInterpreter, type InterpretQuery } from '../search/query-meaning.ts'
import { QueryText } from '../search/query-text.ts'
import { facetAnswer } from './facet-answer.ts'
import { createFacetReader, type FacetCounts, type ReadFacets } from './facet-reader.ts'
import { FacetsAnswer } from './facet-schema.ts'

const PATH = '/v1/products/facets'

const FacetParameters = Type.Object(
  { ...REPRESENTATION_PARAMETERS, ...FILTER_PARAMETERS, q: Type.Optional(QueryText) },
  ATTRIBUTE_PARAMETERS,
)
type FacetParameters = Static<typeof FacetParameters> & FilterParameters

interface Rendered {
  readonly json: Buffer
  readonly tag: string
}

interface FacetParts {
  readonly context: ReadContext
  readonly readFacets: ReadFacets
  readonly interpret: InterpretQuery
  readonly findGzip: FindGzip
  /** By what was counted, and then by representation: gone with it. */
  readonly rendered: WeakMap<FacetCounts, Map<string, Rendered>>
}

/** @param options.maxBytes of memory for counts, and for compressed answers: this much each */
export function registerFacetRoutes(app: HttpServer, context: ReadContext, options: { readonly maxBytes: number }): void {
  const parts: FacetParts = {
    context,
    readFacets: createFacetReader(context.readSnapshot, options),
    interpret: createInterpreter(context.readSnapshot, { ...options, understand: context.understand }),
    findGzip: createGzipCache(options.maxBytes),
    rendered: new WeakMap(),
  }
  const schema = {
    operationId: 'countFacets',
    summary: 'Count what a list could be narrowed down by',
    description: `Counts are as fresh as a list, or at most 60 s old where very much is counted (Catalog-Staleness); one’s own selection does not hide its siblings. ${ATTRIBUTE_DESCRIPTION}`,
    tags: ['lists'],
    querystring: FacetParameters,
    response: listAnswers(FacetsAnswer),
  }
  app.get(PATH, { ...FACET_ROUTE, schema }, (request, reply) => answerFacets(parts, request, reply))
}

async function answerFacets(
  parts: FacetParts,
  request: FastifyRequest & { query: FacetParameters },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context, findGzip } = parts
  const filters = toFilters(request.query)
  const token = tokenOf(request, context)
  const { channel, representation, absence } = await context.reference.resolve(request.query.channel, request.query.locale, token)
  const { q } = request.query
  const list = { channel: channel.code, filters, locales: representation.locales }
  const meaning = q === undefined ? null : await parts.interpret({ ...list, q, match: null }, token)
  const words = meaning === null ? {} : { q: meaning.value.wanted.words.text, wanted: meaning.value.wanted }
  const facets = await parts.readFacets({ channel: channel.code, filters, sort: DEFAULT_SORT, ...words }, token)
  const { json, tag } = render(parts, facets.value, representation)
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag,
      body: () => json,
      parts: [facets, meaning, absence].filter((part) => part !== null),
      cacheStatus: cacheStatusOf([facets]),
      token,
      promiseMs: MINUTE_PROMISE_MS,
    },
  )
}

function render({ rendered }: FacetParts, counts: FacetCounts, representation: Representation): Rendered {
  const byCode = rendered.get(counts) ?? new Map<string, Rendered>()
  rendered.set(counts, byCode)
  const code = representationCode(representation)
  const known = byCode.get(code)
  if (known !== undefined) return known
  const json = Buffer.from(JSON.stringify(facetAnswer(counts, representation.locales)))
  const made = { json, tag: contentTag(json) }
  byCode.set(code, made)
  return made
}
