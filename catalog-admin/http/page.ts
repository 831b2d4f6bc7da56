/** Pages of a list: a limit, and an opaque cursor that names where the previous page ended and which list it belongs to. */
import { Type } from 'typebox'
import { invalidCursor } from '../../shared/problem.ts'

const MAX_LIMIT = 200
const DEFAULT_LIMIT = 50
const MAX_CURSOR_LENGTH = 2_000

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Entries of a page at most' })),
  cursor: Type.Optional(
    Type.String({ maxLength: MAX_CURSOR_LENGTH, description: '`page.next` of the page before; leave it out for the first' }),
  ),
}

export interface PageRequest {
  readonly limit?: number
  readonly cursor?: string
}

export interface Page<T> {
  readonly data: readonly T[]
  readonly page: { readonly limit: number; readonly next: string | null }
}

/** @param list what the cursor belongs to, such as `brands` */
function encodeCursor(list: string, position: string | number): string {
  return Buffer.from(JSON.stringify([list, position])).toString('base64url')
}

function decodeCursor(list: string, cursor: string): string | number {
  try {
    const [from, position] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (from === list && (typeof position === 'string' || typeof position === 'number')) return position
  } catch {
    // Falls through: whatever cannot be read is no cursor of ours.
  }
  throw invalidCursor()
}

/** How a page is read: in order of a unique position, those after `after`, at most `limit`. */
export interface PagedList<T, P extends string | number> {
  readonly name: string
  readonly read: (after: P | null, limit: number) => Promise<readonly T[]>
  readonly positionOf: (entry: T) => P
  /** Whether a cursor's position has the form of this list's: a forged one must not reach PostgreSQL as a failed cast. */
  readonly isPosition: (position: string | number) => position is P
}

/** @throws CatalogError `invalid-cursor` */
export async function readPage<T, P extends string | number>(list: PagedList<T, P>, request: PageRequest): Promise<Page<T>> {
  const limit = request.limit ?? DEFAULT_LIMIT
  const position = request.cursor === undefined ? null : decodeCursor(list.name, request.cursor)
  if (position !== null && !list.isPosition(position)) throw invalidCursor()
  // One more than asked tells whether there is a next page without counting.
  const entries = await list.read(position, limit + 1)
  const data = entries.slice(0, limit)
  const last = data.at(-1)
  const next = entries.length > limit && last !== undefined ? encodeCursor(list.name, list.positionOf(last)) : null
  return { data, page: { limit, next } }
}

export const isIntegerPosition = (position: string | number): position is number =>
  Number.isInteger(position) && Math.abs(Number(position)) < 2 ** 31
export const isTextPosition = (position: string | number): position is string => typeof position === 'string' && !position.includes('\0')
