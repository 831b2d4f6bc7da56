/** The HTTP face of API clients: made with a secret that is shown once, listed, revoked. */
import type { FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { type TSchema, Type } from 'typebox'
import { validate as isUuid } from 'uuid'
import type { HttpServer } from '../../shared/http-server.ts'
import { inTransaction } from '../../shared/postgres.ts'
import { invalidParameter, missingScope, notFound } from '../../shared/problem.ts'
import { type Scope, SCOPES } from '../../shared/scope.ts'
import { TEXT_PATTERN } from '../../shared/validators.ts'
import { addAuditEntry } from '../audit-entry.ts'
import { answerToken, type MakeToken } from '../http/consistency.ts'
import { PageQuery, readPage } from '../http/page.ts'
import { IdParams, named, pageOf, read, RequestHeaders, responses, Time, TimeOrNull } from '../http/schemas.ts'
import type { WriteContext } from '../product/product-write.ts'
import { type ApiClient, createApiClient, findApiClient, listApiClients, revokeApiClient } from './api-client.ts'
import type { Authenticator } from './authenticator.ts'
import { principalOf } from './route-guard.ts'

export interface ClientRouteParts {
  readonly pool: Pool
  readonly authenticator: Authenticator
  readonly makeToken: MakeToken
}

const PATH = '/admin/v1/clients'
const config = { scope: 'clients:write' } as const
const tags = ['clients']
const strict = { additionalProperties: false }

const fields = {
  id: Type.String({ format: 'uuid' }),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  createdAt: Time,
  lastUsedAt: Type.Union([Time, Type.Null()], { description: 'To the minute' }),
  revokedAt: TimeOrNull,
}
export const ApiClientSchema: TSchema = Type.Object(fields, { $id: 'ApiClient', ...strict })
const Params = IdParams('client')
const Body = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 128, pattern: TEXT_PATTERN }),
    scopes: Type.Array(Type.Enum(SCOPES), { minItems: 1, maxItems: SCOPES.length, uniqueItems: true }),
  },
  { ...strict, examples: [{ name: 'erp', scopes: ['product:read', 'product:write'] }] },
)

export function registerClientRoutes(app: HttpServer, parts: ClientRouteParts): void {
  addCreate(app, parts.pool)
  addReads(app, parts)
  addRevoke(app, parts)
}

function addCreate(app: HttpServer, pool: Pool): void {
  const secret = Type.String({ description: 'Shown this once: only its hash is kept' })
  const schema = {
    tags,
    summary: 'Make a client',
    description:
      'A client may give away only scopes that it has itself. Takes no Idempotency-Key: a secret is not kept to be answered again.',
    body: Body,
    response: responses({ 201: read('Made', Type.Object({ ...fields, secret }, strict), { Location: Type.String() }) }, [
      'validation-failed',
      'malformed-body',
      'unsupported-media-type',
    ]),
  }
  app.post(PATH, { schema, config }, async (request, reply) => {
    refuseIdempotencyKey(request)
    const { name, scopes } = request.body
    refuseForeignScopes(request, scopes)
    const made = await inTransaction(pool, async (client) => {
      const created = await createApiClient(client, name, scopes)
      await addAuditEntry(client, contextOf(request), auditOf('client.created', created.client.id, { name, scopes }))
      return created
    })
    void reply.code(201).header('location', `${PATH}/${made.client.id}`).header('cache-control', 'no-store')
    return { ...made.client, secret: made.secret }
  })
}

function contextOf(request: FastifyRequest): WriteContext {
  return { actor: principalOf(request).id, requestId: request.id }
}

function auditOf(action: string, id: string, diff: object | null) {
  return { action, resource: 'client', id, version: null, diff } as const
}

function refuseIdempotencyKey(request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) return
  throw invalidParameter([
    { parameter: 'Idempotency-Key', code: 'unknown', message: 'Idempotency-Key is not taken here: the answer holds a secret' },
  ])
}

/** Else whoever may make clients could make one that may do anything. */
function refuseForeignScopes(request: FastifyRequest, scopes: readonly Scope[]): void {
  const own = principalOf(request).scopes
  const foreign = scopes.find((scope) => !own.has(scope))
  if (foreign !== undefined) throw missingScope(foreign)
}

function addReads(app: HttpServer, { pool, makeToken }: ClientRouteParts): void {
  const list = {
    tags,
    summary: 'Clients, oldest first',
    headers: Type.Object(RequestHeaders.token),
    querystring: Type.Object(PageQuery, strict),
    response: responses({ 200: read('A page of clients, revoked ones too', pageOf(named('ApiClient'))) }, ['invalid-cursor']),
  }
  const clients = {
    name: 'clients',
    read: (after: string | null, limit: number) => listApiClients(pool, after, limit),
    positionOf: (client: ApiClient) => client.id,
    isPosition: (position: string | number): position is string => isUuid(position),
  }
  app.get(PATH, { schema: list, config }, async (request, reply) => {
    const page = await readPage(clients, request.query)
    await answerToken(makeToken, request, reply, null)
    return page
  })

  const one = {
    tags,
    summary: 'One client',
    params: Params,
    headers: Type.Object(RequestHeaders.token),
    response: responses({ 200: read('The client', named('ApiClient')) }, ['not-found']),
  }
  app.get(`${PATH}/:id`, { schema: one, config }, async (request, reply) => {
    const client = (await findApiClient(pool, request.params.id)) ?? noClient(request.params.id)
    await answerToken(makeToken, request, reply, null)
    return client
  })
}

function noClient(id: string): never {
  throw notFound('client', 'id', id)
}

function addRevoke(app: HttpServer, { pool, authenticator }: ClientRouteParts): void {
  const schema = {
    tags,
    summary: 'Revoke a client',
    description: 'For good. Other admin processes may let its key in for up to 5 s more.',
    params: Params,
    response: responses({ 204: { type: 'null', description: 'Revoked' } }, ['not-found']),
  }
  app.delete(`${PATH}/:id`, { schema, config }, async (request, reply) => {
    const { id } = request.params
    await inTransaction(pool, async (client) => {
      if (!(await revokeApiClient(client, id))) noClient(id)
      await addAuditEntry(client, contextOf(request), auditOf('client.revoked', id, null))
    })
    authenticator.forget(id)
    return await reply.code(204).send()
  })
}
