/** The parameters that filter a list, the same wherever products are listed or counted, and what they mean. */
import { Type, type Static } from 'typebox'
import { FACET_VALUE_LENGTH_AT_MOST } from '../../shared/facet-token.ts'
import { invalidParameter } from '../../shared/problem.ts'
import type { AttributeFilterName, ListFilterName, ListFilters } from './list-filters.ts'
import { canonicalFilters } from './list-query.ts'
import { formatRange, parseRange } from './number-range.ts'

const VALUES_AT_MOST = 50
const RANGES_AT_MOST = 10
/** Attributes that one request may filter by. */
const ATTRIBUTES_AT_MOST = 12

/** Whatever a slug may hold; above all no NUL, which PostgreSQL refuses. */
const Slug = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\u0000-\\u0020/?#]+$' })
const Text = Type.String({ minLength: 1, maxLength: FACET_VALUE_LENGTH_AT_MOST, pattern: '^[^\\u0000]+$' })
const Yes = Type.Enum(['true'], { type: 'string', description: 'Only `true`: without it, all' })

/** Spread into a route's query schema, which is made by `filteredBy`. */
export const FILTER_PARAMETERS = {
  category: Type.Optional({ ...Slug, examples: ['jackets'], description: 'Slug or id of a category; its descendants are included' }),
  brand: Type.Optional(
    Type.Array(Slug, { maxItems: VALUES_AT_MOST, examples: [['acme']], description: 'Slug of a brand; repeat for any of several' }),
  ),
  tag: Type.Optional(Type.Array(Text, { maxItems: VALUES_AT_MOST, examples: [['new']], description: 'A tag; repeat for any of several' })),
  price: Type.Optional(
    Type.Array(Type.String({ maxLength: 42 }), {
      maxItems: RANGES_AT_MOST,
      examples: [['1000..2000']],
      description:
        'Lowest price in the currency’s minor unit, both ends included: `1000..2000`, `1000..`, `..2000`; repeat for any of several',
    }),
  ),
  inStock: Type.Optional(Yes),
  onSale: Type.Optional(Yes),
  updatedSince: Type.Optional(
    Type.String({ maxLength: 40, examples: ['2026-01-31T08:00:00Z'], description: 'RFC 3339: products whose `updatedAt` is not earlier' }),
  ),
}

const AttributeValues = Type.Array(Text, {
  maxItems: VALUES_AT_MOST,
  description: 'A value of the attribute or option, or a range of numbers, both ends included: `2..8`; repeat for any of several',
})

const ATTRIBUTE_NAME = '^attr\\.[^\\u0000-\\u001f]{1,128}$'

/** An object schema's options: other names are refused, but for `attr.NAME`. */
export const ATTRIBUTE_PARAMETERS = {
  additionalProperties: false,
  patternProperties: { [ATTRIBUTE_NAME]: AttributeValues },
} as const

export const ATTRIBUTES_PARAMETER = 'attr'

/**
 * For the OpenAPI document, which has no word for parameters by pattern: one parameter, an object in the form in which each of its members is a
 * parameter of the request (`style: form`, `explode: true`). Its own name is never sent.
 */
export const ATTRIBUTES_IN_OPENAPI = {
  type: 'object',
  additionalProperties: AttributeValues,
  propertyNames: { pattern: ATTRIBUTE_NAME },
  maxProperties: ATTRIBUTES_AT_MOST,
  examples: [{ 'attr.color': ['red', 'blue'], 'attr.weight': ['2..8'] }],
  description: 'Attributes and options to filter by, by the names of their parameters: `attr.NAME`. Different names must all match',
} as const

export const ATTRIBUTE_DESCRIPTION =
  'Any attribute or option filters too: `attr.color=red`; repeated for any of several values, different names must all match, numbers also by range: `attr.weight=2..8`.'

const FilterParameters = Type.Object(FILTER_PARAMETERS)
export type FilterParameters = Static<typeof FilterParameters> & { readonly [name: AttributeFilterName]: readonly string[] }

/** @throws CatalogError invalid-parameter with the name of what is not well formed */
export function toFilters(parameters: FilterParameters): ListFilters {
  const { category, brand, tag, price, inStock, onSale, updatedSince } = parameters
  return canonicalFilters({
    brand,
    tag,
    category: listOf(category),
    price: price?.map(toPriceRange),
    inStock: listOf(inStock),
    onSale: listOf(onSale),
    updatedSince: listOf(updatedSince).map(toTime),
    ...attributeFilters(parameters),
  })
}

function listOf(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value]
}

function attributeFilters(parameters: FilterParameters): Partial<Record<ListFilterName, readonly string[]>> {
  const filters = Object.entries(parameters).filter((entry): entry is [AttributeFilterName, readonly string[]] =>
    entry[0].startsWith('attr.'),
  )
  const [name] = filters[ATTRIBUTES_AT_MOST] ?? []
  if (name !== undefined)
    throw refused(name, 'maxItems', `At most ${ATTRIBUTES_AT_MOST} attributes can be filtered by, ${name} is one more`)
  return Object.fromEntries(filters)
}

/** Canonical: `0100..` is `100..`. */
function toPriceRange(text: string): string {
  const range = parseRange(text)
  const isAmount = (end: number | null) => end === null || (Number.isSafeInteger(end) && end >= 0)
  if (range !== null && isAmount(range.from) && isAmount(range.to)) return formatRange(range)
  throw refused(
    'price',
    'range',
    `price must be a range of minor units such as 1000..2000, 1000.. or ..2000, the lower end first, not "${text}"`,
  )
}

const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/
const ISO_LENGTH = 24

/** Canonical: in UTC with milliseconds, as `updatedAt` is. */
function toTime(text: string): string {
  const ms = TIME.test(text) ? Date.parse(text) : NaN
  const iso = Number.isNaN(ms) ? '' : new Date(ms).toISOString()
  // A year beyond 9999 or before 0 has more digits; PostgreSQL knows no year 0.
  if (iso.length === ISO_LENGTH && !iso.startsWith('0000')) return iso
  throw refused('updatedSince', 'format', `updatedSince must be a time such as 2026-01-31T08:00:00Z, not "${text}"`)
}

function refused(parameter: string, code: string, message: string): Error {
  return invalidParameter([{ parameter, code, message }])
}
