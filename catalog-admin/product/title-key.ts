/** What lists are sorted by where they are sorted by title: without case and accents, and no longer than an index entry should be. */
import type { CompleteTexts } from './complete-product.ts'

const LENGTH_AT_MOST = 60

/** Bytes of it compare as they should: the column's collation is "C", which no upgrade of a library changes under an index. */
export function titleKey(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .trim()
  // A cut between the halves of a surrogate pair would leave half a character.
  return plain.slice(0, LENGTH_AT_MOST).replace(/[\uD800-\uDBFF]$/, '')
}

/** The title that a channel's readers see unless they ask for a language: of `de-AT`, else `de`, else any. */
export function titleIn(texts: CompleteTexts, locale: string): string {
  for (let tag = locale; tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
    const title = texts[tag]?.title
    if (title !== undefined) return title
  }
  return Object.values(texts)[0]?.title ?? ''
}
