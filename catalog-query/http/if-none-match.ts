/** If-None-Match (RFC 9110, 13.1.2): whether the client already has this. */

/** Compares weakly, as the RFC asks: `W/"x"` matches `"x"`. @param etag quoted, strong or weak @param header undefined when there is none */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  const wanted = opaque(etag)
  return header.split(',').some((candidate) => opaque(candidate.trim()) === wanted)
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
