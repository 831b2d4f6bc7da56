/** What every read route's schema and config share. */
import { Type } from 'typebox'
import { UUID_PATTERN } from '../../shared/validators.ts'
import { Problem, Product } from './product-schema.ts'

/** By status. For the document only: the types of what is sent do not come from here, since ready bytes are sent. */
export type Answers = Readonly<Record<number, unknown>>

export const ProductId = Type.Object({
  id: Type.String({
    pattern: UUID_PATTERN,
    description: 'UUID of the product',
    examples: ['0197a3c0-5b1e-7cc3-98c5-9f6e3b1d2a44'],
  }),
})

/** Spread into a route's options. */
export const READ_ROUTE = { config: { scope: 'catalog:read', cost: 1 } } as const
export const LIST_ROUTE = { config: { scope: 'catalog:read', cost: 2 } } as const
export const FACET_ROUTE = { config: { scope: 'catalog:read', cost: 5 } } as const

export const problemAnswer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
})

/** Answers that any read may give besides its own. */
export const PROBLEM_ANSWERS: Answers = {
  400: problemAnswer('A parameter, the Consistency-Token or the URL is not valid'),
  401: problemAnswer('A key or a bearer token is needed here, and none that is known was sent'),
  403: problemAnswer('The caller lacks the scope; `required` names it'),
  406: problemAnswer('Accept-Encoding refuses every coding there is, and no coding too'),
  429: problemAnswer('Too much was asked for within a minute; see Retry-After'),
  503: problemAnswer('No part that could answer is there; see Retry-After'),
}

export const PRODUCT_ANSWERS: Answers = {
  200: Type.Partial(Product, { title: 'Product', description: 'Every member; or, with `fields`, those that it names' }),
  304: Type.Null({ description: 'Not modified' }),
  308: Type.Null({ description: 'Of an old slug: Location has the current one' }),
  404: problemAnswer('It never existed, or readers may not see it'),
  410: problemAnswer('It was deleted'),
  ...PROBLEM_ANSWERS,
}
