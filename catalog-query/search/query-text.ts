/** The parameter `q`: whatever a shopper types, but for its length. */
import { Type } from 'typebox'

const LENGTH_AT_MOST = 300

export const QueryText = Type.String({
  minLength: 1,
  maxLength: LENGTH_AT_MOST,
  examples: ['red jacket'],
  description: 'Words to look for, in whatever order; the last one may be the beginning of a word. Nothing in it is an operator.',
})
