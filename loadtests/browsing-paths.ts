/** What a shop asks of a catalog, kind by kind, made of the catalog's own categories, brands and facets: no two paths alike, so that no cache answers. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpClient } from './http-client.ts'
import { below, pick, type Random } from './random.ts'
import { readTitleWords } from './title-words.ts'

export interface BrowsingKind {
  readonly name: string
  readonly paths: readonly string[]
  /** A question that has one wording: it is asked again and again, each time of a process that has not heard it yet. */
  readonly once?: boolean
}

interface Category {
  readonly slug: string
  readonly productCount: number
  readonly children: readonly Category[]
}

interface Facet {
  readonly parameter: string
  readonly type: 'terms' | 'range'
  readonly values?: readonly { readonly value: string }[]
  readonly min?: number | null
  readonly max?: number | null
  readonly buckets?: readonly { readonly from: number | null; readonly to: number | null }[]
}

interface Page {
  readonly page: { readonly next: string | null }
}

const WHOLE_FACETS = 'facets, whole catalog'
const CATEGORY_TREE = 'category tree, counted'
/** What may cost more the more products there are: it is kept for a minute. */
export const OF_THE_WHOLE: readonly string[] = [WHOLE_FACETS, CATEGORY_TREE]
const WHOLE_TIMES = 5
const SORTS = ['popular', 'newest', 'price', '-price', 'title'] as const
const PAGE_LIMIT = 24
const ROWS_AT_MOST = 10_000

/** @param count paths of a kind, at most: a small catalog has fewer different ones */
export async function browsingKinds(client: HttpClient, random: Random, count: number): Promise<readonly BrowsingKind[]> {
  const tree = await readPatiently<{ data: readonly Category[] }>(client, '/v1/categories')
  const categories = flatten(tree.data).filter(({ productCount }) => productCount > 0)
  const total = tree.data.reduce((sum, { productCount }) => sum + productCount, 0)
  if (categories.length === 0) throw new Error('The catalog has no categories with products: import some first')
  const menu: BrowsingKind = { name: CATEGORY_TREE, paths: Array.from({ length: WHOLE_TIMES }, () => '/v1/categories'), once: true }
  const whole: BrowsingKind = { name: WHOLE_FACETS, paths: Array.from({ length: WHOLE_TIMES }, () => '/v1/products/facets'), once: true }
  const words = await readTitleWords(client, random, lastPageOf(total))
  const facets = await readPatiently<{ facets: readonly Facet[] }>(client, '/v1/products/facets?inStock=true')
  const make = (path: () => string) => distinct(path, count)
  const category = () => encodeURIComponent(pick(random, categories).slug)
  const terms = selectable(facets.facets)
  const range = rangesOf(facets.facets, random)
  const choices = await readChoices(client, random, categories, count)
  const sort = () => pick(random, SORTS)
  const lastPage = lastPageOf(total)
  return [
    { name: 'list, a category', paths: make(() => `/v1/products?category=${category()}&sort=${sort()}`) },
    { name: 'list, one value', paths: make(() => `/v1/products?${termOf(terms, random)}&sort=${sort()}`) },
    { name: 'list, a range', paths: make(() => `/v1/products?${range()}&sort=${sort()}`) },
    { name: 'list, three filters', paths: make(() => `/v1/products?${choices.three()}&sort=${sort()}`) },
    { name: 'list, counted', paths: make(() => `/v1/products?${choices.two()}&count=capped`) },
    { name: `page ${lastPage}`, paths: make(() => `/v1/products?page=${lastPage - below(random, Math.min(16, lastPage))}&sort=${sort()}`) },
    { name: 'deep cursor', paths: await deepPaths(client, lastPage, count) },
    whole,
    menu,
    { name: 'facets, a category', paths: make(() => `/v1/products/facets?category=${category()}`) },
    { name: 'facets, filtered', paths: make(() => `/v1/products/facets?${choices.three()}`) },
    { name: 'facets, of a search', paths: make(() => `/v1/products/facets?q=${words.two()}`) },
    { name: 'search, a word', paths: make(() => `/v1/products?q=${words.one()}`) },
    { name: 'search, two words', paths: make(() => `/v1/products?q=${words.two()}`) },
    { name: 'search, a title', paths: make(() => `/v1/products?q=${words.title()}`) },
    { name: 'search, a code', paths: make(() => `/v1/products?q=${words.key()}`) },
    { name: 'search, misspelt', paths: make(() => `/v1/products?q=${words.misspelt()}`) },
    { name: 'search, filtered', paths: make(() => `/v1/products?q=${words.one()}&price=${priceRange(random)}&inStock=true`) },
    { name: 'search, by price', paths: make(() => `/v1/products?q=${words.two()}&sort=price`) },
    { name: 'suggest', paths: make(() => `/v1/suggest?q=${words.beginning()}`) },
  ]
}

const PATIENCE = 20
const RETRY_MS = 1_000

/** What is asked before anything is measured may be refused as too much just then (503, `Retry-After`): what is measured may not. */
async function readPatiently<T>(client: HttpClient, path: string): Promise<T> {
  for (let tries = 1; ; tries++) {
    const { status, body } = await client.send({ path })
    if (status === 200) return JSON.parse(body) as T
    if (status !== 503 || tries >= PATIENCE) throw new Error(`${path} answered ${status}: ${body.slice(0, 300)}`)
    await sleep(RETRY_MS)
  }
}

function lastPageOf(total: number): number {
  return Math.max(1, Math.floor(Math.min(ROWS_AT_MOST, total) / PAGE_LIMIT))
}

function flatten(categories: readonly Category[]): readonly Category[] {
  return categories.flatMap((category) => [category, ...flatten(category.children)])
}

const TRIES_PER_PATH = 4

function distinct(path: () => string, count: number): readonly string[] {
  const paths = new Set<string>()
  for (let tries = 0; paths.size < count && tries < TRIES_PER_PATH * count; tries++) paths.add(path())
  return [...paths]
}

interface Choices {
  /** A category, and a value of its facets. */
  readonly two: () => string
  /** And a range of its prices. */
  readonly three: () => string
}

/** What shoppers narrow a category down to: a value and a range that its own facets offer. Put together at random, they leave nothing in most categories. */
async function readChoices(client: HttpClient, random: Random, categories: readonly Category[], count: number): Promise<Choices> {
  const offered: { readonly two: () => string; readonly three: () => string }[] = []
  for (const slug of new Set(Array.from({ length: count }, () => pick(random, categories).slug))) {
    const category = `category=${encodeURIComponent(slug)}`
    const { facets } = await readPatiently<{ facets: readonly Facet[] }>(client, `/v1/products/facets?${category}`)
    const buckets = facets.find(({ parameter }) => parameter === 'price')?.buckets ?? []
    const terms = selectable(facets)
    if (buckets.length === 0 || terms.length === 0) continue
    const two = () => `${category}&${termOf(terms, random)}`
    const price = () => {
      const { from, to } = pick(random, buckets)
      return `price=${from ?? ''}..${to ?? ''}`
    }
    offered.push({ two, three: () => `${two()}&${price()}` })
  }
  if (offered.length === 0) throw new Error('No category has facets to narrow it down by: import products that differ')
  return { two: () => pick(random, offered).two(), three: () => pick(random, offered).three() }
}

/** Facets of values that differ between products; most are in stock. */
function selectable(facets: readonly Facet[]): readonly Facet[] {
  return facets.filter(({ parameter, values }) => parameter !== 'category' && parameter !== 'inStock' && (values ?? []).length > 0)
}

function termOf(facets: readonly Facet[], random: Random): string {
  const { parameter, values = [] } = pick(random, facets)
  return `${encodeURIComponent(parameter)}=${encodeURIComponent(pick(random, values).value)}`
}

function rangesOf(facets: readonly Facet[], random: Random): () => string {
  const ranges = facets.filter(({ type, min, max }) => type === 'range' && typeof min === 'number' && typeof max === 'number')
  return () => {
    const { parameter, min, max } = pick(random, ranges)
    const from = Math.max(1, min ?? 0) * ((max ?? 1) / Math.max(1, min ?? 0)) ** random()
    return `${encodeURIComponent(parameter)}=${Math.round(from)}..${Math.round(from * (1 + random()))}`
  }
}

function priceRange(random: Random): string {
  const from = Math.round(500 * 100 ** random())
  return `${from}..${from * 4}`
}

/** A cursor of each order behind as many rows as pages can name, and what follows it. */
async function deepPaths(client: HttpClient, lastPage: number, count: number): Promise<readonly string[]> {
  const paths: string[] = []
  for (const sort of SORTS) {
    let path = `/v1/products?page=${lastPage}&sort=${sort}`
    for (let n = 0; n < Math.ceil(count / SORTS.length); n++) {
      const { next } = (await client.getJson<Page>({ path })).page
      if (next === null) break
      // Another limit reads another stretch: what was walked here is not what is asked for later.
      path = `/v1/products?sort=${sort}&cursor=${next}`
      paths.push(`${path}&limit=${PAGE_LIMIT + 1}`)
    }
  }
  return paths
}
