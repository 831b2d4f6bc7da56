/** What a shopper typed, as words to look for: any text is a query, nothing in it is an operator. */
import {
  canonicalUnit,
  categoryMark,
  chunksOf,
  codeOf,
  foldText,
  pairOf,
  splitUnit,
  unitOf,
  type Chunk,
} from '../../shared/search-words.ts'

/** One word, or a number with its unit. */
export interface SearchTerm {
  /** Folded, as it was typed: `wd-40`, `500 gb`. */
  readonly text: string
  /** Any of these lexemes, or all of the parts of one: each is letters and digits alone. */
  readonly forms: readonly (readonly string[])[]
}

export interface SearchQuery {
  /** The terms' texts with a blank between them: the query's canonical form, which makes the same terms again. */
  readonly text: string
  readonly terms: readonly SearchTerm[]
  /** The whole query as one code; null where it is too long for one. */
  readonly code: string | null
  /** The whole query as the name of a category. */
  readonly category: string
  /** The query in other words for the same things (synonyms.ts): what has all of one of them is found, too. */
  readonly wordings: readonly Wording[]
}

/** A query without other wordings of its own. */
export type Wording = Omit<SearchQuery, 'wordings'>

/** What comes behind is left out: nobody types so many, and each costs. */
const WORDS_AT_MOST = 12
const CODE_LENGTH_AT_MOST = 40

/** They say how the other words belong together, and titles put it in other ways. */
const CONNECTIVES = new Set('and avec con et for fur mit of para per pour the und with'.split(' '))

export function parseQuery(q: string): Wording {
  const terms = termsOf(q)
  const text = terms.map((term) => term.text).join(' ')
  // What fell out between two words may leave a size behind, `2x` and `4` of `2x, 4`: the canonical form's words count.
  const folded = foldText(text)
  if (folded !== text) return parseQuery(folded)
  const code = codeOf(text)
  return { text, terms, code: code !== '' && code.length <= CODE_LENGTH_AT_MOST ? code : null, category: categoryMark(text) }
}

const termsOf = (q: string): readonly SearchTerm[] => toTerms(withoutConnectives(chunksOf(q, WORDS_AT_MOST)))

function withoutConnectives(chunks: readonly Chunk[]): readonly Chunk[] {
  const kept = chunks.filter(({ text }) => !CONNECTIVES.has(text))
  return kept.length === 0 ? chunks : kept
}

function toTerms(chunks: readonly Chunk[]): readonly SearchTerm[] {
  const terms: SearchTerm[] = []
  for (let i = 0; i < chunks.length; i++) {
    const [before, chunk, after] = [chunks[i - 1], chunks[i]!, chunks[i + 1]]
    const unit = after?.joined === null ? measure(chunk, after) : null
    if (unit !== null && after !== undefined) {
      terms.push({ text: `${chunk.text} ${after.text}`, forms: measureForms(unit) })
      i++
      continue
    }
    const pairs = [pair(before, chunk), pair(chunk, after)].filter((joined) => joined !== null)
    terms.push({ text: chunk.text, forms: [...formsOf(chunk), ...pairs.map((joined) => [joined])] })
  }
  return terms
}

function formsOf({ parts, joined }: Chunk): readonly (readonly string[])[] {
  const apart = parts.map(canonicalUnit)
  if (joined !== null) return [[canonicalUnit(joined)], apart]
  const unit = parts.length === 1 ? splitUnit(parts[0] ?? '') : null
  return unit === null ? [apart] : measureForms(unit)
}

function pair(left: Chunk | undefined, right: Chunk | undefined): string | null {
  if (left?.joined !== null || right?.joined !== null) return null
  return pairOf(left.parts[0] ?? '', right.parts[0] ?? '')
}

interface Measure {
  readonly number: string
  readonly unit: string
}

/** `500 gb` */
function measure(chunk: Chunk, after: Chunk): Measure | null {
  const number = chunk.parts[0] ?? ''
  const unit = unitOf(after.parts[0] ?? '')
  return chunk.joined === null && /^\d+(?:p\d+)?$/.test(number) && unit !== null ? { number, unit } : null
}

/** An attribute may hold the number alone, in the unit that its name implies; capacities are mostly in gigabytes. */
function measureForms({ number, unit }: Measure): readonly (readonly string[])[] {
  const bare = [[`${number}${unit}`], [number]]
  if (unit !== 'tb' || number.includes('p')) return bare
  const gigabytes = [Number(number) * 1000, Number(number) * 1024].filter(Number.isSafeInteger)
  return [...bare, ...gigabytes.flatMap((count) => [[`${count}gb`], [String(count)]])]
}
