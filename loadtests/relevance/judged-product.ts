/** A product as the rules of the judged queries see it: its fields in lower case. */
import { createReadStream } from 'node:fs'
import { text as readText } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'

export interface JudgedProduct {
  readonly key: string
  readonly brand: string
  readonly title: string
  /** `cell phones > prepaid phones`; of the first path. */
  readonly category: string
  /** Values, each flag that is set by its name; lists with blanks between. */
  readonly attributes: string
  readonly description: string
  readonly gtin: string
}

type Value = string | number | boolean | readonly Value[]

interface Line {
  readonly key: string
  readonly status: string
  readonly brand?: string
  readonly categories?: readonly (readonly string[])[]
  readonly title: string
  readonly description?: string
  readonly attributes?: Readonly<Record<string, Value>>
  readonly variants: readonly { readonly gtin?: string; readonly prices: readonly unknown[] }[]
}

/** Those that a reader sees: active, with a price. @param path of a gzipped file of import records */
export async function readJudgedProducts(path: string): Promise<readonly JudgedProduct[]> {
  const lines = (await readText(createReadStream(path).pipe(createGunzip()))).split('\n').filter((line) => line !== '')
  const products = lines.map((line) => JSON.parse(line) as Line)
  return products
    .filter(({ status, variants }) => status === 'active' && variants.some(({ prices }) => prices.length > 0))
    .map((product) => ({
      key: product.key.toLowerCase(),
      brand: (product.brand ?? '').toLowerCase(),
      title: product.title.toLowerCase(),
      category: (product.categories?.[0] ?? []).join(' > ').toLowerCase(),
      attributes: Object.entries(product.attributes ?? {})
        .map(([code, value]) => (value === true ? code.replaceAll('_', ' ') : textOf(value)))
        .join(' ; ')
        .toLowerCase(),
      description: (product.description ?? '').toLowerCase(),
      gtin: product.variants[0]?.gtin ?? '',
    }))
}

function textOf(value: Value): string {
  return Array.isArray(value) ? value.map(textOf).join(' ') : String(value)
}
