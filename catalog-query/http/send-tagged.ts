/** Sends a JSON answer that has an ETag: 304 to whoever has it, gzip to whoever takes it and it is ready, else the bytes. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendJson, type JsonAnswer } from './answer-headers.ts'
import { acceptsGzip, type FindGzip } from './gzip-cache.ts'
import { matchesEtag } from './if-none-match.ts'
import type { ReadContext } from './read-context.ts'

export interface TaggedAnswer extends Omit<JsonAnswer, 'json'> {
  readonly etag: string
  /** Made only if it is needed. */
  readonly body: () => Buffer
}

export function sendTagged(
  { context, findGzip }: { context: Pick<ReadContext, 'answers' | 'nowUs'>; findGzip: FindGzip },
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  answer: TaggedAnswer,
): FastifyReply {
  const { etag, body, ...rest } = answer
  const when = { settings: context.answers, nowUs: context.nowUs() }
  const headers = { ...answer.headers, etag }
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    return sendJson(when, reply.code(304), { ...rest, headers, json: undefined })
  }
  const gzip = acceptsGzip(request.headers['accept-encoding']) ? findGzip(etag, body) : null
  if (gzip === null) return sendJson(when, reply, { ...rest, headers, json: body() })
  return sendJson(when, reply, { ...rest, headers: { ...headers, 'content-encoding': 'gzip' }, json: gzip })
}
