/** Makes a copy's content from a document: rendered once, by the reader on a miss or the invalidator on a push. */
import type { ProductDocument, ProductState } from '../../shared/product-document.ts'
import { renderProduct, type Representation } from '../../shared/representation.ts'
import type { Stamp } from '../../shared/stamp.ts'
import type { RenderedContent } from './copy.ts'
import { encodeNames } from './product-names.ts'

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

/** Pure but for the clock that is passed in; the work grows with the document. */
export function renderCopy(source: ProductSource, representation: Representation, nowMs: number): RenderedContent {
  const { state, changedAtMs, contained } = source
  const known = { state, changedAtMs, contained, renderedAtMs: nowMs }
  if (source.document === null) return { ...known, locale: '', names: '', body: '', card: '' }
  const rendered = renderProduct(source.document, source.rev, representation)
  return {
    ...known,
    locale: rendered.locale,
    names: encodeNames(source.document, representation),
    body: rendered.body,
    card: rendered.card,
  }
}
