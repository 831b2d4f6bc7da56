/** `GET /v1/offers`: price and availability of up to 100 SKUs, the freshest cacheable view of what changes most. */
import { Type, type Static } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { invalidParameter } from '../../shared/problem.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { Tier, Vouching } from '../cache/product-read.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { REPRESENTATION_PARAMETERS, tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { cacheStatusOf, contentTag } from '../list/list-answer.ts'
import { listAnswers } from '../list/list-schema.ts'
import { Variant } from '../product/product-schema.ts'
import { LIST_ROUTE } from '../product/route-schema.ts'
import type { Resolved } from '../reference-data.ts'
import { createDistantOffers, type FindDistantOffer } from './distant-offer.ts'
import { offerOf, type Offer } from './offer.ts'

const SKUS_AT_MOST = 100
const SKU_LENGTH_AT_MOST = 128

const OfferParameters = Type.Object(
  {
    channel: REPRESENTATION_PARAMETERS.channel,
    skus: Type.String({
      minLength: 1,
      maxLength: SKUS_AT_MOST * (SKU_LENGTH_AT_MOST + 1),
      pattern: '^[^\\u0000]+$',
      description: 'Up to 100 SKUs, separated by commas',
      examples: ['P-1-M,P-1-L'],
    }),
  },
  { additionalProperties: false },
)

const OfferAnswer = Type.Object(
  {
    data: Type.Array(Type.Object({ ...Type.Pick(Variant, ['sku', 'price', 'stock']).properties, rev: Type.Integer() }, { title: 'Offer' })),
    missing: Type.Array(Type.String({ description: 'A SKU that no visible product has' })),
  },
  { title: 'Offers' },
)

interface OfferParts {
  readonly context: ReadContext
  readonly findDistant: FindDistantOffer
  readonly findGzip: FindGzip
}

/** @param options.maxBytes of memory for offers beyond a product's first page of variants, and for compressed answers: this much each */
export function registerOfferRoutes(app: HttpServer, context: ReadContext, options: { readonly maxBytes: number }): void {
  const parts = {
    context,
    findDistant: createDistantOffers(context.readSnapshot, options.maxBytes),
    findGzip: createGzipCache(options.maxBytes),
  }
  const response = listAnswers(OfferAnswer)
  const schema = {
    summary: 'Price and stock of many SKUs',
    operationId: 'listOffers',
    tags: ['products'],
    querystring: OfferParameters,
    response,
  }
  app.get('/v1/offers', { config: { ...LIST_ROUTE.config, cost: costOf }, schema }, (request, reply) => answerOffers(parts, request, reply))
}

/** A tenth of what one product after another would cost. The query is not validated yet. */
function costOf({ query }: FastifyRequest): number {
  const { skus } = Object(query) as { readonly skus?: unknown }
  return Math.ceil(Math.min(String(skus).split(',').length, SKUS_AT_MOST) / 10)
}

async function answerOffers(
  { context, findDistant, findGzip }: OfferParts,
  request: FastifyRequest & { query: Static<typeof OfferParameters> },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const token = tokenOf(request, context)
  const skus = skusOf(request.query.skus)
  const resolved = await context.reference.resolve(request.query.channel, undefined, token)
  const found = await findOffers({ context, findDistant }, { skus: [...new Set(skus)], resolved, token })
  const offers = skus.flatMap((sku) => found.offers.get(sku) ?? [])
  const missing = skus.filter((sku) => !found.offers.has(sku))
  const json = Buffer.from(JSON.stringify({ data: offers, missing }))
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag: contentTag(json),
      body: () => json,
      parts: found.parts,
      cacheStatus: cacheStatusOf(found.tiers),
      token,
    },
  )
}

/** @throws CatalogError invalid-parameter */
function skusOf(list: string): readonly string[] {
  const skus = list.split(',')
  const refuse = (code: string, message: string) => invalidParameter([{ parameter: 'skus', code, message: `skus ${message}` }])
  if (skus.length > SKUS_AT_MOST) throw refuse('maxItems', `must be at most ${SKUS_AT_MOST}, got ${skus.length}`)
  if (skus.some((sku) => sku === '' || sku.length > SKU_LENGTH_AT_MOST)) {
    throw refuse('format', `must be 1 to ${SKU_LENGTH_AT_MOST} characters each`)
  }
  return skus
}

interface FoundOffers {
  readonly offers: ReadonlyMap<string, Offer>
  readonly parts: readonly Vouching[]
  readonly tiers: readonly { readonly tier: Tier }[]
}

/** First in the products that the SKUs lead to; what is not among their first variants, or has just moved, in the tables. */
async function findOffers(
  { context, findDistant }: Pick<OfferParts, 'context' | 'findDistant'>,
  { skus, resolved, token }: { skus: readonly string[]; resolved: Resolved; token: ConsistencyToken | null },
): Promise<FoundOffers> {
  const found = await context.products.findMany(
    skus.map((value) => ({ by: 'sku', value })),
    resolved.representation,
    token,
  )
  const products = found.flatMap(({ read }) => (read === null ? [] : [read]))
  const offers = new Map<string, Offer>()
  const parts: Vouching[] = [...(resolved.absence === null ? [] : [resolved.absence]), ...new Set(products)]
  const distant: string[] = []
  skus.forEach((sku, i) => {
    const product = found[i]?.read ?? null
    const hint = found[i]?.hint ?? null
    const offer = product?.state === 'visible' ? offerOf(product, sku) : null
    if (offer !== null) offers.set(sku, offer)
    else if (product?.state === 'visible') distant.push(sku)
    if (hint !== null) parts.push(hint)
  })
  const answers = await Promise.all(distant.map((sku) => findDistant(resolved.channel.code, sku, token)))
  for (const { value } of answers) if (value.offer !== null) offers.set(value.offer.sku, value.offer)
  return { offers, parts: [...parts, ...answers], tiers: [...products, ...answers] }
}
