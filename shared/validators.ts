/** Checks requests against their routes' schemas: a query string is text and is coerced, a body is taken as it is. */
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'

/** Not the format `uuid`: that allows `urn:uuid:` in front, which PostgreSQL does not. */
export const UUID_PATTERN = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
/** PostgreSQL stores no NUL, and refuses to look for it. */
export const TEXT_PATTERN = '^[^\\u0000]*$'

export interface Validators {
  readonly all: FastifySchemaCompiler<unknown>
  /** For routes that check their body themselves, and say so better than a schema could. */
  readonly exceptBody: FastifySchemaCompiler<unknown>
}

/**
 * @param schemas those that others refer to by `$id`
 * @param coerceTypes of query strings; `array`: a name that stands once may be a list, too
 */
export function createValidators(schemas: readonly TSchema[], coerceTypes: true | 'array' = true): Validators {
  const options = { allErrors: true, strict: false, schemas: schemas as TSchema[] }
  // Without coercion a body's "5" stays a text and a null stays null, and both are refused where a number is expected.
  const body = new Ajv(options)
  const text = new Ajv({ ...options, coerceTypes, useDefaults: true })
  addFormats.default(body)
  addFormats.default(text)
  const all: Validators['all'] = ({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema as TSchema)
  return { all, exceptBody: (route) => (route.httpPart === 'body' ? () => true : all(route)) }
}
