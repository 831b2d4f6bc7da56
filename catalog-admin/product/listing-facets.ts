/** What of a product its listing rows are filtered and counted by: brand, categories, tags, stock, and every value of its attributes and options. */
import { FACET, FACET_VALUE_LENGTH_AT_MOST, facetToken, facetValue } from '../../shared/facet-token.ts'
import type { AttributeValue } from '../../shared/product-document.ts'
import { isInStock } from '../../shared/representation.ts'
import { facetKey, type FacetTokens, type FacetValue } from '../reference/facet-tokens.ts'
import type { References } from '../reference/references.ts'
import type { CompleteProduct } from './complete-product.ts'

/** Of one product; what is beyond cannot be filtered by. Variants and lists could make hundreds of thousands. */
const TOKENS_AT_MOST = 500

/** Those with a token of the dictionary, by facetKey. */
export function facetValuesOf(product: CompleteProduct, references: References): ReadonlyMap<string, FacetValue> {
  const values = new Map<string, FacetValue>()
  const add = (attributeId: number, value: string) => {
    if (value === '' || value.length > FACET_VALUE_LENGTH_AT_MOST || values.size >= TOKENS_AT_MOST) return
    values.set(facetKey(attributeId, value), { attributeId, value })
  }
  const addAll = (attributes: Readonly<Record<string, AttributeValue>>) => {
    for (const [code, value] of Object.entries(attributes)) {
      const { id: attributeId } = references.attributeOf(code)
      for (const one of [value].flat()) add(attributeId, facetValue(one))
    }
  }
  for (const tag of product.tags) add(FACET.tag, tag)
  addAll(product.attributes)
  for (const variant of product.variants) {
    addAll(variant.options)
    addAll(variant.attributes)
  }
  return values
}

/** Sorted, each once; `onSale` is left to the channel. @param categoryIds with all ancestors @param values of the product, by facetKey */
export function facetsOf(
  product: CompleteProduct,
  categoryIds: Iterable<number>,
  values: ReadonlyMap<string, FacetValue>,
  { references, tokens }: { references: References; tokens: FacetTokens },
): readonly number[] {
  const brand = references.brandOf(product)
  const facets = new Set<number>()
  if (brand !== null) facets.add(facetToken(FACET.brand, brand.id))
  for (const id of categoryIds) facets.add(facetToken(FACET.category, id))
  if (product.variants.some(isInStock)) facets.add(facetToken(FACET.inStock))
  for (const key of values.keys()) {
    const token = tokens.get(key)
    if (token !== undefined) facets.add(token)
  }
  return [...facets].sort((a, b) => a - b)
}
