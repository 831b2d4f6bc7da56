/** Pieces of route schemas that many routes share: what is checked and what the OpenAPI document says are one thing. */
import { type TSchema, Type } from 'typebox'
import { type ProblemName, PROBLEMS } from '../../shared/problem.ts'
import { UUID_PATTERN } from '../../shared/validators.ts'

/** A schema that has a name of its own in the OpenAPI document. @param T what it stands for */
export const named = <T>(name: string) => Type.Unsafe<T>({ $ref: `${name}#` })

const FieldError = Type.Object({
  parameter: Type.Optional(Type.String({ description: 'The query or path parameter, or header, at fault' })),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer into the body' })),
  code: Type.String(),
  message: Type.String(),
})

/** RFC 9457. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: '`/problems/NAME`, a page that says more' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    requestId: Type.String(),
    errors: Type.Optional(Type.Array(FieldError)),
    required: Type.Optional(Type.String({ description: 'missing-scope: the scope' })),
    currentVersion: Type.Optional(Type.Integer({ description: 'version-conflict: what If-Match would have to be' })),
    changedPointers: Type.Optional(Type.Array(Type.String(), { description: 'version-conflict: what was changed since' })),
    changedBy: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    changedAt: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  {
    $id: 'Problem',
    additionalProperties: true,
    examples: [
      {
        type: '/problems/not-found',
        title: 'Nothing is here',
        status: 404,
        detail: 'No product has key "P-1"',
        instance: '/admin/v1/products/by-key/P-1',
        requestId: '0197f2c4',
      },
    ],
  },
)

/** What any route may answer. */
const EVERYWHERE: readonly ProblemName[] = [
  'invalid-parameter',
  'unauthenticated',
  'missing-scope',
  'internal',
  'overloaded',
  'unavailable',
  'rate-limited',
]

/** The `response` of a route: its successes, and the problems it may answer, by status. */
export function responses<S extends Record<number, unknown>>(successes: S, problems: readonly ProblemName[] = []) {
  const byStatus: Record<number, unknown> = {}
  for (const name of new Set([...EVERYWHERE, ...problems])) {
    const status = PROBLEMS[name][0]
    const names = [...new Set([...EVERYWHERE, ...problems])].filter((other) => PROBLEMS[other][0] === status)
    byStatus[status] = {
      description: names.map((one) => `\`${one}\`: ${PROBLEMS[one][1]}`).join('. '),
      headers: headersOf(status),
      content: { 'application/problem+json': { schema: named('Problem') } },
    }
  }
  return { ...byStatus, ...successes }
}

function headersOf(status: number): Record<string, TSchema> {
  if (status === 429 || status === 503) return { 'Retry-After': Type.String({ description: 'Seconds' }) }
  if (status === 401) return { 'WWW-Authenticate': Type.String() }
  return {}
}

/** Headers of every answer to a write of a product. */
const WriteHeaders = {
  ETag: Type.String({ description: 'The version in quotes: what If-Match takes' }),
  'Consistency-Token': Type.String({ description: 'A read that carries it is never older than this write' }),
}
const RevHeader = { 'Catalog-Rev': Type.String({ description: 'Order of the product’s visible changes' }) }
const LocationHeader = { Location: Type.String({ description: 'Where it can be read' }) }
export const ReplayHeader = {
  'Idempotent-Replayed': Type.String({ description: '`true`: this is the stored answer of an earlier request' }),
}

export interface Answers {
  readonly rev?: boolean
  readonly location?: boolean
  readonly replay?: boolean
}

/** An answer to a write. @param body null: nothing, or `Prefer: return=minimal` */
export function written(description: string, body: TSchema | null, has: Answers = {}) {
  const headers = {
    ...WriteHeaders,
    ...(has.rev ? RevHeader : {}),
    ...(has.location ? LocationHeader : {}),
    ...(has.replay ? ReplayHeader : {}),
  }
  return body === null ? { type: 'null', description, headers } : { description, headers, content: json(body) }
}

/** An answer to a read. */
export function read(description: string, body: TSchema, headers: Record<string, TSchema> = {}) {
  return { description, headers: { ...TokenHeader, ...headers }, content: json(body) }
}

const TokenHeader = { 'Consistency-Token': Type.String({ description: 'Only when the request carried one' }) }
export const ETagHeader = { ETag: WriteHeaders.ETag }
export const notModified = { type: 'null', description: 'The reader has this version already', headers: ETagHeader }
const json = (schema: TSchema) => ({ 'application/json': { schema } })

/** Request headers, for the document: their values are read where they are used. */
export const RequestHeaders = {
  token: { 'Consistency-Token': Type.Optional(Type.String({ description: 'Of an earlier answer', maxLength: 200 })) },
  ifMatch: { 'If-Match': Type.Optional(Type.String({ description: 'An ETag, or * for whatever version there is' })) },
  ifNoneMatch: { 'If-None-Match': Type.Optional(Type.String({ description: 'ETags that the reader has' })) },
  createOnly: { 'If-None-Match': Type.Optional(Type.String({ description: '`*`: only create' })) },
  prefer: { Prefer: Type.Optional(Type.String({ description: '`return=minimal`: answer 204 without a body' })) },
  idempotencyKey: {
    'Idempotency-Key': Type.Optional(Type.String({ description: 'Kept 24 hours: the same request again is not done again' })),
  },
}

/** The path parameter of what has a UUID. @param what `product`, `import` */
export const IdParams = (what: string) =>
  Type.Object({
    id: Type.String({ pattern: UUID_PATTERN, description: `UUID of the ${what}`, examples: ['0197a3c0-5b1e-7cc3-98c5-9f6e3b1d2a44'] }),
  })

/** `{"data":[…],"page":{…}}` */
export const pageOf = (entry: TSchema) =>
  Type.Object({
    data: Type.Array(entry),
    page: Type.Object({
      limit: Type.Integer(),
      next: Type.Union([Type.String(), Type.Null()], { description: 'cursor of the next page' }),
    }),
  })

export const Time = Type.String({ format: 'date-time' })
export const TimeOrNull = Type.Union([Time, Type.Null()])
