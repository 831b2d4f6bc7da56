/** The sample catalog as import documents: every design of every leaf in every edition, the same at every call. */
import { crc32 } from 'node:zlib'
import type { RawProductInput } from '../../catalog-admin/product/product-input.ts'
import { CLOTHING } from './clothing.ts'
import { HOME } from './home.ts'
import { KITCHEN } from './kitchen.ts'
import type { Design, Edition, Leaf } from './leaf.ts'
import { OUTDOORS } from './outdoors.ts'
import { STUDY } from './study.ts'

export type ProductInputDocument = RawProductInput
type VariantInput = NonNullable<ProductInputDocument['variants']>[number]

export const SAMPLE_LEAVES: readonly Leaf[] = [...HOME, ...KITCHEN, ...CLOTHING, ...OUTDOORS, ...STUDY]

const COLORS_PER_DESIGN = 3
const EUR_PER_USD = 0.92
/** Options of which each next value costs this much more. */
const STEP_FACTORS: Readonly<Record<string, number>> = { diameter: 1.2, capacity: 1.3, length: 1.08, height: 1.1 }
/** The leap-day puzzle goes on sale on one. */
const SCHEDULED: Readonly<Record<string, string>> = { 'PUZZLE-5B': '2040-02-29T00:00:00Z' }
const IMAGES = 'https://images.example/sample'

/** One of the 300: a design of a leaf in an edition. */
interface Item {
  readonly leaf: Leaf
  readonly design: Design
  readonly designNumber: number
  readonly edition: Edition
  /** `LAMP-1A`: leaf, design, edition. */
  readonly key: string
  /** From the key: decides, the same at every start, what is on sale, a draft, or sold out. */
  readonly seed: number
}

export function* sampleProducts(): Iterable<ProductInputDocument> {
  for (const leaf of SAMPLE_LEAVES) {
    for (const [d, design] of leaf.designs.entries()) {
      for (const [e, edition] of leaf.editions.entries()) {
        const key = `${leaf.code}-${d + 1}${'ABCDEF'[e]}`
        yield toDocument({ leaf, design, designNumber: d, edition, key, seed: crc32(key) })
      }
    }
  }
}

function toDocument(item: Item): ProductInputDocument {
  const { leaf, design, edition, key, seed } = item
  const title = {
    en: `${design.name[0]} ${leaf.noun[0]}, ${edition.name[0]}`,
    de: `${leaf.noun[1]} „${design.name[1]}“, ${edition.name[1]}`,
  }
  const colors = colorsOf(item)
  return {
    key,
    status: seed % 31 === 7 ? 'draft' : 'active',
    publishAt: SCHEDULED[key] ?? null,
    brand: design.brand,
    categories: [[...leaf.path]],
    tags: [...(design.tags ?? []), ...(isOnSale(item) ? ['sale'] : [])],
    popularity: (design.tags?.includes('bestseller') ? 80 : 5) + (seed % 200) / 10,
    i18n: {
      en: { title: title.en, description: `${design.story[0]} ${edition.story[0]}` },
      de: { title: title.de, description: `${design.story[1]} ${edition.story[1]}` },
    },
    attributes: copyLists({
      ...leaf.attributes,
      ...design.attributes,
      ...edition.attributes,
      ...(colors.length > 0 ? { colors } : {}),
    }),
    media: ['front', 'detail'].map((view) => ({ url: `${IMAGES}/${key.toLowerCase()}-${view}.jpg`, alt: title })),
    variants: variantsOf(item),
  }
}

/** The schema's arrays are mutable; the tables' are not. */
function copyLists(attributes: Leaf['attributes']): NonNullable<ProductInputDocument['attributes']> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value] as const),
  )
}

function colorsOf({ leaf, designNumber }: Item): readonly string[] {
  const palette = leaf.options['color'] ?? []
  return palette.length <= COLORS_PER_DESIGN
    ? palette
    : palette.map((_, i) => palette[(designNumber + i) % palette.length]!).slice(0, COLORS_PER_DESIGN)
}

/** A choice of one value for every option, and what it costs more. */
interface Choice {
  readonly options: Readonly<Record<string, string>>
  readonly factor: number
}

function choicesOf(item: Item): readonly Choice[] {
  let choices: readonly Choice[] = [{ options: {}, factor: 1 }]
  for (const [name, all] of Object.entries(item.leaf.options)) {
    const values = name === 'color' ? colorsOf(item) : all
    const step = STEP_FACTORS[name] ?? 1
    choices = choices.flatMap(({ options, factor }) =>
      values.map((value, i) => ({ options: { ...options, [name]: value }, factor: factor * step ** i })),
    )
  }
  return choices
}

function variantsOf(item: Item): VariantInput[] {
  return choicesOf(item).map(({ options, factor }) => {
    const sku = [item.key, ...Object.values(options).map(skuPart)].join('-')
    const stock = stockOf(item, sku)
    return { sku, options: { ...options }, prices: pricesOf(item, factor), ...(stock === null ? {} : { stock }) }
  })
}

function skuPart(value: string): string {
  return value.toUpperCase().replace(/[^A-Z0-9]+/g, '')
}

function isOnSale(item: Item): boolean {
  return item.seed % 6 === 1
}

/** Every fifteenth product is sold in the default channel alone. */
function pricesOf(item: Item, factor: number): NonNullable<VariantInput['prices']> {
  const usd = item.design.priceMinor * item.edition.priceFactor * factor
  const channels = [
    { channel: 'default', currency: 'USD', usual: usd },
    ...(item.seed % 15 === 4 ? [] : [{ channel: 'eu', currency: 'EUR', usual: usd * EUR_PER_USD }]),
  ]
  return channels.map(({ channel, currency, usual }) =>
    isOnSale(item)
      ? { channel, currency, amount: shelfPrice(usual * 0.8), compareAt: shelfPrice(usual) }
      : { channel, currency, amount: shelfPrice(usual) },
  )
}

/** Ends on 90 cents, or on a round ten below five. */
function shelfPrice(minor: number): number {
  return minor < 500 ? Math.round(minor / 10) * 10 : Math.round(minor / 100) * 100 - 10
}

/** null: untracked, always in stock. */
function stockOf(item: Item, sku: string): number | null {
  if (item.seed % 11 === 3) return null
  if (item.seed % 40 === 9) return 0
  const dice = crc32(sku)
  return dice % 9 === 0 ? 0 : (dice % 60) + 1
}
