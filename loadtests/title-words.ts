/** What shoppers would type of a catalog: words, codes and beginnings of its own titles, some with a mistake. Ready for a URL. */
import type { HttpClient } from './http-client.ts'
import { below, pick, type Random } from './random.ts'

export interface TitleWords {
  one(): string
  /** Of one title. */
  two(): string
  title(): string
  /** Of a product. */
  key(): string
  /** A word with two neighbouring letters swapped: each word once, or the answer to what it is repaired to would be known already; then the same again. */
  misspelt(): string
  /** One to eight letters of a title, as somebody types it. */
  beginning(): string
}

interface Card {
  readonly key: string
  readonly title: string
}

const PAGES = 12
const PAGE_LIMIT = 24
/** So long that a repair is tried. */
const MISSPELT_LENGTH = 5
const TITLE_WORDS = 6
const BEGINNING_LENGTH = 8

/** @param lastPage pages of the catalog that may be asked for by number */
export async function readTitleWords(client: HttpClient, random: Random, lastPage: number): Promise<TitleWords> {
  const cards: Card[] = []
  for (let n = 0; n < PAGES; n++) {
    const path = `/v1/products?sort=${pick(random, ['popular', 'newest', 'title'])}&page=${1 + below(random, lastPage)}&limit=${PAGE_LIMIT}`
    cards.push(...(await client.getJson<{ data: readonly Card[] }>({ path })).data)
  }
  const titles = cards.map(({ title }) => title.match(/[\p{L}\p{N}][\p{L}\p{N}.-]*/gu) ?? []).filter((words) => words.length > 1)
  const long = titles.flat().filter((word) => word.length >= MISSPELT_LENGTH && /^\p{L}+$/u.test(word))
  if (titles.length === 0 || long.length === 0) throw new Error('The titles of the catalog have no words to search by')
  const misspelt = shuffled([...new Set(long.map((word) => word.toLowerCase()))], random).map((word) =>
    encodeURIComponent(swapped(word, random)),
  )
  let next = 0
  const words = (count: number) => {
    const title = pick(random, titles)
    const from = below(random, Math.max(1, title.length - count + 1))
    return encodeURIComponent(title.slice(from, from + count).join(' '))
  }
  return {
    one: () => words(1),
    two: () => words(2),
    title: () => words(TITLE_WORDS),
    key: () => encodeURIComponent(pick(random, cards).key),
    misspelt: () => misspelt[next++ % misspelt.length]!,
    beginning: () =>
      encodeURIComponent(
        pick(random, titles)
          .join(' ')
          .slice(0, 1 + below(random, BEGINNING_LENGTH))
          .trim(),
      ),
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const order = [...items]
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(random, i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

function swapped(word: string, random: Random): string {
  const letters = Array.from(word)
  const i = 1 + below(random, letters.length - 2)
  return letters.toSpliced(i, 2, letters[i + 1]!, letters[i]!).join('')
}
