/** Everything that products name and that has a table of its own: found, or made on first use. */
import type { Pool, PoolClient } from 'pg'
import type { AttributeValue } from '../../shared/product-document.ts'
import type { CompleteProduct } from '../product/complete-product.ts'
import { addAttributes, type Attribute, type AttributeKind, kindOf } from './attributes.ts'
import { addBrands, type Brand, readBrands } from './brands.ts'
import { addCategories, type Category, type NamedPath, pathKey, readCategories } from './categories.ts'
import { addLocales } from './locales.ts'

export interface References {
  readonly brandOf: (product: CompleteProduct) => Brand | null
  /** In the product's own order. */
  readonly categoriesOf: (product: CompleteProduct) => readonly Category[]
  /** An attribute or option that one of the products has. */
  readonly attributeOf: (code: string) => Attribute
}

/**
 * Always in this order, and each kind in the order of its names: two writers that make the same ones wait, but never in a circle.
 * @param preferredLocale that names of categories are taken to be in, where a product has it
 * @throws RetryTransaction when another transaction got in between
 */
export async function addReferences(
  client: PoolClient,
  products: readonly CompleteProduct[],
  preferredLocale: string,
): Promise<References> {
  await addLocales(client, localesOf(products))
  const attributes = await addAttributes(client, attributesOf(products))
  const brands = await addBrands(client, brandsOf(products))
  return toReferences({ attributes, brands, categories: await addCategories(client, pathsOf(products, preferredLocale)) })
}

/** Of stored products, whose references exist: those that their documents show, so without their attributes. */
export async function readReferences(client: Pool | PoolClient, products: readonly CompleteProduct[]): Promise<References> {
  const brands = await readBrands(client, [...brandsOf(products)])
  return toReferences({ attributes: new Map(), brands, categories: await readCategories(client, pathsOf(products, '')) })
}

interface ReferenceMaps {
  readonly attributes: ReadonlyMap<string, Attribute>
  readonly brands: ReadonlyMap<string, Brand>
  readonly categories: ReadonlyMap<string, Category>
}

function toReferences({ attributes, brands, categories }: ReferenceMaps): References {
  return {
    attributeOf: (code) => found(attributes, code),
    brandOf: ({ brand }) => (brand === null ? null : found(brands, brand)),
    categoriesOf: (product) => product.categories.map((path) => found(categories, pathKey(path))),
  }
}

function brandsOf(products: readonly CompleteProduct[]): ReadonlySet<string> {
  return new Set(products.flatMap(({ brand }) => brand ?? []))
}

function found<T>(made: ReadonlyMap<string, T>, name: string): T {
  const reference = made.get(name)
  if (reference === undefined) throw new Error(`Expected the reference ${name} to have been made`)
  return reference
}

function localesOf(products: readonly CompleteProduct[]): ReadonlySet<string> {
  const codes = new Set<string>()
  for (const product of products) {
    for (const locale of Object.keys(product.i18n)) codes.add(locale)
    for (const item of product.media) for (const locale of Object.keys(item.alt)) codes.add(locale)
  }
  return codes
}

function attributesOf(products: readonly CompleteProduct[]): ReadonlyMap<string, AttributeKind> {
  const kinds = new Map<string, AttributeKind>()
  const collect = (attributes: Readonly<Record<string, AttributeValue>>) => {
    for (const [code, value] of Object.entries(attributes)) if (!kinds.has(code)) kinds.set(code, kindOf(value))
  }
  for (const product of products) {
    collect(product.attributes)
    for (const variant of product.variants) {
      collect(variant.options)
      collect(variant.attributes)
    }
  }
  return kinds
}

function pathsOf(products: readonly CompleteProduct[], preferredLocale: string): readonly NamedPath[] {
  return products.flatMap(({ categories, i18n }) => {
    const locale = mainLocale(i18n, preferredLocale)
    return categories.map((path) => ({ path, locale }))
  })
}

/** What is named without a locale is in the preferred one where the product has it, else in the first. */
export function mainLocale(i18n: Readonly<Record<string, unknown>>, preferred: string): string {
  return preferred in i18n ? preferred : (Object.keys(i18n)[0] ?? 'en')
}
