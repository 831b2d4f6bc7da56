/** Answers a request with one product as it was read: the headers, 304 from the rev alone, gzip and brotli, 404 and 410. */
import { gzipSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CatalogError, gone, notFound } from '../../shared/problem.ts'
import { encodeToken, type ConsistencyToken } from '../../shared/token.ts'
import type { ProductRead, Vouching } from '../cache/product-read.ts'
import { answerToken } from '../cache/token-rule.ts'
import { stalenessMs } from '../cache/trust.ts'
import { ageSeconds, cacheControlOf, isMarked, serverTiming, VARY, vouchingOf } from '../http/answer-headers.ts'
import { acceptedCodings, type Coding } from '../http/content-coding.ts'
import { entityTag, isNoneMatched, tagOf } from '../http/entity-tag.ts'
import type { ReadContext } from '../http/read-context.ts'
import { COMPRESS_FROM_BYTES, type CompressPage } from './compressed-pages.ts'

export interface ProductAnswer {
  readonly read: ProductRead
  /** What else decided the answer: the reference data where something was absent, the hint that led here. Mostly nothing. */
  readonly also: readonly Vouching[]
  readonly token: ConsistencyToken | null
  /** What a 404 or 410 says was asked for. */
  readonly asked: { readonly what: 'product' | 'variant'; readonly by: 'id' | 'key' | 'slug' | 'SKU'; readonly value: string }
  /** The representation's code: with the rev it makes the ETag. */
  readonly shape: string
  /** Makes other bytes of the stored ones: `fields`, the SKU of the match. */
  readonly reshape: Reshape | null
}

export interface Reshape {
  /** Names it, for the ETag. */
  readonly name: string
  readonly apply: (body: Buffer) => Buffer
}

export interface ProductParts {
  readonly context: ReadContext
  readonly compressPage: CompressPage
}

export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** @throws CatalogError not-found or gone, with the headers of any other answer already set; not-acceptable */
export function sendProduct({ context, compressPage }: ProductParts, { request, reply }: Exchange, answer: ProductAnswer): FastifyReply {
  const { read, reshape } = answer
  setFreshness(context, reply, answer)
  if (read.state !== 'visible') throw notThere(answer)
  const coding = chooseCoding(request, read, reshape)
  const etag = etagOf(answer, coding)
  reply.header('etag', etag)
  const condition = request.headers['if-none-match']
  if (condition !== undefined && isNoneMatched(condition, etag)) return reply.code(304).send()
  if (coding !== 'identity') reply.header('content-encoding', coding)
  return reply
    .headers({ 'content-type': 'application/json; charset=utf-8', 'content-language': read.locale, 'last-modified': lastModified(read) })
    .send(bodyOf(answer, coding, compressPage))
}

/** Headers that every answer about a product has, whatever its status. */
export function setFreshness(context: ReadContext, reply: FastifyReply, { read, also, token, asked }: ProductAnswer): void {
  const { answers } = context
  const nowUs = context.nowUs()
  const vouching = also.length === 0 ? read : vouchingOf([read, ...also])
  const doubtUs = answers.doubtUs()
  const staleness = stalenessMs(vouching.vouched, nowUs + doubtUs)
  answers.observeStaleness(staleness)
  reply.headers({
    'cache-control': cacheControlOf(answers, token),
    'cache-status': isMarked(vouching, staleness, doubtUs) ? MARKED : cacheStatus(read),
    'catalog-staleness': String(staleness),
    age: String(ageSeconds(vouching.vouched, nowUs)),
    vary: VARY,
    'server-timing': serverTiming(reply),
  })
  // Whoever guesses keys, slugs and SKUs is not told that there is a draft; an id cannot be guessed.
  if (read.rev > 0 && (read.state !== 'hidden' || asked.by === 'id')) reply.header('catalog-rev', String(read.rev))
  if (token !== null) reply.header('consistency-token', encodeToken(answerToken(token, { ...read, contained: vouching.contained })))
}

const MARKED = 'catalog; fwd=stale; detail=unverified'

/** RFC 9211. A copy whose rev a database confirmed was forwarded, and answered from the cache. */
function cacheStatus({ forward, tier }: ProductRead): string {
  if (forward === 'none') return HITS[tier]
  const confirmed = forward === 'stale' && tier === 'redis'
  return `catalog; fwd=${forward}${confirmed ? '; fwd-status=304' : ''}; detail=${tier}`
}

const HITS = {
  memory: 'catalog; hit; detail=memory',
  redis: 'catalog; hit; detail=redis',
  replica: 'catalog; hit; detail=replica',
  primary: 'catalog; hit; detail=primary',
} as const

function notThere({ read, asked }: ProductAnswer): CatalogError {
  if (read.state === 'deleted') return gone(asked.what, asked.value)
  return notFound(asked.what, asked.by, asked.value)
}

/** What is made of a read once, for as long as memory answers with the same one. */
const prepared = new WeakMap<ProductRead, { shape: string; tag: string; lastModified: string }>()

function prepare(read: ProductRead, shape: string) {
  const known = prepared.get(read)
  if (known !== undefined && known.shape === shape) return known
  const made = { shape, tag: tagOf(read.rev, shape), lastModified: new Date(read.changedAtMs).toUTCString() }
  prepared.set(read, made)
  return made
}

function etagOf({ read, shape, reshape }: ProductAnswer, coding: Coding): string {
  return entityTag(reshape === null ? prepare(read, shape).tag : tagOf(read.rev, `${shape} ${reshape.name}`), coding)
}

function lastModified(read: ProductRead): string {
  return prepared.get(read)?.lastModified ?? new Date(read.changedAtMs).toUTCString()
}

/** A small or reshaped body goes as it is, unless the client takes nothing but gzip. */
function chooseCoding(request: FastifyRequest, read: ProductRead, reshape: Reshape | null): Coding {
  const accepted = acceptedCodings(request.headers['accept-encoding'])
  const worthIt = reshape === null && read.body.length >= COMPRESS_FROM_BYTES
  const [best] = worthIt ? accepted : accepted.filter((coding) => coding === 'identity')
  if (best !== undefined) return best
  if (accepted.includes('gzip')) return 'gzip'
  throw new CatalogError('not-acceptable', 'Accept-Encoding must allow identity, gzip or br')
}

function bodyOf({ read, shape, reshape }: ProductAnswer, coding: Coding, compressPage: CompressPage): Buffer {
  const body = reshape === null ? read.body : reshape.apply(read.body)
  if (coding === 'identity') return body
  return reshape === null ? compressPage(`${read.id} ${shape}`, body, coding) : gzipSync(body)
}
