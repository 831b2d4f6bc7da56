/** One page of a list: which of the rows it shows, and the cursors to its neighbours. */
import { encodeCursor, type ListCursor, type ListRow } from './list-cursor.ts'

export interface ListPage {
  /** In the order of the list. */
  readonly ids: readonly string[]
  readonly next: string | null
  readonly prev: string | null
}

/**
 * @param rows as listStatement gives them, nearest to the cursor first; one more than `limit` shows that there is more
 * A page reached by a cursor has a way back, since it came from somewhere; only an empty one, whose products went meanwhile, has neither.
 */
export function cutPage(rows: readonly ListRow[], request: { limit: number; cursor: ListCursor | null }, binding: string): ListPage {
  const { limit, cursor } = request
  const shown = rows.slice(0, limit)
  const more = rows.length > limit
  const backwards = cursor?.direction === 'prev'
  if (backwards) shown.reverse()
  const [first, last] = [shown[0], shown.at(-1)]
  const to = (direction: 'next' | 'prev', row: ListRow | undefined, exists: boolean) =>
    exists && row !== undefined ? encodeCursor({ direction, id: row.id, position: row.position }, binding) : null
  return {
    ids: shown.map((row) => row.id),
    next: to('next', last, more || backwards),
    prev: to('prev', first, backwards ? more : cursor !== null),
  }
}
