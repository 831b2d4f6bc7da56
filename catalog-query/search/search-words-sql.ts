/** A query's terms as text for PostgreSQL's to_tsquery: letters, digits and the operators that stand here, nothing of the shopper's own. */
import { textSearchConfiguration } from '../../shared/search-words.ts'
import type { SearchQuery, SearchTerm, Wording } from './search-query.ts'

/** A last word that is at least so long may go on: a shorter one is the beginning of half the vocabulary, or of a tenth of what is left of it by other words. */
export const PREFIX_LENGTH = 3
const PREFIX_LENGTH_AMONG_OTHERS = 2

export interface MatchOptions {
  /** How many of the words a product may lack. Where it is more than one, the words are few (fewer-words.ts). */
  readonly missing: number
  /** Only these weights: A title, B names and codes; '' for all. */
  readonly fields: '' | 'AB'
  /** Whether the last word may be the beginning of one: people search while they type. */
  readonly goesOn: boolean
}

/** The words as they were typed, or any of the other wordings: of those, the last word is whole. */
export function matchText(query: SearchQuery, options: MatchOptions): string {
  const others = query.wordings.map((wording) => wordingText(wording, { ...options, goesOn: false }))
  return [wordingText(query, options), ...others].join(' | ')
}

function wordingText({ terms }: Wording, { missing, fields, goesOn }: MatchOptions): string {
  const prefixFrom = !goesOn ? Infinity : terms.length > 1 ? PREFIX_LENGTH_AMONG_OTHERS : PREFIX_LENGTH
  const each = terms.map((term, i) => termText(term, { prefixFrom: i === terms.length - 1 ? prefixFrom : Infinity, fields }))
  if (missing === 0 || each.length < 2) return each.join(' & ')
  return combinations(each, Math.max(1, each.length - missing))
    .map((some) => `(${some.join(' & ')})`)
    .join(' | ')
}

/** Every choice of so many of the items, in their order; the ones that leave out the first come first. */
function combinations<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const [first, ...rest] = items
  if (first === undefined || size === 0) return size === 0 ? [[]] : []
  return [...combinations(rest, size), ...combinations(rest, size - 1).map((some) => [first, ...some])]
}

/** Every form of every word, each worth something; as whole words, of which each counts once. */
export function rankText({ terms }: Wording): string {
  return [...new Set(terms.flatMap(({ forms }) => forms.flat()))].join(' | ')
}

export interface TermOptions {
  /** Letters from which on the word may be the beginning of one; Infinity: never. */
  readonly prefixFrom: number
  readonly fields: '' | 'AB'
}

/** Any of the forms of one word. */
export function termText({ forms }: SearchTerm, { prefixFrom, fields }: TermOptions): string {
  const lexeme = (word: string, last: boolean) => {
    const labels = `${last && word.length >= prefixFrom ? '*' : ''}${fields}`
    return labels === '' ? word : `${word}:${labels}`
  }
  const texts = forms.map((form) => form.map((word, i) => lexeme(word, i === form.length - 1)).join(' & '))
  return texts.length === 1 && forms[0]?.length === 1 ? (texts[0] ?? '') : `(${texts.map((text) => `(${text})`).join(' | ')})`
}

/** As a tsquery in every language of the reader's, so that each row is met by its own. @param parameter `$n`, a text of this file */
export function toTsquery(parameter: string, locales: readonly string[]): string {
  const configurations = new Set(locales.map(textSearchConfiguration))
  return `(${[...configurations].map((configuration) => `to_tsquery('${configuration}', ${parameter})`).join(' || ')})`
}
