/** Accept-Encoding: which of our codings a client wants (RFC 9110, 12.5.3). */
import { LRUCache } from 'lru-cache'

export type Coding = 'br' | 'gzip' | 'identity'

/** Where the client does not care: the smallest first. */
const CODINGS: readonly Coding[] = ['br', 'gzip', 'identity']
/** What nobody spoke of is still acceptable, after everything that was named. */
const UNNAMED_IDENTITY = 0.0001

const known = new LRUCache<string, readonly Coding[]>({ max: 500 })

/** Best first; without `identity` where the client refuses it. Browsers send few different headers, so each is parsed once. */
export function acceptedCodings(header: string | undefined): readonly Coding[] {
  if (header === undefined) return IDENTITY
  const before = known.get(header)
  if (before !== undefined) return before
  const accepted = parse(header)
  if (header.length <= KEPT_LENGTH_AT_MOST) known.set(header, accepted)
  return accepted
}

const IDENTITY: readonly Coding[] = ['identity']
const KEPT_LENGTH_AT_MOST = 200

function parse(header: string): readonly Coding[] {
  const weights = new Map<string, number>()
  for (const item of header.toLowerCase().split(',')) {
    const match = /^\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/.exec(item)
    const [, name, q] = match ?? []
    if (name !== undefined) weights.set(name === 'x-gzip' ? 'gzip' : name, q === undefined ? 1 : Number(q))
  }
  const weightOf = (coding: Coding) => weights.get(coding) ?? weights.get('*') ?? (coding === 'identity' ? UNNAMED_IDENTITY : 0)
  return CODINGS.filter((coding) => weightOf(coding) > 0).toSorted((a, b) => weightOf(b) - weightOf(a))
}
