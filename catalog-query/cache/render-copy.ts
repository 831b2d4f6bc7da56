/** Makes a copy's payload from a document: rendered and compressed once, by the reader on a miss or the invalidator on a push. */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { ProductDocument, ProductState } from '../../shared/product-document.ts'
import { renderProduct, type Representation } from '../../shared/representation.ts'
import type { Stamp } from '../../shared/stamp.ts'
import type { CopyContent } from './copy.ts'
import { encodeNames } from './product-names.ts'

/** Below this a compressed body saves less than its headers and the client's work cost. */
const COMPRESS_FROM_BYTES = 512
const GZIP_LEVEL = 6
/** What the encoder sets aside: of the usual 8, a fifth of its time for a body of some KiB goes into that, and it saves no byte. */
const GZIP_MEMORY_LEVEL = 7
const BROTLI_QUALITY = 5
/** A window of 64 KiB, for the same reason; larger bodies get the usual one. */
const BROTLI_SMALL_WINDOW = 16
const SMALL_BYTES = 2 ** BROTLI_SMALL_WINDOW - 16
/** What is compressed is smaller than the body, and mostly one piece. */
const CHUNK_BYTES = { least: 1_024, most: 16_384 }

/** One product as a snapshot or an event showed it. */
export interface ProductSource {
  readonly state: ProductState
  readonly rev: number
  /** null unless visible. */
  readonly document: ProductDocument | null
  readonly changedAtMs: number
  /** The asOf of the load, or the P of the event. */
  readonly contained: Stamp
}

const EMPTY = Buffer.alloc(0)

/** Pure but for the clock that is passed in; the work grows with the document: gzip and brotli take about 0.06 ms together for 2 KiB. */
export function renderCopy(source: ProductSource, representation: Representation, nowMs: number): CopyContent {
  const { state, changedAtMs, contained } = source
  const known = { state, changedAtMs, contained, renderedAtMs: nowMs }
  if (source.document === null) return { ...known, locale: '', names: EMPTY, body: EMPTY, gzip: null, brotli: null, card: EMPTY }
  const rendered = renderProduct(source.document, source.rev, representation)
  const body = Buffer.from(rendered.body)
  const worthIt = body.length >= COMPRESS_FROM_BYTES
  return {
    ...known,
    locale: rendered.locale,
    names: encodeNames(source.document, representation),
    body,
    gzip: worthIt ? gzip(body) : null,
    brotli: worthIt ? brotli(body) : null,
    card: Buffer.from(rendered.card),
  }
}

function gzip(body: Buffer): Buffer {
  return gzipSync(body, { level: GZIP_LEVEL, memLevel: GZIP_MEMORY_LEVEL, chunkSize: chunkFor(body) })
}

function brotli(body: Buffer): Buffer {
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: body.length }
  const window = body.length <= SMALL_BYTES ? { [constants.BROTLI_PARAM_LGWIN]: BROTLI_SMALL_WINDOW } : {}
  return brotliCompressSync(body, { params: { ...params, ...window }, chunkSize: chunkFor(body) })
}

const chunkFor = (body: Buffer): number => Math.min(Math.max(body.length, CHUNK_BYTES.least), CHUNK_BYTES.most)
