/** What a request for a list asks for besides the filters: its page, which is named by a cursor or by a number, and what it shows. */
import { invalidParameter } from '../../shared/problem.ts'

const ROWS_AT_MOST = 10_000

/**
 * Rows before the page that `page` names.
 * @throws CatalogError invalid-parameter beyond the first 10,000 rows, or together with a cursor
 */
export function rowsBefore(
  page: number | undefined,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): number {
  if (page === undefined) return 0
  if (cursor !== undefined) throw refused('conflict', 'page cannot go with cursor: either names the page')
  if (page * limit > ROWS_AT_MOST) {
    throw refused('range', `page × limit must be at most ${ROWS_AT_MOST}, not ${page * limit}: follow page.next for what is behind`)
  }
  return (page - 1) * limit
}

function refused(code: string, message: string): Error {
  return invalidParameter([{ parameter: 'page', code, message }])
}
