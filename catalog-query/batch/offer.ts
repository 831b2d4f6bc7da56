/** Price and availability of one variant, cut out of its product's ready bytes. */
import type { ProductRead } from '../cache/product-read.ts'
import type { PublicVariant } from '../../shared/representation.ts'

export interface Offer extends Pick<PublicVariant, 'sku' | 'price' | 'stock'> {
  readonly rev: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const ID_MEMBER = '{"id":"'
const UUID_LENGTH = 36

/**
 * Finds the variant's own bytes by its SKU and parses only those: 9 µs for the last of 100 variants, where parsing the whole body takes 120.
 * @param product visible
 * @returns null when no variant in the body has that SKU; it may still be beyond the first page of variants
 */
export function offerOf({ body, rev }: Pick<ProductRead, 'body' | 'rev'>, sku: string): Offer | null {
  // As renderProduct writes a variant. A quote within any JSON string is escaped, so this is never found inside one.
  const needle = Buffer.from(`","sku":${JSON.stringify(sku)},"gtin":`)
  for (let at = body.indexOf(needle); at !== -1; at = body.indexOf(needle, at + needle.length)) {
    const start = at - UUID_LENGTH - ID_MEMBER.length
    const variant = start < 0 ? null : parseVariant(body, start)
    if (variant !== null) return { sku, price: variant.price, stock: variant.stock, rev }
  }
  return null
}

/** @returns null when it only looks like a variant: attributes may be named `sku` and `gtin` too, but none of them is an object */
function parseVariant(body: Buffer, start: number): PublicVariant | null {
  const end = endOfObject(body, start)
  if (end === -1 || body.toString('latin1', start, start + ID_MEMBER.length) !== ID_MEMBER) return null
  const { stock, ...variant } = JSON.parse(body.toString('utf8', start, end)) as PublicVariant
  return Object.hasOwn(Object(stock), 'inStock') ? { ...variant, stock } : null
}

/** @returns the index after the brace that closes the one at `start`; -1 when there is none */
function endOfObject(bytes: Buffer, start: number): number {
  if (bytes[start] !== OPEN) return -1
  let depth = 0
  let inString = false
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i]
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN) depth++
    else if (byte === CLOSE && --depth === 0) return i + 1
  }
  return -1
}
