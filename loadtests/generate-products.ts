/** A generated catalog of any size, as records or as NDJSON: the same for the same seed, and never in memory as a whole. */
import type { ImportRecord } from './import-record.ts'
import { type Channel, createProductMaker } from './generate-product.ts'

export interface CatalogShape {
  /** How many. A smaller catalog is the beginning of a larger one of the same seed. */
  readonly products: number
  readonly seed: number
  /** Default: English alone. */
  readonly locales?: readonly string[]
  /** Default: `default` in USD. */
  readonly channels?: readonly Channel[]
}

const CHUNK_CHARACTERS = 128 * 1024

export function* generateProducts(shape: CatalogShape): Generator<ImportRecord> {
  const make = createProductMaker({
    seed: shape.seed,
    locales: shape.locales ?? ['en'],
    channels: shape.channels ?? [{ code: 'default', currency: 'USD' }],
  })
  for (let index = 0; index < shape.products; index++) yield make(index)
}

/** One JSON object a line, in pieces of about 128 KiB: a stream takes the next one when it has room. */
export function* generateLines(shape: CatalogShape): Generator<string> {
  let chunk = ''
  for (const record of generateProducts(shape)) {
    chunk += `${JSON.stringify(record)}\n`
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
