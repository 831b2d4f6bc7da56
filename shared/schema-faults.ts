/** What a JSON Schema found wrong, in our own words: no message of a library leaves. */
import type { FieldError } from './problem.ts'

/** As Ajv tells it. */
export interface SchemaFault {
  readonly keyword: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
}

/** A JSON pointer to what is wrong, missing or not known. */
export function pointerOf({ instancePath, params }: SchemaFault): string {
  const named = params['additionalProperty'] ?? params['missingProperty']
  return typeof named === 'string' ? `${instancePath}/${escapePointer(named)}` : instancePath
}

/** RFC 6901. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

export function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** For programs: the keyword, or `unknown`. */
export function codeOf({ keyword }: SchemaFault): string {
  return keyword === 'additionalProperties' ? 'unknown' : keyword
}

/** What was expected, to stand behind the name of the place. */
export function expectedBy({ keyword, params }: SchemaFault): string {
  return EXPECTED[keyword]?.(params) ?? 'is not valid'
}

/** Of a document. @param whole what it is called where no place in it is at fault */
export function documentError(fault: SchemaFault, whole: string): FieldError {
  const pointer = pointerOf(fault)
  return { pointer, code: codeOf(fault), message: `${pointer || whole} ${expectedBy(fault)}` }
}

const atLeast = (what: string) => atLimit('at least', what)
const atMost = (what: string) => atLimit('at most', what)

function atLimit(most: string, what: string): (params: SchemaFault['params']) => string {
  return ({ limit }) => `must have ${most} ${String(limit)} ${limit === 1 ? what : `${what}s`}`
}

/** By keyword. */
const EXPECTED: Readonly<Record<string, (params: SchemaFault['params']) => string>> = {
  additionalProperties: () => 'is not known',
  required: () => 'is required',
  enum: ({ allowedValues }) => `must be one of ${[allowedValues].flat().join(', ')}`,
  const: ({ allowedValue }) => `must be ${String(allowedValue)}`,
  type: ({ type }) => `must be ${[type].flat().join(' or ')}`,
  pattern: () => 'is not well formed',
  format: ({ format }) => `must be a ${String(format)}`,
  minimum: ({ limit }) => `must be at least ${String(limit)}`,
  maximum: ({ limit }) => `must be at most ${String(limit)}`,
  minLength: atLeast('character'),
  maxLength: atMost('character'),
  minItems: atLeast('item'),
  maxItems: atMost('item'),
  minProperties: atLeast('member'),
  maxProperties: atMost('member'),
  uniqueItems: () => 'must have no item twice',
}
