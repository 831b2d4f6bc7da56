/** Which slug a product gets in each of its locales. */
import { slugTaken } from '../../shared/problem.ts'
import type { CompleteTexts } from './complete-product.ts'
import type { Claims, SlugName } from './product-claims.ts'
import type { ProductInput } from './product-input.ts'
import { chooseSlug, isSlugOf, slugCandidates } from './slug.ts'

export interface SlugWish {
  readonly id: string
  readonly input: Pick<ProductInput, 'key' | 'i18n'>
  /** What it is stored with; null for a new product. */
  readonly stored: CompleteTexts | null
  /** A restored product whose slug went to another one meanwhile gets a new one; whoever asks for a slug by name is refused. */
  readonly yields: boolean
}

/** Everything that completeTexts may ask the claims about. */
export function slugsInQuestion(wish: SlugWish): readonly SlugName[] {
  return Object.entries(wish.input.i18n).flatMap(([locale, text]) => {
    const kept = wish.stored?.[locale]?.slug
    const made = text.slug === null || wish.yields ? slugCandidates(text.title, wish.input.key) : []
    return [...made, ...(text.slug === null ? [] : [text.slug]), ...(kept === undefined ? [] : [kept])].map(
      (slug) => [locale, slug] as const,
    )
  })
}

/** @throws CatalogError slug-taken when another product has a slug now that was asked for by name */
export function completeTexts(wish: SlugWish, claims: Claims): CompleteTexts {
  const entries = Object.entries(wish.input.i18n).map(([locale, text]) => {
    const { title, description } = text
    return [locale, { title, description, slug: slugFor(wish, claims, locale, text) }] as const
  })
  return Object.fromEntries(entries)
}

function slugFor(wish: SlugWish, claims: Claims, locale: string, text: { title: string; slug: string | null }): string {
  const isOfAnother = (slug: string): boolean => (claims.slugOwner(locale, slug)?.productId ?? wish.id) !== wish.id
  if (text.slug !== null) {
    const blocked = isOfAnother(text.slug) && claims.slugOwner(locale, text.slug)?.current === true
    if (!blocked) return text.slug
    if (!wish.yields) throw slugTaken(text.slug, locale)
  }
  // An old slug of another product is left to it: whoever follows it is led there. Only asking for it by name takes it over.
  const kept = wish.stored?.[locale]?.slug
  if (kept !== undefined && isSlugOf(kept, text.title) && !isOfAnother(kept)) return kept
  return chooseSlug(slugCandidates(text.title, wish.input.key), isOfAnother)
}
