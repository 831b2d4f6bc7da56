/** Whether a PUT says nothing new: found out from the content's hash and a glance, without reading the whole product. */
import type { Channel } from '../reference/channels.ts'
import { contentHash, contentText } from './complete-product.ts'
import type { CanonicalVariant, ProductInput } from './product-input.ts'
import { hasEqualPrices } from './product-plan.ts'
import { isSlugOf } from './slug.ts'
import type { LockedProduct, ProductGlance } from './stored-product.ts'

/** A false answer proves nothing: the whole product is compared then. */
export function isUnchanged(
  input: ProductInput,
  locked: LockedProduct,
  glance: ProductGlance,
  channels: ReadonlyMap<string, Channel>,
): boolean {
  if (contentHash(contentText(input)) !== locked.contentHash || !hasEqualSlugs(input, glance)) return false
  const variants = new Map(glance.variants.map((variant) => [variant.sku, variant]))
  return input.variants.every((variant) => {
    const known = variants.get(variant.sku)
    return known !== undefined && hasEqualOffer(variant, known, channels)
  })
}

function hasEqualSlugs(input: ProductInput, glance: ProductGlance): boolean {
  return Object.entries(input.i18n).every(([locale, text]) => {
    const slug = glance.slugs[locale]
    return slug !== undefined && (text.slug === null ? isSlugOf(slug, text.title) : text.slug === slug)
  })
}

function hasEqualOffer(
  variant: CanonicalVariant,
  known: ProductGlance['variants'][number],
  channels: ReadonlyMap<string, Channel>,
): boolean {
  if (variant.stock !== undefined && variant.stock !== known.stock) return false
  if (variant.prices === undefined) return true
  return (
    hasEqualPrices(variant.prices, known.prices) &&
    variant.prices.every(({ channel, currency }) => currency === null || currency === channels.get(channel)?.currency)
  )
}
