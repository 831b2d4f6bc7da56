/** A query's terms as text for PostgreSQL's to_tsquery: letters, digits and the operators that stand here, nothing of the shopper's own. */
import { textSearchConfiguration } from '../../shared/search-words.ts'
import type { SearchQuery, SearchTerm } from './search-query.ts'

/** How many of the words a product must have. */
export type WordCount = 'all' | 'most'

/** A last word that is at least so long may go on: a shorter one is the beginning of half the vocabulary, or of a tenth of what is left of it by other words. */
export const PREFIX_LENGTH = 3
const PREFIX_LENGTH_AMONG_OTHERS = 2

export interface MatchOptions {
  readonly count: WordCount
  /** Only these weights: A title, B names and codes; '' for all. */
  readonly fields: '' | 'AB'
  /** Whether the last word may be the beginning of one: people search while they type. */
  readonly goesOn: boolean
}

export function matchText({ terms }: SearchQuery, { count, fields, goesOn }: MatchOptions): string {
  const prefixFrom = !goesOn ? Infinity : terms.length > 1 ? PREFIX_LENGTH_AMONG_OTHERS : PREFIX_LENGTH
  const each = terms.map((term, i) => termText(term, { prefixFrom: i === terms.length - 1 ? prefixFrom : Infinity, fields }))
  const all = each.join(' & ')
  if (count === 'all' || each.length < 2) return all
  return each.map((_, left) => `(${each.filter((__, i) => i !== left).join(' & ')})`).join(' | ')
}

/** Every form of every word, each worth something; as whole words, of which each counts once. */
export function rankText({ terms }: SearchQuery): string {
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
