/** What every read route is given: where to read from, and how answers are labelled. */
import type { ProductLoader } from '../cache/product-loader.ts'
import type { ReadProduct, ReadProducts, ReadSnapshot } from '../cache/product-read.ts'
import type { ProductFinder } from '../product/find-product.ts'
import type { ReferenceData } from '../reference-data.ts'
import type { UnderstandQuery } from '../search/synonyms.ts'
import type { AnswerSettings } from './answer-headers.ts'

export interface ReadContext {
  readonly readProduct: ReadProduct
  readonly readMany: ReadProducts
  /** A product's whole document, from a database. */
  readonly loadProduct: ProductLoader['load']
  /** For whatever is no product: lists, trees, channels. */
  readonly readSnapshot: ReadSnapshot
  readonly reference: ReferenceData
  /** By key, slug or SKU. */
  readonly products: ProductFinder
  readonly understand: UnderstandQuery
  readonly answers: AnswerSettings
  /** Microseconds since 1970. */
  readonly nowUs: () => number
}
