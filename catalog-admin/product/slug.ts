/** Slugs: readable, URL-safe names made from titles and names. */
import { hash, randomBytes } from 'node:crypto'

const MAX_SLUG_LENGTH = 96
/** With what makes a slug distinct behind it: 128 in all, the most that a written slug may have. */
const MAX_SUFFIX_LENGTH = 31
// ß and friends have no decomposition; without these they would vanish from the word.
const SPELLED_OUT: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', þ: 'th', ð: 'd', ı: 'i' }

/** Letters of any script are kept, accents of Latin ones dropped, everything else becomes one dash. @returns '' when nothing is left */
export function slugify(text: string): string {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[ßæœøđłþðı]/g, (letter) => SPELLED_OUT[letter] ?? letter)
    // Only behind a Latin letter is it an accent: in other scripts these marks make another letter, or the vowel.
    .replace(/(\p{Script=Latin})[\u0300-\u036F]+/gu, '$1')
    .normalize('NFC')
    .replace(/[^\p{Letter}\p{Mark}\p{Number}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return cutAtWord(slug, MAX_SLUG_LENGTH)
}

function cutAtWord(slug: string, length: number): string {
  if (slug.length <= length) return slug
  const cut = slug.lastIndexOf('-', length)
  // A cut between the halves of a surrogate pair would leave half a letter.
  return cut > length / 2 ? slug.slice(0, cut) : slug.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')
}

/**
 * What may become the slug of `text`, best first; the last one is as good as unique.
 * @param name what tells it from others of the same text, itself unique: a product's key, the names of a category's path
 */
export function slugCandidates(text: string, name: string): readonly string[] {
  const slug = slugify(text)
  const digest = hash('sha256', name, 'hex').slice(0, 12)
  const suffixes = ['', cutAtWord(slugify(name), MAX_SUFFIX_LENGTH), digest]
  const joined = suffixes.map((suffix) => [slug, suffix].filter((part) => part !== '').join('-'))
  return [...new Set(joined)].filter((candidate) => candidate !== '')
}

/** The first candidate that is not taken. */
export function chooseSlug(candidates: readonly string[], isTaken: (slug: string) => boolean): string {
  // When somebody took even the digest, a random one: whoever is after slugs on purpose cannot hold a write up.
  return candidates.find((candidate) => !isTaken(candidate)) ?? `${candidates[0]}-${randomBytes(6).toString('hex')}`
}

/** Whether the slug was made from this text, as far as one can tell: then it stays. */
export function isSlugOf(slug: string, text: string): boolean {
  const made = slugify(text)
  return made !== '' && (slug === made || slug.startsWith(`${made}-`))
}
