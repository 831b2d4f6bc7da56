/** What a leaf of the sample shop's tree is made of: hand-written tables, which sample-products.ts multiplies out. */
import type { AttributeValue } from '../../shared/product-document.ts'

/** One text, written twice. */
type Bilingual = readonly [en: string, de: string]

type Attributes = Readonly<Record<string, AttributeValue>>

/** The idea of a product; it is sold in every edition of its leaf. */
export interface Design {
  readonly brand: string
  /** In US cents, before the edition's factor. */
  readonly priceMinor: number
  /** Put before the leaf's noun in English, after it in German. */
  readonly name: Bilingual
  /** One or two sentences, the first of the description. */
  readonly story: Bilingual
  readonly attributes: Attributes
  readonly tags?: readonly string[]
}

/** A material, a make or a size that every design of the leaf comes in. */
export interface Edition {
  readonly name: Bilingual
  readonly story: Bilingual
  readonly priceFactor: number
  readonly attributes: Attributes
}

export interface Leaf {
  /** Begins the keys and SKUs of its products. */
  readonly code: string
  readonly path: readonly [string, string, string]
  readonly noun: Bilingual
  /** Variants are every combination. Of `color`, each design gets a window of three. */
  readonly options: Readonly<Record<string, readonly string[]>>
  readonly attributes: Attributes
  readonly designs: readonly Design[]
  readonly editions: readonly Edition[]
}
