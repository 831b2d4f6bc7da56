/** Where a page begins: opaque to clients, bound to the query that it came from. */
import { invalidCursor } from '../../shared/problem.ts'

export type PageDirection = 'next' | 'prev'

export interface Cursor {
  /** `next`: the page begins after the place; `prev`: it ends before it. */
  readonly direction: PageDirection
  /** Of an item in the order that is walked, as its list writes it. */
  readonly place: string
}

/** base64url of `n.BINDING.PLACE`. @param binding queryBinding() */
export function encodeCursor({ direction, place }: Cursor, binding: string): string {
  return Buffer.from(`${direction === 'next' ? 'n' : 'p'}.${binding}.${place}`).toString('base64url')
}

export const CURSOR_LENGTH_AT_MOST = 1_000
const LAYOUT = /^(n|p)\.([\w-]+)\.([^\0]+)$/s

/**
 * @param text undefined: the list begins at its beginning
 * @throws CatalogError invalid-cursor unless this query and release give out such cursors; the place is the caller's to check
 */
export function decodeCursor(text: string | undefined, binding: string): Cursor | null {
  const cursor = parseCursor(text)
  checkBinding(cursor, binding)
  return cursor
}

export interface BoundCursor extends Cursor {
  readonly binding: string
}

/** For a list whose binding is known only once the page has been read: checkBinding() then. @throws CatalogError invalid-cursor when it is malformed */
export function parseCursor(text: string | undefined): BoundCursor | null {
  if (text === undefined) return null
  if (text.length > CURSOR_LENGTH_AT_MOST || !/^[\w-]+$/.test(text)) throw invalidCursor()
  const [, direction, binding, place] = LAYOUT.exec(Buffer.from(text, 'base64url').toString()) ?? []
  if (binding === undefined || place === undefined) throw invalidCursor()
  return { direction: direction === 'n' ? 'next' : 'prev', place, binding }
}

/** @throws CatalogError invalid-cursor when the cursor is another query's */
export function checkBinding(cursor: BoundCursor | null, binding: string): void {
  if (cursor !== null && cursor.binding !== binding) throw invalidCursor()
}
