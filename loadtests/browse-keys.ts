/** What there is to browse: products and categories, asked of the query server itself. */

export interface BrowseKeys {
  /** In the order of the list: the most popular first. */
  readonly products: readonly { readonly id: string; readonly slug: string }[]
  /** Slugs of categories that have products. */
  readonly categories: readonly string[]
}

interface ListPage {
  readonly data: readonly { readonly id: string; readonly slug: string }[]
  readonly page: { readonly next: string | null }
}

interface CategoryNode {
  readonly slug: string
  readonly productCount?: number
  readonly children?: readonly CategoryNode[]
}

const PAGE_SIZE = 100
const ASK_MS = 10_000

/**
 * Walks the product list to its end, or until `limit` products are known.
 * @throws Error with the answer's own words when the server does not answer 2xx
 */
export async function fetchBrowseKeys(origin: string, limit: number): Promise<BrowseKeys> {
  const products: { id: string; slug: string }[] = []
  let cursor: string | null = null
  do {
    const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { data, page }: ListPage = await getJson<ListPage>(`${origin}/v1/products?limit=${PAGE_SIZE}${after}`)
    for (const { id, slug } of data) products.push({ id, slug })
    cursor = page.next
  } while (cursor !== null && products.length < limit)
  const { data } = await getJson<{ data: readonly CategoryNode[] }>(`${origin}/v1/categories`)
  return { products: products.slice(0, limit), categories: data.flatMap(slugsOf) }
}

function slugsOf(node: CategoryNode): readonly string[] {
  return [...(node.productCount === 0 ? [] : [node.slug]), ...(node.children ?? []).flatMap(slugsOf)]
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) }).catch((error: Error) => {
    throw new Error(`${url} cannot be reached (${causeOf(error)}): start the catalog first, or name its address`, { cause: error })
  })
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
