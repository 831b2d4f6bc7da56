/** A product's place in a list: the value that the order sorts by, and the id that breaks ties. */
import { validate as isUuid } from 'uuid'
import { invalidCursor } from '../../shared/problem.ts'
import type { Cursor, PageDirection } from './list-cursor.ts'
import type { SortOrder } from './list-sorts.ts'

export interface ListRow {
  readonly id: string
  readonly position: number
}

/** From where a page is read. */
export interface ListStart extends ListRow {
  readonly direction: PageDirection
}

export function placeOf({ id, position }: ListRow): string {
  return `${id}.${position}`
}

/** @throws CatalogError invalid-cursor unless the place is one of this order */
export function startOf(cursor: Cursor | null, order: SortOrder): ListStart | null {
  if (cursor === null) return null
  const [, id, digits] = /^([\da-f-]{36})\.(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(cursor.place) ?? []
  const position = Number(digits)
  if (id === undefined || !isUuid(id) || !order.isPosition(position)) throw invalidCursor()
  return { direction: cursor.direction, id, position }
}
