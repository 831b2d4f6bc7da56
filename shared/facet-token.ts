/** Facet tokens: what a listing row may be filtered and counted by, an integer each. The attribute is in the high bits, its value in the low 32. */

/** What every product may have, beside the attributes of table `attribute`, whose ids begin above. Never changed: rows hold them. */
export const FACET = { brand: 1, category: 2, inStock: 3, onSale: 4, tag: 5 } as const

const VALUES = 2 ** 32
/** The one value of what is either so or not. */
const YES = 1

/** Of a brand and a category the value is the row's own id; of tags and attributes it is a number that `facet_token` gives out. */
export function facetToken(attributeId: number, valueId = YES): number {
  return attributeId * VALUES + valueId
}

/** A longer text is a description, which nobody picks from a list. */
export const FACET_VALUE_LENGTH_AT_MOST = 100

/** What a filter names the value by. */
export function facetValue(value: string | number | boolean): string {
  return String(value)
}

/** The number that a value's text is the usual form of; null for any other text: `07` and `1e3` are texts. */
export function facetNumber(text: string): number | null {
  const number = Number(text)
  return Number.isFinite(number) && String(number) === text ? number : null
}
