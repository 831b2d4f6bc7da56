/** A product's place in a list: the value that the order sorts by, and the id that breaks ties. */
import { validate as isUuid } from 'uuid'
import { invalidCursor } from '../../shared/problem.ts'
import type { Cursor, PageDirection } from './list-cursor.ts'
import type { SortLeg } from './list-sorts.ts'

export interface ListRow {
  readonly id: string
  /** Which of the order's legs it is on. */
  readonly leg: number
  readonly position: number | string
}

/** From where a page is read. */
export interface ListStart extends ListRow {
  readonly direction: PageDirection
}

export function placeOf({ id, leg, position }: ListRow): string {
  return `${id}.${leg}.${position}`
}

/** @throws CatalogError invalid-cursor unless the place is one of this order */
export function startOf(cursor: Cursor | null, legs: readonly Pick<SortLeg, 'parsePosition'>[]): ListStart | null {
  if (cursor === null) return null
  const [, id, digit, text] = /^([\da-f-]{36})\.(\d)\.(.*)$/s.exec(cursor.place) ?? []
  const leg = Number(digit)
  const position = text === undefined ? null : (legs[leg]?.parsePosition(text) ?? null)
  if (id === undefined || !isUuid(id) || position === null) throw invalidCursor()
  return { direction: cursor.direction, id, leg, position }
}
