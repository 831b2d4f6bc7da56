/** One page of a list: which of the rows it shows, and the cursors to its neighbours. */
import { encodeCursor, type PageDirection } from './list-cursor.ts'

export interface Page<Row> {
  /** In the order of the list. */
  readonly shown: readonly Row[]
  readonly next: string | null
  readonly prev: string | null
}

export interface PageRequest<Row> {
  readonly limit: number
  /** Of the cursor; null: the first page. */
  readonly direction: PageDirection | null
  readonly placeOf: (row: Row) => string
  /** queryBinding() */
  readonly binding: string
}

/**
 * A page reached by a cursor has a way back, since it came from somewhere; only an empty one, whose items went meanwhile, has neither.
 * @param rows nearest to the cursor first; one more than the limit shows that there is more
 */
export function cutPage<Row>(rows: readonly Row[], { limit, direction, placeOf, binding }: PageRequest<Row>): Page<Row> {
  const shown = rows.slice(0, limit)
  const more = rows.length > limit
  const backwards = direction === 'prev'
  if (backwards) shown.reverse()
  const [first, last] = [shown[0], shown.at(-1)]
  const cursorTo = (neighbour: PageDirection, row: Row | undefined, exists: boolean) =>
    exists && row !== undefined ? encodeCursor({ direction: neighbour, place: placeOf(row) }, binding) : null
  return { shown, next: cursorTo('next', last, more || backwards), prev: cursorTo('prev', first, backwards ? more : direction !== null) }
}
