/** Every mishap a client may see, as RFC 9457 problem details: one class, one function a mishap (api.md, "Conventions"). */

export interface FieldError {
  /** The query or path parameter at fault, or a JSON pointer into the body. */
  readonly parameter?: string
  readonly pointer?: string
  /** Short and stable, for programs: `required`, `unknown`, `type`, `range`, … */
  readonly code: string
  readonly message: string
}

export interface ProblemOptions {
  /** Members that the type adds, such as `errors` or `currentVersion`. */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The names of api.md; each has a page at `/problems/NAME`. */
export const PROBLEMS = {
  'invalid-parameter': [400, 'A parameter is not valid'],
  'invalid-cursor': [400, 'The cursor does not belong to this request'],
  'malformed-body': [400, 'The body cannot be read'],
  unauthenticated: [401, 'No valid credentials were sent'],
  'missing-scope': [403, 'The credentials lack a scope'],
  'not-found': [404, 'Nothing is here'],
  'method-not-allowed': [405, 'This method is not allowed here'],
  'not-acceptable': [406, 'Nothing acceptable can be sent'],
  'key-taken': [409, 'Another product has this key'],
  'sku-taken': [409, 'Another variant has this SKU'],
  'slug-taken': [409, 'Another product has this slug'],
  'schedule-overlap': [409, 'Another schedule covers part of this time'],
  'request-in-progress': [409, 'The same request is still being answered'],
  'invalid-state': [409, 'The resource is not in a state for this'],
  gone: [410, 'It was deleted'],
  'version-conflict': [412, 'Somebody else changed it first'],
  'payload-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'This content type is not understood'],
  'validation-failed': [422, 'The content is not valid'],
  'idempotency-mismatch': [422, 'The Idempotency-Key was used for another request'],
  'precondition-required': [428, 'An If-Match header is required'],
  'rate-limited': [429, 'Too many requests'],
  internal: [500, 'Something went wrong on our side'],
  overloaded: [503, 'Too busy to answer now'],
  unavailable: [503, 'A part needed for this is not available'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemName = keyof typeof PROBLEMS

/** Thrown anywhere, answered by the HTTP server's error handler. Its message becomes `detail`. */
export class CatalogError extends Error {
  readonly problem: ProblemName
  readonly status: number
  readonly extra: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(problem: ProblemName, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause })
    this.problem = problem
    this.status = PROBLEMS[problem][0]
    this.extra = options.extra ?? {}
    this.headers = options.headers ?? {}
  }
}

/** The body of the answer. */
export function problemDetails(error: CatalogError, instance: string, requestId: string): Record<string, unknown> {
  return {
    type: `/problems/${error.problem}`,
    title: PROBLEMS[error.problem][1],
    status: error.status,
    detail: error.message,
    instance,
    requestId,
    ...error.extra,
  }
}

const RETRY_AFTER_SECONDS = '1'

export const invalidParameter = (errors: readonly FieldError[]) =>
  new CatalogError('invalid-parameter', errors.map((error) => error.message).join('; '), { extra: { errors } })
export const invalidCursor = () =>
  new CatalogError('invalid-cursor', 'The cursor is malformed, or belongs to other filters or another sort')
export const malformedBody = (detail: string) => new CatalogError('malformed-body', detail)
export const unauthenticated = (detail = 'Send an API key in X-Api-Key') =>
  new CatalogError('unauthenticated', detail, { headers: { 'www-authenticate': 'ApiKey' } })
export const unknownApiKey = () => unauthenticated('The API key is not known, or was revoked')
/** Where bearer tokens are accepted, but not this one (RFC 6750, section 3). */
export const invalidBearerToken = () =>
  new CatalogError('unauthenticated', 'The bearer token is not valid', {
    headers: { 'www-authenticate': 'ApiKey, Bearer error="invalid_token"' },
  })
export const missingScope = (required: string) =>
  new CatalogError('missing-scope', `The scope ${required} is required`, { extra: { required } })
export const notFound = (what: string, by: string, value: string) => new CatalogError('not-found', `No ${what} has ${by} "${value}"`)
export const methodNotAllowed = (method: string, allowed: readonly string[]) =>
  new CatalogError('method-not-allowed', `${method} is not allowed here, only ${allowed.join(', ')}`, {
    headers: { allow: allowed.join(', ') },
  })
export const gone = (what: string, value: string) => new CatalogError('gone', `The ${what} "${value}" was deleted`)
/** @param currentVersion of the product that has it, where it was looked at */
export const keyTaken = (key: string, currentVersion?: number) =>
  new CatalogError('key-taken', `Another product has the key "${key}"`, {
    extra: { key, ...(currentVersion === undefined ? {} : { currentVersion }) },
  })
export const skuTaken = (sku: string) => new CatalogError('sku-taken', `Another variant has the SKU "${sku}"`, { extra: { sku } })
export const slugTaken = (slug: string, locale: string) =>
  new CatalogError('slug-taken', `Another product has the slug "${slug}" in ${locale}`, { extra: { slug, locale } })
export const invalidState = (detail: string) => new CatalogError('invalid-state', detail)
export interface VersionConflict {
  /** null: nothing is there now. */
  readonly currentVersion: number | null
  /** What differs between the version that was named and the current one, where it is known. */
  readonly changedPointers?: readonly string[]
  readonly changedBy?: string | null
  /** RFC 3339. */
  readonly changedAt?: string | null
}
export const versionConflict = (key: string, conflict: VersionConflict) =>
  new CatalogError(
    'version-conflict',
    conflict.currentVersion === null
      ? `If-Match names a version, but there is no product with the key "${key}"`
      : `The product "${key}" has the version ${conflict.currentVersion} now`,
    { extra: conflict.currentVersion === null ? {} : { changedPointers: [], changedBy: null, changedAt: null, ...conflict } },
  )
export const preconditionRequired = () =>
  new CatalogError('precondition-required', 'Send If-Match with the version you edited, or * to override')
export const payloadTooLarge = (limitBytes: number) => new CatalogError('payload-too-large', `The body may be at most ${limitBytes} bytes`)
export const unsupportedMediaType = (got: string, expected: string) =>
  new CatalogError('unsupported-media-type', `Expected ${expected}, got ${got || 'no content type'}`)
export const validationFailed = (errors: readonly FieldError[]) =>
  new CatalogError(
    'validation-failed',
    errors
      .map((error) => error.message)
      .join('; ')
      .slice(0, 1000),
    { extra: { errors } },
  )
/** A field that is not known is a mistake in the request, whatever else is wrong in what it holds. @param errors of a schema: `unknown` is the code of a field that is not known */
export const invalidBody = (errors: readonly FieldError[]) =>
  errors.some(({ code }) => code === 'unknown') ? invalidParameter(errors) : validationFailed(errors)
export const overloaded = (detail: string, cause?: unknown) =>
  new CatalogError('overloaded', detail, { headers: { 'retry-after': RETRY_AFTER_SECONDS }, cause })
export const unavailable = (detail: string, cause?: unknown) =>
  new CatalogError('unavailable', detail, { headers: { 'retry-after': RETRY_AFTER_SECONDS }, cause })
