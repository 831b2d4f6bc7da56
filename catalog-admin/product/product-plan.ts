/** Works out, write after write, what will be written: prices checked, SKUs and slugs claimed, equal writes dropped. */
import { CatalogError, type FieldError, keyTaken, skuTaken, validationFailed } from '../../shared/problem.ts'
import { v7 as newId } from 'uuid'
import { type Channel, CURRENCIES, defaultLocaleOf, type NewChannel } from '../reference/channels.ts'
import { mainLocale } from '../reference/references.ts'
import { type CompletePrice, type CompleteProduct, type CompleteVariant, contentText, type StoredProduct } from './complete-product.ts'
import type { Claims, SlugName } from './product-claims.ts'
import type { CanonicalVariant, PriceEntry, ProductInput } from './product-input.ts'
import type { Proposal } from './product-proposal.ts'
import { completeTexts } from './product-slugs.ts'

/** One product that will be written. */
export interface Change {
  readonly id: string
  readonly action: Proposal['action'] | 'published'
  /** Before; null when it is new. */
  readonly stored: StoredProduct | null
  readonly product: CompleteProduct
  readonly deleted: boolean
  /** Raised: more than prices, stock or the bin is different. */
  readonly version: number
}

/** Then no table has a row of theirs. */
export function areAllNew(changes: readonly Change[]): boolean {
  return changes.every(({ stored }) => stored === null)
}

export interface Plan {
  /** null: it is so already. */
  consider(proposal: Proposal): Change | CatalogError | null
  /** Channels that accepted prices name and that are not there yet. */
  readonly newChannels: ReadonlyMap<string, NewChannel>
}

export function createPlan(channels: ReadonlyMap<string, Channel>, claims: Claims): Plan {
  const newChannels = new Map<string, NewChannel>()

  function consider(proposal: Proposal): Change | CatalogError | null {
    const { id, stored, action } = proposal
    if (action === 'deleted' && stored !== null) {
      for (const [locale, slug] of slugsOf(stored.product)) claims.leaveSlug(locale, slug, id)
      return { id, action, stored, product: stored.product, deleted: true, version: stored.version }
    }
    try {
      return accept(proposal)
    } catch (error) {
      if (error instanceof CatalogError) return error
      throw error
    }
  }

  function accept(proposal: Proposal): Change | null {
    const { id, stored, action, input } = proposal
    const live = stored !== null && stored.deletedMs === null
    // Channels of this write alone, which may still fail.
    const made = new Map<string, NewChannel>()
    const defaultLocale = mainLocale(input.i18n, defaultLocaleOf(channels))
    const sell: SellIn = (code, currency) => {
      const channel = channels.get(code) ?? newChannels.get(code) ?? made.get(code)
      if (channel !== undefined) return channel.currency
      if (currency === null || !CURRENCIES.has(currency)) return null
      made.set(code, { code, currency, defaultLocale })
      return currency
    }
    refuseTakenNames(id, input, claims)
    const variants = completeVariants(input.variants, stored, sell)
    const i18n = completeTexts({ id, input, stored: stored?.product.i18n ?? null, yields: action === 'restored' }, claims)
    const product: CompleteProduct = { ...input, i18n, variants }
    const edited = stored === null || !hasEqualContent(stored.product, product)
    if (live && !edited && hasEqualOffers(stored.product, product)) return null
    claim({ id, stored, live }, product, claims)
    for (const [code, channel] of made) newChannels.set(code, channel)
    return { id, action, stored, product, deleted: false, version: (stored?.version ?? 0) + (edited ? 1 : 0) }
  }

  return { consider, newChannels }
}

export function slugsOf(product: CompleteProduct): readonly SlugName[] {
  return Object.entries(product.i18n).map(([locale, text]) => [locale, text.slug] as const)
}

function hasEqualContent(before: CompleteProduct, after: CompleteProduct): boolean {
  return (
    before.key === after.key &&
    contentText(before) === contentText(after) &&
    Object.entries(after.i18n).every(([locale, text]) => before.i18n[locale]?.slug === text.slug)
  )
}

/** Of products with equal content: their variants are the same, in the same order. */
function hasEqualOffers(before: CompleteProduct, after: CompleteProduct): boolean {
  return before.variants.every((variant, i) => {
    const other = after.variants[i]
    return variant.stock === other?.stock && hasEqualPrices(variant.prices, other.prices)
  })
}

export function hasEqualPrices(before: readonly PriceOf[], after: readonly PriceOf[]): boolean {
  if (before.length !== after.length) return false
  return before.every((price, i) => {
    const other = after[i]
    return price.channel === other?.channel && price.amount === other.amount && price.compareAt === other.compareAt
  })
}

type PriceOf = Pick<CompletePrice, 'channel' | 'amount' | 'compareAt'>

function refuseTakenNames(id: string, input: ProductInput, claims: Claims): void {
  if ((claims.keyOwner(input.key) ?? id) !== id) throw keyTaken(input.key)
  for (const { sku } of input.variants) if ((claims.skuOwner(sku) ?? id) !== id) throw skuTaken(sku)
}

/** What is in the bin has kept its SKUs, and given up its slugs, which may be others' by now. */
function claim(
  { id, stored, live }: { readonly id: string; readonly stored: StoredProduct | null; readonly live: boolean },
  product: CompleteProduct,
  claims: Claims,
): void {
  claims.takeKey(product.key, id)
  for (const { sku } of stored?.product.variants ?? []) claims.leaveSku(sku)
  for (const { sku } of product.variants) claims.takeSku(sku, id)
  for (const [locale, slug] of live && stored !== null ? slugsOf(stored.product) : []) claims.leaveSlug(locale, slug, id)
  for (const [locale, slug] of slugsOf(product)) claims.takeSlug(locale, slug, id)
}

/** The currency of a channel, which is made if it is not there and the price has one that exists; null when neither is so. */
type SellIn = (channel: string, currency: string | null) => string | null

/** Variants keep their ids by SKU, and their prices and stock where the input is silent about them. */
function completeVariants(variants: readonly CanonicalVariant[], stored: StoredProduct | null, sell: SellIn): readonly CompleteVariant[] {
  const before = new Map(stored?.product.variants.map((variant) => [variant.sku, variant]))
  const errors: FieldError[] = []
  const complete = variants.map(({ sku, gtin, options, attributes, prices, stock }, i) => {
    const known = before.get(sku)
    return {
      id: known?.id ?? newId(),
      sku,
      gtin,
      options,
      attributes,
      prices: prices === undefined ? (known?.prices ?? []) : completePrices(prices, `/variants/${i}/prices`, sell, errors),
      stock: stock === undefined ? (known?.stock ?? null) : stock,
    }
  })
  if (errors.length > 0) throw validationFailed(errors)
  return complete
}

function completePrices(prices: readonly PriceEntry[], pointer: string, sell: SellIn, errors: FieldError[]): readonly CompletePrice[] {
  return prices.map(({ channel, currency: asked, amount, compareAt }) => {
    const currency = sell(channel, asked)
    if (currency === null && asked !== null) {
      errors.push({ pointer, code: 'currency', message: `${pointer} must have the ISO 4217 code of a currency, not ${asked}` })
    } else if (currency === null) {
      const message = `${pointer} names the channel "${channel}", which does not exist: with a currency it is made`
      errors.push({ pointer, code: 'unknown-channel', message })
    } else if (asked !== null && asked !== currency) {
      const message = `${pointer} has a price in ${asked}, but the channel "${channel}" sells in ${currency}`
      errors.push({ pointer, code: 'currency', message })
    }
    return { channel, currency: currency ?? '', amount, compareAt }
  })
}
