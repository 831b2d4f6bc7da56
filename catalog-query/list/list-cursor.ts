/** Where a page begins: opaque to clients, bound to the query that it came from. */
import { validate as isUuid } from 'uuid'
import { invalidCursor } from '../../shared/problem.ts'
import type { SortOrder } from './list-sorts.ts'

export type PageDirection = 'next' | 'prev'

/** A product's place in the order: the value sorted by, and the id that breaks ties. */
export interface ListRow {
  readonly id: string
  readonly position: number
}

export interface ListCursor extends ListRow {
  /** `next`: the page begins after this place; `prev`: it ends before it. */
  readonly direction: PageDirection
}

const CURSOR_LENGTH_AT_MOST = 200

/** base64url of `n.BINDING.ID.POSITION`. @param binding queryBinding() */
export function encodeCursor({ direction, id, position }: ListCursor, binding: string): string {
  return Buffer.from(`${direction === 'next' ? 'n' : 'p'}.${binding}.${id}.${position}`, 'latin1').toString('base64url')
}

/** @throws CatalogError invalid-cursor unless the cursor is one that this query, order and release gave out */
export function decodeCursor(text: string, binding: string, order: SortOrder): ListCursor {
  if (text.length > CURSOR_LENGTH_AT_MOST || !/^[\w-]+$/.test(text)) throw invalidCursor()
  const [direction, bound, id = '', ...rest] = Buffer.from(text, 'base64url').toString('latin1').split('.')
  const digits = rest.join('.')
  const position = Number(digits)
  const known = (direction === 'n' || direction === 'p') && bound === binding && isUuid(id)
  if (!known || !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(digits) || !order.isPosition(position)) throw invalidCursor()
  return { direction: direction === 'n' ? 'next' : 'prev', id: id.toLowerCase(), position }
}
