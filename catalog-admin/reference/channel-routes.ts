/** The HTTP face of channels: listed, made and changed. */
import type { Pool, PoolClient } from 'pg'
import { type Static, Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { TEXT_PATTERN } from '../../shared/validators.ts'
import { CURRENCIES } from './channels.ts'
import { CatalogError, invalidState, notFound, validationFailed } from '../../shared/problem.ts'
import { addAuditEntry } from '../audit-entry.ts'
import { answerToken, type MakeToken } from '../http/consistency.ts'
import { isTextPosition, PageQuery, readPage } from '../http/page.ts'
import { createsOnly, ifMatch, sendVersioned } from '../http/preconditions.ts'
import { ETagHeader, named, notModified, pageOf, read, RequestHeaders, responses, written } from '../http/schemas.ts'
import type { WriteAnswer } from '../http/write-answer.ts'
import type { RunWrite } from '../http/write.ts'
import type { VersionCondition, WriteContext } from '../product/product-write.ts'
import { type Channel, type ChannelInput, findChannel, insertChannel, listChannels, lockChannel, updateChannel } from './channel-edit.ts'

export interface ChannelRouteParts {
  readonly pool: Pool
  readonly runWrite: RunWrite
  readonly makeToken: MakeToken
}

const PATH = '/admin/v1/channels'
const tags = ['reference']
const reading = { scope: 'product:read' } as const
const writing = { scope: 'product:write' } as const
const strict = { additionalProperties: false }

const described = { description: 'What `channel=` and prices name it by', examples: ['eu'] }
const Code = Type.String({ pattern: '^[a-z0-9-]{2,32}$', ...described })
const Fields = {
  name: Type.String({ minLength: 1, maxLength: 256, pattern: TEXT_PATTERN }),
  currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217; fixed once a price exists' }),
  defaultLocale: Type.String({ pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$', description: 'The end of every fallback chain' }),
}
const Body = Type.Object(
  { code: Code, ...Fields },
  { ...strict, examples: [{ code: 'eu', name: 'Europe', currency: 'EUR', defaultLocale: 'de' }] },
)
const BodyAtCode = Type.Object({ code: Type.Optional(Code), ...Fields }, strict)
const CodeParams = Type.Object({ code: Type.String({ maxLength: 64, pattern: TEXT_PATTERN, ...described }) })

export const ChannelSchema = Type.Object(
  {
    id: Type.Integer(),
    code: Type.String(),
    name: Type.String(),
    currency: Type.String(),
    defaultLocale: Type.String(),
    version: Type.Integer(),
    unchanged: Type.Optional(Type.Literal(true)),
  },
  { $id: 'Channel', ...strict },
)

export function registerChannelRoutes(app: HttpServer, parts: ChannelRouteParts): void {
  addReads(app, parts)
  addCreate(app, parts)
  addPut(app, parts)
}

function addReads(app: HttpServer, { pool, makeToken }: ChannelRouteParts): void {
  const list = {
    tags,
    summary: 'Channels, by code',
    headers: Type.Object(RequestHeaders.token),
    querystring: Type.Object(PageQuery, strict),
    response: responses({ 200: read('A page of channels', pageOf(named('Channel'))) }, ['invalid-cursor']),
  }
  app.get(PATH, { schema: list, config: reading }, async (request, reply) => {
    const channels = {
      name: 'channels',
      read: (after: string | null, limit: number) => listChannels(pool, after, limit),
      positionOf: (channel: Channel) => channel.code,
      isPosition: isTextPosition,
    }
    const page = await readPage(channels, request.query)
    await answerToken(makeToken, request, reply, null)
    return page
  })
  const one = {
    tags,
    summary: 'One channel',
    params: CodeParams,
    headers: Type.Object({ ...RequestHeaders.ifNoneMatch, ...RequestHeaders.token }),
    response: responses({ 200: read('The channel', named('Channel'), ETagHeader), 304: notModified }, ['not-found']),
  }
  app.get(`${PATH}/:code`, { schema: one, config: reading }, async (request, reply) => {
    const channel = await findChannel(pool, request.params.code)
    if (channel === null) throw notFound('channel', 'code', request.params.code)
    await answerToken(makeToken, request, reply, null)
    return sendVersioned(request, reply, channel.version, channel)
  })
}

function addCreate(app: HttpServer, parts: ChannelRouteParts): void {
  const schema = {
    tags,
    summary: 'Make a channel',
    headers: Type.Object({ ...RequestHeaders.idempotencyKey, ...RequestHeaders.prefer, ...RequestHeaders.token }),
    body: Body,
    response: responses(
      { 201: written('Made', named('Channel'), { location: true, replay: true }), 204: written('Made; no body was wanted', null) },
      ['validation-failed', 'malformed-body', 'unsupported-media-type', 'invalid-state', 'idempotency-mismatch', 'request-in-progress'],
    ),
  }
  app.post(PATH, { schema, config: writing }, async (request, reply) => {
    const input = checked(request.body)
    return await parts.runWrite(request, reply, async (client, context) => {
      const channel = await insertChannel(client, input)
      if (channel === null) throw invalidState(`There is a channel "${input.code}" already: change it by PUT`)
      return await created(client, context, channel)
    })
  })
}

function addPut(app: HttpServer, parts: ChannelRouteParts): void {
  const schema = {
    tags,
    summary: 'Make a channel, or change it',
    params: Type.Object({ code: Code }),
    headers: Type.Object({ ...RequestHeaders.ifMatch, ...RequestHeaders.createOnly, ...RequestHeaders.prefer, ...RequestHeaders.token }),
    body: BodyAtCode,
    response: responses(
      {
        200: written('Changed, or unchanged', named('Channel')),
        201: written('Made', named('Channel'), { location: true }),
        204: written('Done; no body was wanted', null),
      },
      ['not-found', 'validation-failed', 'malformed-body', 'unsupported-media-type', 'invalid-state', 'version-conflict'],
    ),
  }
  app.put(`${PATH}/:code`, { schema, config: writing }, async (request, reply) => {
    const { code } = request.params
    if ((request.body.code ?? code) !== code) {
      throw validationFailed([{ pointer: '/code', code: 'conflict', message: `/code must be "${code}", as in the address` }])
    }
    const input = checked({ ...request.body, code })
    const put = { input, ifVersion: ifMatch(request), createOnly: createsOnly(request) }
    return await parts.runWrite(request, reply, (client, context) => putChannel(client, context, put))
  })
}

interface PutChannel {
  readonly input: ChannelInput
  readonly ifVersion: VersionCondition
  readonly createOnly: boolean
}

async function putChannel(client: PoolClient, context: WriteContext, { input, ifVersion, createOnly }: PutChannel): Promise<WriteAnswer> {
  const inserted = ifVersion === null ? await insertChannel(client, input) : null
  if (inserted !== null) return await created(client, context, inserted)
  const channel = await lockChannel(client, input.code)
  if (channel === null) throw notFound('channel', 'code', input.code)
  if (createOnly || (typeof ifVersion === 'number' && ifVersion !== channel.version)) {
    throw new CatalogError('version-conflict', `The channel is at version ${channel.version}`, {
      extra: { currentVersion: channel.version },
    })
  }
  const same = (['name', 'currency', 'defaultLocale'] as const).every((field) => input[field] === channel[field])
  const now = same ? channel : await updateChannel(client, channel, input)
  if (!same) await addAuditEntry(client, context, { action: 'channel.updated', ...auditOf(now) })
  return { status: 200, version: now.version, product: null, location: null, body: { ...now, ...(same ? { unchanged: true } : {}) } }
}

async function created(client: PoolClient, context: WriteContext, channel: Channel): Promise<WriteAnswer> {
  await addAuditEntry(client, context, { action: 'channel.created', ...auditOf(channel) })
  return { status: 201, version: channel.version, product: null, location: `${PATH}/${channel.code}`, body: { ...channel } }
}

function auditOf(channel: Channel) {
  return { resource: 'channel', id: channel.code, version: channel.version, diff: channel } as const
}

function checked(input: Static<typeof Body>): ChannelInput {
  if (!CURRENCIES.has(input.currency)) {
    throw validationFailed([
      { pointer: '/currency', code: 'unknown', message: `/currency must be an ISO 4217 code, not ${input.currency}` },
    ])
  }
  try {
    return { ...input, defaultLocale: Intl.getCanonicalLocales(input.defaultLocale)[0] ?? input.defaultLocale }
  } catch {
    throw validationFailed([
      { pointer: '/defaultLocale', code: 'format', message: `/defaultLocale names no locale: ${input.defaultLocale}` },
    ])
  }
}
