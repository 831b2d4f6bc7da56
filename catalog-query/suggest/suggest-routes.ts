/** `GET /v1/suggest`: what a query that is still being typed may become, as fresh as a list or, where much is asked for, at most 60 s old; the products' cards as fresh as in a list. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { localized, representationCode } from '../../shared/representation.ts'
import { MINUTE_PROMISE_MS } from '../http/answer-headers.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { cacheStatusOf, languagesOf, listTag } from '../list/list-answer.ts'
import { Card, listAnswers } from '../list/list-schema.ts'
import { FACET_ROUTE } from '../product/route-schema.ts'
import { createInterpreter } from '../search/query-meaning.ts'
import { QueryText } from '../search/query-text.ts'
import { createSuggestReader, type ReadSuggestions } from './suggest-reader.ts'
import type { NameRow } from './suggest-statement.ts'

const PATH = '/v1/suggest'

const SuggestParameters = Type.Object({ ...REPRESENTATION_PARAMETERS, q: QueryText }, { additionalProperties: false })
type SuggestParameters = Static<typeof SuggestParameters>

const SuggestAnswer = Type.Object(
  {
    products: Type.Array(Card),
    categories: Type.Array(Type.Object({ id: Type.Integer(), slug: Type.String(), name: Type.String(), path: Type.Array(Type.String()) })),
    brands: Type.Array(Type.Object({ slug: Type.String(), name: Type.String() })),
    repaired: Type.Union([Type.String(), Type.Null()], {
      description: 'The query as it was understood, where nothing begins as it was typed',
    }),
  },
  { title: 'Suggestions' },
)

interface SuggestParts {
  readonly context: ReadContext
  readonly readSuggestions: ReadSuggestions
  readonly findGzip: FindGzip
}

/** @param options.maxBytes of memory for suggestions, and for compressed answers: this much each */
export function registerSuggestRoutes(app: HttpServer, context: ReadContext, options: { readonly maxBytes: number }): void {
  const { readSnapshot, understand } = context
  const search = { ...options, understand }
  const readSuggestions = createSuggestReader(readSnapshot, createInterpreter(readSnapshot, search), search)
  const parts = { context, readSuggestions, findGzip: createGzipCache(options.maxBytes) }
  const schema = {
    operationId: 'suggest',
    summary: 'Suggest products, categories and brands for what is being typed',
    description:
      'What is suggested is as fresh as a list, or at most 60 s old where very much is asked for (Catalog-Staleness); the products themselves are as fresh as in a list.',
    tags: ['lists'],
    querystring: SuggestParameters,
    response: listAnswers(SuggestAnswer),
  }
  app.get(PATH, { ...FACET_ROUTE, schema }, (request, reply) => answerSuggestions(parts, request, reply))
}

async function answerSuggestions(
  { context, readSuggestions, findGzip }: SuggestParts,
  request: FastifyRequest & { query: SuggestParameters },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { channel, locale, q } = request.query
  const token = tokenOf(request, context)
  const { representation, absence, ...resolved } = await context.reference.resolve(channel, locale, token)
  const { locales } = representation
  const suggestions = await readSuggestions({ channel: resolved.channel.code, locales, q }, token)
  const products = await context.readMany(suggestions.value.products, representation, token)
  const shown = products.filter(({ state }) => state === 'visible')
  const rest = JSON.stringify({ ...namesOf(suggestions.value.names, locales), repaired: suggestions.value.repaired })
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag: listTag(`${PATH} ${representationCode(representation)} ${rest}`, { next: null, prev: null }, shown),
      body: () => Buffer.from(`{"products":[${shown.map(({ card }) => card.toString()).join(',')}],${rest.slice(1)}`),
      parts: [suggestions, ...products, ...(absence === null ? [] : [absence])],
      cacheStatus: cacheStatusOf([suggestions, ...products]),
      token,
      promiseMs: MINUTE_PROMISE_MS,
      headers: languagesOf(shown, locales),
    },
  )
}

function namesOf(rows: readonly NameRow[], locales: readonly string[]): Readonly<Record<'categories' | 'brands', readonly unknown[]>> {
  const categories = rows.flatMap(({ id, slug, path }) => {
    if (path === null) return []
    const names = path.map((name) => localized(name, locales) ?? slug)
    return [{ id, slug, name: names.at(-1) ?? slug, path: names }]
  })
  return { categories, brands: rows.flatMap(({ slug, name }) => (name === null ? [] : [{ slug, name }])) }
}
