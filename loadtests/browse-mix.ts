/** What browsing sends: product pages by id and by slug, lists, and batches; and whether each answer is the right one. */
import type { BrowseKeys } from './browse-keys.ts'
import { below, type Random } from './random.ts'
import { createZipf } from './zipf.ts'

export const BROWSE_KINDS = ['id', 'slug', 'list', 'batch'] as const
export type BrowseKind = (typeof BROWSE_KINDS)[number]

export interface BrowseRequest {
  readonly kind: BrowseKind
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  /** Ids that the answer must have, in this order. */
  readonly ids: readonly string[]
}

export interface BrowseMix {
  /** Of each kind, relative to the others; 0 leaves it out. */
  readonly weights: Readonly<Record<BrowseKind, number>>
  /** Of Zipf's law over products and over categories. */
  readonly exponent: number
  readonly random: Random
}

export const USUAL_WEIGHTS: BrowseMix['weights'] = { id: 60, slug: 20, list: 15, batch: 5 }

const BATCH_SIZE = 24
const LIST_LIMIT = 24
const SORTS = ['popular', 'newest', 'price', '-price'] as const

/** @returns draws one request after another. @throws Error when there is nothing to browse */
export function createBrowseMix(keys: BrowseKeys, { weights, exponent, random }: BrowseMix): () => BrowseRequest {
  if (keys.products.length === 0) throw new Error('The catalog has no visible product: import some first')
  const productRank = createZipf(keys.products.length, exponent)
  const categoryRank = createZipf(Math.max(keys.categories.length, 1), exponent)
  const total = BROWSE_KINDS.reduce((sum, kind) => sum + weights[kind], 0)
  const product = () => keys.products[productRank(random)]!

  function listPath(): string {
    const category = keys.categories[categoryRank(random)]
    const sort = SORTS[below(random, SORTS.length)]
    return `/v1/products?${category === undefined ? '' : `category=${encodeURIComponent(category)}&`}limit=${LIST_LIMIT}&sort=${sort}`
  }

  const draw: Record<BrowseKind, () => BrowseRequest> = {
    id: () => {
      const { id } = product()
      return { kind: 'id', method: 'GET', path: `/v1/products/${id}`, ids: [id] }
    },
    slug: () => {
      const { id, slug } = product()
      return { kind: 'slug', method: 'GET', path: `/v1/products/by-slug/${encodeURIComponent(slug)}`, ids: [id] }
    },
    list: () => ({ kind: 'list', method: 'GET', path: listPath(), ids: [] }),
    batch: () => {
      const ids = [...new Set(Array.from({ length: BATCH_SIZE }, () => product().id))]
      return { kind: 'batch', method: 'POST', path: '/v1/products:batchGet', body: JSON.stringify({ ids }), ids }
    },
  }

  return () => {
    let dice = random() * total
    for (const kind of BROWSE_KINDS) {
      dice -= weights[kind]
      if (dice < 0) return draw[kind]()
    }
    return draw.id()
  }
}

/** @returns what is wrong with the answer, or null */
export function checkAnswer(request: BrowseRequest, status: number, body: string): string | null {
  if (status !== 200) return `answered ${status} ${body.slice(0, 200)}`
  if (request.kind === 'id' || request.kind === 'slug') {
    return body.includes(`"id":"${request.ids[0]}"`) ? null : `has no "id":"${request.ids[0]}": ${body.slice(0, 200)}`
  }
  return checkList(request, body)
}

function checkList(request: BrowseRequest, body: string): string | null {
  const data = dataOf(body)
  if (data === null) return `has no list in it: ${body.slice(0, 200)}`
  if (request.kind === 'list') return data.length <= LIST_LIMIT ? null : `has ${data.length} products, more than ${LIST_LIMIT}`
  const got = data.map((product) => product.id).join(' ')
  return got === request.ids.join(' ') ? null : `has other products than asked, or in another order: ${got.slice(0, 200)}`
}

function dataOf(body: string): readonly { readonly id: string }[] | null {
  try {
    const { data } = JSON.parse(body) as { data?: unknown }
    return Array.isArray(data) ? data : null
  } catch {
    return null
  }
}
