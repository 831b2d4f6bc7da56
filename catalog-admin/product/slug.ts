/** Slugs: readable, URL-safe names made from titles and names. */

const MAX_SLUG_LENGTH = 96
// ß and friends have no decomposition; without these they would vanish from the word.
const SPELLED_OUT: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', þ: 'th', ð: 'd', ı: 'i' }

/** Letters of any script are kept, accents are dropped, everything else becomes one dash. @returns '' when nothing is left */
export function slugify(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[ßæœøđłþðı]/g, (letter) => SPELLED_OUT[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '')
    .normalize('NFC')
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return cutAtWord(slug)
}

function cutAtWord(slug: string): string {
  if (slug.length <= MAX_SLUG_LENGTH) return slug
  const cut = slug.lastIndexOf('-', MAX_SLUG_LENGTH)
  // A cut between the halves of a surrogate pair would leave half a letter.
  return cut > MAX_SLUG_LENGTH / 2 ? slug.slice(0, cut) : slug.slice(0, MAX_SLUG_LENGTH).replace(/[\uD800-\uDBFF]$/, '')
}

/** The first candidate that is not taken, which is taken from then on; numbered when all are. */
export function takeFree(candidates: readonly string[], taken: Set<string>): string {
  const last = candidates.at(-1) ?? 'x'
  const numbered = Array.from({ length: 1_000 }, (_, i) => `${last}-${i + 2}`)
  for (const candidate of [...candidates, ...numbered]) {
    if (candidate === '' || taken.has(candidate)) continue
    taken.add(candidate)
    return candidate
  }
  throw new Error(`Expected a free slug for ${last}`)
}
