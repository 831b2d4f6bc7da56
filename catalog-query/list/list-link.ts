/** The `Link` header of a page (RFC 8288). */
import type { Page } from './list-page.ts'
import { DEFAULT_LIMIT } from './list-reader.ts'

/** @param query the list's parameters without the cursor, ready for a URL; empty ones are left out. @returns no header where the page has no neighbour */
export function linkHeader(
  { next, prev }: Pick<Page<unknown>, 'next' | 'prev'>,
  path: string,
  query: readonly string[],
): Record<string, string> {
  const to = (rel: string, cursor: string | null) =>
    cursor === null ? [] : [`<${path}?${[...query.filter((part) => part !== ''), `cursor=${cursor}`].join('&')}>; rel="${rel}"`]
  const links = [...to('next', next), ...to('prev', prev)]
  return links.length === 0 ? {} : { link: links.join(', ') }
}

/** Nothing for the default, which is dropped from every canonical form. */
export function limitParameter(limit: number): string {
  return limit === DEFAULT_LIMIT ? '' : `limit=${limit}`
}
