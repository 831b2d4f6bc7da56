/** Runs one write: its transaction, once per Idempotency-Key, and the headers that every write answers. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { idsOf } from '../../shared/http-server.ts'
import { principalOf } from '../access/route-guard.ts'
import type { WriteContext } from '../product/product-write.ts'
import type { MakeToken } from './consistency.ts'
import { onceInTransaction } from './idempotency.ts'
import { prefersMinimal, versionTag } from './preconditions.ts'
import type { WriteAnswer } from './write-answer.ts'

/** Within the transaction. What it throws rolls everything back. */
type Work = (client: PoolClient, context: WriteContext) => Promise<WriteAnswer>

/** Answers the request with what `work` did. */
export type RunWrite = (request: FastifyRequest, reply: FastifyReply, work: Work) => Promise<FastifyReply>

export function createWriteRunner(pool: Pool, makeToken: MakeToken, log: Pick<Logger, 'warn'>): RunWrite {
  return async (request, reply, work) => {
    const context = { actor: principalOf(request).id, requestId: request.id }
    const { answer, replayed } = await onceInTransaction(pool, request, (client) => work(client, context))
    // It is committed: whatever happens from here on, the client must hear of success.
    const token = await makeToken(answer.product).catch((error: unknown) => {
      log.warn({ err: error, ...idsOf(request) }, 'a write is committed, but its Consistency-Token could not be read')
      return null
    })
    if (token !== null) void reply.header('consistency-token', token)
    if (replayed) void reply.header('idempotent-replayed', 'true')
    return sendAnswer(request, reply, answer)
  }
}

function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: WriteAnswer): FastifyReply {
  void reply.header('etag', versionTag(answer.version)).header('cache-control', 'no-store')
  if (answer.product !== null) void reply.header('catalog-rev', String(answer.product.rev))
  if (answer.location !== null) void reply.header('location', answer.location)
  if (answer.body === null) return reply.code(204).send()
  if (prefersMinimal(request)) return reply.code(204).header('preference-applied', 'return=minimal').send()
  return reply.code(answer.status).send(answer.body)
}
