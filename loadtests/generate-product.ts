/** One product of a generated catalog: made from its number alone, so that a catalog can be begun anywhere. */
import type { AttributeValue } from '../shared/product-document.ts'
import type { ImportPrice, ImportRecord, ImportVariant } from './import-record.ts'
import { longTitle, oddText } from './odd-text.ts'
import { below, chance, createRandom, geometric, logNormal, pick, type Random } from './random.ts'
import {
  ATTRIBUTE_QUALITIES,
  ATTRIBUTE_THINGS,
  BRAND_ENDS,
  BRAND_STARTS,
  BRAND_SUFFIXES,
  COLORS,
  NOUNS_PER_ROOT,
  QUALIFIERS,
  ROOTS,
  SIZES,
  SUBQUALIFIERS,
  TAGS,
  WORDS,
} from './vocabulary.ts'
import { createZipf } from './zipf.ts'

export interface Channel {
  readonly code: string
  readonly currency: string
}

export interface ProductShape {
  readonly seed: number
  /** Each one of WORDS; the first is in every product. */
  readonly locales: readonly string[]
  /** The first has every product; each other has most of them. */
  readonly channels: readonly Channel[]
}

export const BRAND_COUNT = 5_000
export const ATTRIBUTE_KEY_COUNT = 4_000
export const MAX_VARIANTS = 2_000
const USUAL_MAX_VARIANTS = 200
const MAX_ATTRIBUTES = 120
const MAX_PRICE_MINOR = 9_999_999
/** Beyond these many variants a document carries two channels at most: it has to stay below 1 MiB. */
const MANY_VARIANTS = 500

/** What one US cent is in the smallest unit of other currencies, roughly. */
const MINOR_PER_CENT: Readonly<Record<string, number>> = { USD: 1, EUR: 0.92, GBP: 0.8, CHF: 0.9, JPY: 1.5, SEK: 10, PLN: 4 }

const CATEGORY_COUNT = ROOTS.length * NOUNS_PER_ROOT * QUALIFIERS.length * (SUBQUALIFIERS.length + 2)

const categoryRank = createZipf(CATEGORY_COUNT, 0.9)
const brandRank = createZipf(BRAND_COUNT, 1)
const attributeRank = createZipf(ATTRIBUTE_KEY_COUNT, 1.1)

/** @returns makes product `index` (0, 1, 2, …): the same record for the same shape at every call, whatever was made before */
export function createProductMaker(shape: ProductShape): (index: number) => ImportRecord {
  return (index) => makeProduct(shape, index, createRandom(shape.seed, index))
}

function makeProduct(shape: ProductShape, index: number, random: Random): ImportRecord {
  const leaf = permuted(categoryRank(random), CATEGORY_COUNT)
  const noun = Math.floor(leaf / (CATEGORY_COUNT / (ROOTS.length * NOUNS_PER_ROOT)))
  const brand = chance(random, 0.03) ? null : brandName(brandRank(random))
  const key = `GEN-${index + 1}`
  const status = chance(random, 0.88) ? 'active' : chance(random, 0.67) ? 'draft' : 'archived'
  const publishAt = chance(random, 0.03) ? publishTime(random) : null
  return {
    key,
    status,
    ...(publishAt === null ? {} : { publishAt }),
    ...(brand === null ? {} : { brand }),
    categories: categoriesOf(random, leaf),
    tags: someTags(random),
    popularity: Math.round(logNormal(random, 10, 1.8) * 100) / 100,
    i18n: textsOf(random, shape.locales, noun, brand),
    attributes: attributesOf(random),
    media: mediaOf(random, index),
    variants: variantsOf(random, key, shape.channels),
  }
}

/** Spreads popular ranks over the whole range: neighbours in rank are not neighbours in the tree. */
function permuted(rank: number, count: number): number {
  // Prime, and no factor of a count here: each rank has its own place.
  return (rank * 7_919 + 13) % count
}

function categoryPath(leaf: number): readonly string[] {
  const depthChoices = SUBQUALIFIERS.length + 2
  const depth = leaf % depthChoices
  const qualifier = Math.floor(leaf / depthChoices) % QUALIFIERS.length
  const noun = Math.floor(leaf / depthChoices / QUALIFIERS.length)
  const path = [ROOTS[Math.floor(noun / NOUNS_PER_ROOT)]!, plural(WORDS['en']!.nouns[noun]!)]
  if (depth === 0) return path
  path.push(QUALIFIERS[qualifier]!)
  if (depth > 1) path.push(SUBQUALIFIERS[depth - 2]!)
  return path
}

function plural(noun: string): string {
  return noun.endsWith('ch') ? `${noun}es` : /fe?$/.test(noun) ? noun.replace(/fe?$/, 'ves') : `${noun}s`
}

function categoriesOf(random: Random, leaf: number): readonly (readonly string[])[] {
  if (chance(random, 0.01)) return []
  const paths = [categoryPath(leaf)]
  while (paths.length < 4 && chance(random, 0.12)) paths.push(categoryPath(below(random, CATEGORY_COUNT)))
  return paths
}

function brandName(rank: number): string {
  const start = BRAND_STARTS[rank % BRAND_STARTS.length]!
  const end = BRAND_ENDS[Math.floor(rank / BRAND_STARTS.length) % BRAND_ENDS.length]!
  const round = Math.floor(rank / (BRAND_STARTS.length * BRAND_ENDS.length))
  const suffix = BRAND_SUFFIXES[rank % BRAND_SUFFIXES.length]!
  return round === 0 ? start + end + suffix : `${start}${BRAND_ENDS[(rank * 5 + round) % BRAND_ENDS.length]!}${end}${suffix}`
}

/** Half of them long past, half far ahead; never relative to now, or the bytes would change with the day. */
function publishTime(random: Random): string {
  const [from, to] = chance(random, 0.5) ? [Date.UTC(2020, 0), Date.UTC(2025, 0)] : [Date.UTC(2035, 0), Date.UTC(2040, 0)]
  return new Date(from + below(random, (to - from) / 60_000) * 60_000).toISOString()
}

function someTags(random: Random): readonly string[] {
  const tags = new Set<string>()
  for (let left = geometric(random, 0.45); left > 0; left--) tags.add(pick(random, TAGS))
  return [...tags]
}

function textsOf(random: Random, locales: readonly string[], noun: number, brand: string | null): ImportRecord['i18n'] {
  const adjective = below(random, WORDS['en']!.adjectives.length)
  const model = modelName(random)
  const odd = chance(random, 0.02) ? oddText(random) : null
  const long = chance(random, 0.002)
  const sentences = sentenceNumbers(random)
  const texts: Record<string, { title: string; description: string | null }> = {}
  for (const [i, locale] of locales.entries()) {
    // Translations are never complete.
    if (i > 0 && !chance(random, 0.8)) continue
    const words = WORDS[locale]!
    const plain = `${brand === null ? '' : `${brand} `}${words.nouns[noun]!} ${model}, ${words.adjectives[adjective]!}`
    const title = long ? longTitle(random, plain) : odd === null ? plain : `${plain} ${odd}`
    const description = sentences.map((sentence) => words.sentences[sentence]!).join(' ')
    texts[locale] = { title, description: description === '' ? null : odd === null ? description : `${description}\n${odd}` }
  }
  return texts
}

function modelName(random: Random): string {
  const letters = String.fromCharCode(65 + below(random, 26), 65 + below(random, 26))
  return `${letters}-${below(random, 90_000) + 10_000}`
}

/** None for one in twelve, four on average, a page of them for one in three hundred. */
function sentenceNumbers(random: Random): readonly number[] {
  if (chance(random, 0.08)) return []
  const count = chance(random, 0.003) ? 40 + below(random, 160) : 1 + Math.min(geometric(random, 0.25), 20)
  return Array.from({ length: count }, () => below(random, WORDS['en']!.sentences.length))
}

/** A few keys are in most products, thousands in a handful. */
function attributesOf(random: Random): ImportRecord['attributes'] {
  const attributes: Record<string, AttributeValue> = {}
  if (chance(random, 0.7)) attributes['color'] = pick(random, COLORS)
  if (chance(random, 0.5)) attributes['weight_g'] = Math.max(1, Math.round(logNormal(random, 800, 1.4)))
  for (let left = Math.min(geometric(random, 0.11), MAX_ATTRIBUTES); left > 0; left--) {
    const rank = attributeRank(random)
    attributes[attributeKey(rank)] = attributeValue(random, rank)
  }
  return attributes
}

const attributeKeys: string[] = []

function attributeKey(rank: number): string {
  return (attributeKeys[rank] ??= makeAttributeKey(rank))
}

function makeAttributeKey(rank: number): string {
  const thing = ATTRIBUTE_THINGS[rank % ATTRIBUTE_THINGS.length]!
  const round = Math.floor(rank / ATTRIBUTE_THINGS.length)
  if (round === 0) return thing
  const quality = ATTRIBUTE_QUALITIES[(rank + round) % ATTRIBUTE_QUALITIES.length]!
  const key = `${quality}_${thing}_${round}`
  // Data sheets have keys that are sentences.
  return rank % 97 === 0 ? `${key}_as_measured_under_the_conditions_of_the_publisher_of_this_data_sheet` : key
}

/** A key's values are of one kind and one scale; one in a hundred is of another kind, as in real feeds. */
function attributeValue(random: Random, rank: number): AttributeValue {
  const kind = chance(random, 0.01) ? below(random, 20) : (rank * 7) % 20
  if (kind < 9) return attributeNumber(random, rank)
  if (kind < 15) return pick(random, COLORS)
  if (kind < 18) return chance(random, 0.6)
  return [...new Set(Array.from({ length: 1 + below(random, 5) }, () => pick(random, TAGS)))]
}

function attributeNumber(random: Random, rank: number): number {
  const scale = 10 ** ((rank % 7) - 1)
  const value = Number(logNormal(random, scale, 0.8).toPrecision(3))
  return rank % 31 === 5 ? -value : value
}

function mediaOf(random: Random, index: number): ImportRecord['media'] {
  return Array.from({ length: Math.min(geometric(random, 0.35), 12) }, (_, n) => ({
    url: `https://images.example/g/${index + 1}/${n + 1}.jpg`,
  }))
}

/** 1 for most, geometric beyond, one in a thousand has up to 200, one in fifty thousand has 2,000. */
function variantCount(random: Random): number {
  const dice = random()
  if (dice < 1 / 50_000) return MAX_VARIANTS
  if (dice < 1 / 1_000) return 30 + below(random, USUAL_MAX_VARIANTS - 30)
  if (dice < 0.6) return 1
  return 2 + Math.min(geometric(random, 0.28), USUAL_MAX_VARIANTS - 2)
}

interface PriceList {
  readonly channels: readonly Channel[]
  /** In US cents. */
  readonly medianMinor: number
  readonly onSale: boolean
}

type StockKind = 'untracked' | 'none' | 'low' | 'many'

function variantsOf(random: Random, key: string, channels: readonly Channel[]): readonly ImportVariant[] {
  const count = variantCount(random)
  const sold = channels.filter((_, i) => i === 0 || chance(random, 0.85)).slice(0, count > MANY_VARIANTS ? 2 : undefined)
  const priceList = { channels: sold, medianMinor: logNormal(random, 2_499, 1.1), onSale: chance(random, 0.15) }
  const stockDice = random()
  const stockKind = stockDice < 0.25 ? 'untracked' : stockDice < 0.33 ? 'none' : stockDice < 0.6 ? 'low' : 'many'
  const hasGtin = chance(random, 0.7)
  const shift = below(random, COLORS.length)
  return Array.from({ length: count }, (_, n) => {
    const stock = stockOf(random, stockKind)
    return {
      sku: count === 1 ? key : `${key}-${n + 1}`,
      ...(hasGtin ? { gtin: gtinOf(random) } : {}),
      options: count === 1 ? {} : optionsOf(n, count, shift),
      prices: pricesOf(random, priceList),
      ...(stock === null ? {} : { stock }),
    }
  })
}

/** Different for every n below 8 sizes × 25 colors × 10 lengths. */
function optionsOf(n: number, count: number, shift: number): Readonly<Record<string, string>> {
  const color = (i: number) => COLORS[(i + shift) % COLORS.length]!
  if (count <= SIZES.length) return { size: SIZES[n]! }
  const size = SIZES[n % SIZES.length]!
  const rest = Math.floor(n / SIZES.length)
  if (count <= SIZES.length * COLORS.length) return { size, color: color(rest) }
  return { size, color: color(rest % COLORS.length), length: `${60 + 10 * Math.floor(rest / COLORS.length)} cm` }
}

/** EAN-13 with a prefix that GS1 leaves to everyone's own use, and a right check digit. */
function gtinOf(random: Random): string {
  const digits = `2${String(below(random, 1e6)).padStart(6, '0')}${String(below(random, 1e5)).padStart(5, '0')}`
  let sum = 0
  for (let i = 0; i < digits.length; i++) sum += (digits.charCodeAt(i) - 48) * (i % 2 === 0 ? 1 : 3)
  return digits + String((10 - (sum % 10)) % 10)
}

function pricesOf(random: Random, list: PriceList): readonly ImportPrice[] {
  const cents = list.medianMinor * (0.9 + 0.2 * random())
  return list.channels.map(({ code: channel, currency }) => {
    const usual = shelfPrice(cents * (MINOR_PER_CENT[currency] ?? 1))
    const amount = list.onSale ? shelfPrice(usual * 0.75) : usual
    return { channel, currency, amount, ...(amount < usual ? { compareAt: usual } : {}) }
  })
}

/** Ends on 9, as prices do. */
function shelfPrice(minor: number): number {
  const bounded = Math.min(Math.max(minor, 49), MAX_PRICE_MINOR)
  return bounded < 1_000 ? Math.floor(bounded / 10) * 10 + 9 : Math.floor(bounded / 100) * 100 + 99
}

/** null: untracked, always in stock. */
function stockOf(random: Random, kind: StockKind): number | null {
  if (kind === 'untracked') return null
  if (kind === 'none' || chance(random, 0.07)) return 0
  return kind === 'low' ? 1 + below(random, 5) : Math.min(1 + Math.floor(logNormal(random, 60, 1.3)), 100_000)
}
