/** The names that lead to a product, stored with its copy: a hint is proved by looking for its name among these bytes, and nothing is parsed. */
import type { ProductDocument } from '../../shared/product-document.ts'
import type { Representation } from '../../shared/representation.ts'

/** `locale` of a slug: only the one in the first locale of the chain is proof, since an earlier locale's would win. */
export type ProductName = { readonly by: 'key' | 'sku' | 'slug'; readonly value: string }

const LETTERS = { key: 'k', sku: 's', slug: 'l' } as const

/** PostgreSQL has no text with a NUL, so no name reaches beyond its own. */
const entry = ({ by, value }: ProductName): string => `\0${LETTERS[by]}${value}\0`

/** Key, slug in the chain's first locale (if it has one there), and every SKU. About 15 bytes each. */
export function encodeNames(document: ProductDocument, { locales }: Representation): string {
  const slug = document.i18n[locales[0] ?? '']?.slug
  const names: ProductName[] = [
    { by: 'key', value: document.key },
    ...(slug === undefined ? [] : [{ by: 'slug' as const, value: slug }]),
    ...document.variants.map(({ sku }) => ({ by: 'sku' as const, value: sku })),
  ]
  return names.map(entry).join('')
}

/** What `proves` looks for, made once a hint. */
export function proofOf(name: ProductName): Buffer {
  return Buffer.from(entry(name))
}

/** Names are unique: where a product has the name, no other has it. */
export function proves(product: { readonly state: string; readonly names: Buffer }, proof: Buffer): boolean {
  return product.state === 'visible' && product.names.includes(proof)
}
