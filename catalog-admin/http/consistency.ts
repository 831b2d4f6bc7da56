/** The Consistency-Token of the admin server: checked when a request carries one, and answered (api.md, "Consistency-Token"). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { readAfterCommit } from '../../shared/clock.ts'
import { invalidParameter } from '../../shared/problem.ts'
import { type ConsistencyToken, decodeToken, encodeToken } from '../../shared/token.ts'

/** Of a product: any copy with this rev or a later one will do. null: the token speaks of everything written so far. */
export type TokenProduct = ConsistencyToken['product']

export type MakeToken = (product: TokenProduct) => Promise<string>

/** Call what it returns after the commit, or after the read, that the token is to stand for. */
export function createTokenMaker(pool: Pool): MakeToken {
  return async (product) => encodeToken({ ...(await readAfterCommit(pool)), product })
}

/** Everything here reads the primary, which satisfies any token that is one. */
export function checkTokens(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const token = sentToken(request)
    const malformed = token !== null && decodeToken(token) === null
    done(
      malformed
        ? invalidParameter([{ parameter: 'Consistency-Token', code: 'format', message: 'Consistency-Token is malformed' }])
        : undefined,
    )
  })
}

function sentToken(request: FastifyRequest): string | null {
  const header = request.headers['consistency-token']
  return header === undefined ? null : [header].flat().join(',')
}

/** A read that carries a token is answered one of its own, so that a chain of reads never goes backwards: call it after the read. */
export async function answerToken(
  makeToken: MakeToken,
  request: FastifyRequest,
  reply: FastifyReply,
  product: TokenProduct,
): Promise<void> {
  if (sentToken(request) !== null) void reply.header('consistency-token', await makeToken(product))
}
