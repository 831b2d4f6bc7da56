/** The chain of locales that a product is read through: the reader's own, then the channel's default. */

export interface LocaleChain {
  /** Preferred first, each once; at least one. */
  readonly locales: readonly string[]
  /** Whether every link is known: what was left out for being unknown might be known by now. */
  readonly complete: boolean
}

/**
 * @param locale as asked for, '' for none
 * @param known the locales that any product has text in, as they are written, by their lower case
 */
export function localeChain(locale: string, defaultLocale: string, known: ReadonlyMap<string, string>): LocaleChain {
  const wanted = [...ownChain(locale), ...ownChain(defaultLocale)]
  const present = wanted.map((tag) => known.get(tag.toLowerCase())).filter((code) => code !== undefined)
  return { locales: present.length === 0 ? [defaultLocale] : [...new Set(present)], complete: present.length === wanted.length }
}

/** `de-Latn-AT` → `de-Latn-AT`, `de-Latn`, `de` (RFC 4647, lookup). */
function ownChain(locale: string): readonly string[] {
  if (locale === '') return []
  const parts = locale.split('-')
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('-'))
}
