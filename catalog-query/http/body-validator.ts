/** Checks a route whose body is JSON: what it says is taken as it is, while a query string, which is text, is coerced. */
import { Ajv } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'

const body = new Ajv({ allErrors: true, strict: false })
const text = new Ajv({ allErrors: true, strict: false, coerceTypes: 'array', useDefaults: true })

/** With coercion `false` and 7 would be keys of products, and a text would do for a list. */
export const bodyAsItIs: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema)
