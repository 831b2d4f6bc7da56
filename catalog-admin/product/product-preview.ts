/** A product as the query server would show it, drafts included. */
import type { Pool, PoolClient } from 'pg'
import { type RenderedProduct, type Representation, renderProduct } from '../../shared/representation.ts'
import { readReferences } from '../reference/references.ts'
import { buildDocument, stateOf } from './build-document.ts'
import type { ProductRef } from './product-write.ts'
import { readStoredProducts } from './stored-product.ts'

export interface ProductPreview extends RenderedProduct {
  readonly id: string
  readonly rev: number
  readonly version: number
  /** Whether readers see it at that time, if nobody changes it. */
  readonly visible: boolean
}

/**
 * @param representation the channel and the whole chain of locales, preferred first
 * @param atMs milliseconds since 1970: of what it will be, only publishAt depends on the time as yet
 * @returns null when there is no such product
 */
export async function previewProduct(
  client: Pool | PoolClient,
  ref: ProductRef,
  representation: Representation,
  atMs: number,
): Promise<ProductPreview | null> {
  const [stored] = await readStoredProducts(client, [ref])
  if (stored === undefined) return null
  const { id, rev, version, product, deletedMs } = stored
  const references = await readReferences(client, [product])
  const rendered = renderProduct(buildDocument(id, product, stored, references), rev, representation)
  return { ...rendered, id, rev, version, visible: stateOf(product, deletedMs !== null, atMs) === 'visible' }
}
