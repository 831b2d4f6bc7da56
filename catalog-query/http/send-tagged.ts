/** Sends a JSON answer that has an ETag: 304 to whoever has it, gzip to whoever takes it and it is ready, else the bytes. */
import { gzipSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CatalogError } from '../../shared/problem.ts'
import { sendJson, type JsonAnswer } from './answer-headers.ts'
import { acceptedCodings } from './content-coding.ts'
import { entityTag, isNoneMatched } from './entity-tag.ts'
import type { FindGzip } from './gzip-cache.ts'
import type { ReadContext } from './read-context.ts'

export interface TaggedAnswer extends Omit<JsonAnswer, 'json'> {
  /** Opaque: whatever the bytes depend on, hashed. */
  readonly tag: string
  /** Called only if the bytes are needed. */
  readonly body: () => Buffer
}

/** @throws CatalogError not-acceptable */
export function sendTagged(
  { context, findGzip }: { context: Pick<ReadContext, 'answers' | 'nowUs'>; findGzip: FindGzip },
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  { tag, body, ...answer }: TaggedAnswer,
): FastifyReply {
  const when = { settings: context.answers, nowUs: context.nowUs() }
  const [identityTag, gzipTag] = [entityTag(tag, 'identity'), entityTag(tag, 'gzip')]
  const held = [identityTag, gzipTag].find((etag) => isNoneMatched(request.headers['if-none-match'] ?? '', etag))
  if (held !== undefined) return sendJson(when, reply.code(304), { ...answer, headers: { ...answer.headers, etag: held }, json: undefined })
  const gzip = chooseGzip(request, { tag, body, findGzip })
  if (gzip === null) return sendJson(when, reply, { ...answer, headers: { ...answer.headers, etag: identityTag }, json: body() })
  return sendJson(when, reply, { ...answer, headers: { ...answer.headers, etag: gzipTag, 'content-encoding': 'gzip' }, json: gzip })
}

/** @returns null: the bytes as they are */
function chooseGzip(
  request: FastifyRequest,
  { tag, body, findGzip }: Pick<TaggedAnswer, 'tag' | 'body'> & { findGzip: FindGzip },
): Buffer | null {
  const accepted = acceptedCodings(request.headers['accept-encoding']).filter((coding) => coding !== 'br')
  const ready = accepted[0] === 'gzip' ? findGzip(tag, body) : null
  if (ready !== null || accepted.includes('identity')) return ready
  if (accepted.includes('gzip')) return gzipSync(body())
  throw new CatalogError('not-acceptable', 'Accept-Encoding must allow identity or gzip')
}
