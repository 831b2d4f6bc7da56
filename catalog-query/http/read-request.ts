/** What every read takes from a request: channel and locale, and the Consistency-Token. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { invalidParameter } from '../../shared/problem.ts'
import { decodeToken, type ConsistencyToken } from '../../shared/token.ts'
import type { ReadContext } from './read-context.ts'

/** Spread into a route's query schema, which says `additionalProperties: false`. */
export const REPRESENTATION_PARAMETERS = {
  channel: Type.Optional(
    Type.String({ pattern: '^[a-z0-9-]{2,32}$', description: 'Channel code; default: `default`', examples: ['default'] }),
  ),
  locale: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$',
      maxLength: 35,
      examples: ['en', 'de-AT'],
      description: 'Language tag; falls back from `de-AT` to `de` to the channel’s default',
    }),
  ),
}

/**
 * While our clock is in doubt, tokens may be ahead of it by as much: they are no less true for that.
 * @throws CatalogError invalid-parameter when the header is there and is no token that an answer can have given
 */
export function tokenOf(request: FastifyRequest, { nowUs, answers }: Pick<ReadContext, 'nowUs' | 'answers'>): ConsistencyToken | null {
  const header = request.headers['consistency-token']
  if (header === undefined) return null
  const token = typeof header === 'string' ? decodeToken(header, nowUs() + answers.doubtUs()) : null
  if (token !== null) return token
  const message = 'Consistency-Token must be one that an answer of this catalog gave'
  throw invalidParameter([{ parameter: 'Consistency-Token', code: 'malformed', message }])
}

/** Goes on at once where there is nothing to wait for: a memory hit makes no promise. */
export function andThen<T, R>(value: T | Promise<T>, use: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(use) : use(value)
}
