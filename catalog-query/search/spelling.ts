/** Which word of the catalog a misspelt one may have meant. */

/** Of the vocabulary: a word that some title, brand or category has. */
export interface KnownWord {
  /** Or two with a blank between them, which is one letter more. */
  readonly word: string
  /** How many products have it, about. */
  readonly products: number
}

/** Shorter words are as far from each other as from a mistake. */
export const REPAIRED_LENGTH_AT_LEAST = 4

/** @returns null when none is near enough */
export function nearestWord(word: string, known: readonly KnownWord[]): string | null {
  let best: { readonly word: string; readonly cost: number } | null = null
  for (const { word: other, products } of known) {
    const edits = editDistance(word, other)
    if (edits > editsAllowed(word)) continue
    // People seldom get the first letter wrong; of words as near as each other, the one in more products was meant.
    const cost = edits + (other[0] === word[0] ? 0 : 0.5) - Math.min(0.4, Math.log10(1 + products) / 10)
    if (best === null || cost < best.cost) best = { word: other, cost }
  }
  return best?.word ?? null
}

function editsAllowed(word: string): number {
  return word.length < 6 ? 1 : 2
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(left: string, right: string): number {
  const a = Array.from(left)
  const b = Array.from(right)
  let [beforeLast, last]: [number[], number[]] = [[], b.map((_, j) => j).concat(b.length)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? beforeLast[j - 2]! + 1 : Infinity
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, replaced, swapped))
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[b.length]!
}

/**
 * The word with one letter left out, or two neighbours swapped: looked up as they are, since trigrams find such short words badly
 * (`iphnoe` and `iphone` share 3 of 11, below what pg_trgm calls alike).
 */
export function nearForms(word: string): readonly string[] {
  const letters = Array.from(word)
  const without = letters.map((_, i) => letters.toSpliced(i, 1).join(''))
  const swapped = letters.slice(1).map((letter, i) => letters.toSpliced(i, 2, letter, letters[i]!).join(''))
  return [...new Set([...without, ...swapped])].filter((form) => form !== word)
}

/** The vocabulary has no shorter words. */
const SPLIT_LENGTH_AT_LEAST = 3

/** The word as two: `harddrive` as `har` and `ddrive`, `hard` and `drive`, and so on. */
export function splitForms(word: string): readonly (readonly [string, string])[] {
  const letters = Array.from(word)
  const places = letters.length - 2 * SPLIT_LENGTH_AT_LEAST + 1
  return Array.from({ length: Math.max(0, places) }, (_, i) => [
    letters.slice(0, SPLIT_LENGTH_AT_LEAST + i).join(''),
    letters.slice(SPLIT_LENGTH_AT_LEAST + i).join(''),
  ])
}
