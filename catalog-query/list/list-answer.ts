/** Makes the answer of a list: the bytes of the products' cards joined, never parsed. */
import { hash } from 'node:crypto'
import type { ProductRead, Tier } from '../cache/product-read.ts'
import type { Page } from './list-page.ts'

const OPEN = Buffer.from('{"data":[')
const COMMA = Buffer.from(',')

/** `{"data":[…],…}` @param rest the members after `data`; at least one */
export function joinCards(cards: readonly Buffer[], rest: Readonly<Record<string, unknown>>): Buffer {
  return joinData(cards, `,${JSON.stringify(rest).slice(1)}`)
}

/** `{"data":[…]` and `rest`, which begins after the bracket. @param items JSON each */
export function joinData(items: readonly Buffer[], rest: string): Buffer {
  const parts = items.flatMap((item, i) => (i === 0 ? [item] : [COMMA, item]))
  return Buffer.concat([OPEN, ...parts, Buffer.from(`]${rest}`)])
}

/** For the ETag. @param content the bytes, or whatever they depend on */
export function contentTag(content: string | Buffer): string {
  return hash('sha1', content, 'base64url')
}

/** In which languages the products' texts are: of a chain, not all have the first. @param locales of the reader, for an answer without products */
export function languagesOf(
  products: readonly Pick<ProductRead, 'locale'>[],
  locales: readonly string[],
): { readonly 'content-language': string } {
  const found = [...new Set(products.map(({ locale }) => locale))]
  return { 'content-language': (found.length === 0 ? locales.slice(0, 1) : found).join(', ') }
}

/** Raised when renderProduct makes other cards of the same documents. */
const CARD_FORMAT = 1

/** What a page's bytes depend on: the request, the neighbours, and every product at its rev. */
export function listTag(request: string, page: Pick<Page<unknown>, 'next' | 'prev'>, products: readonly ProductRead[]): string {
  return contentTag([CARD_FORMAT, request, page.next, page.prev, ...products.map(({ id, rev }) => `${id} ${rev}`)].join('\n'))
}

const DISTANCE: readonly Tier[] = ['memory', 'redis', 'replica', 'primary']

/** An answer of many is as far away as its farthest part. */
export function cacheStatusOf(parts: readonly { readonly tier: Tier }[]): string {
  const farthest = DISTANCE[Math.max(0, ...parts.map(({ tier }) => DISTANCE.indexOf(tier)))]
  return farthest === 'memory' || farthest === 'redis' ? `hit; detail=${farthest}` : 'fwd=miss'
}
