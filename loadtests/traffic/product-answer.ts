/** Reads from an answer of the query server what the oracle judges; says what is wrong with one that it cannot be read from. */
import { readCacheStatus } from '../read-watch.ts'
import { READ_SOURCES, type ReadEntry, type ReadSource } from '../oracle/read-log.ts'

/** The attribute that every edit sets to its number. */
export const EDIT_ATTRIBUTE = 'fault_edit'

type AnswerParts = Pick<ReadEntry, 'rev' | 'edit' | 'statedMs' | 'hit' | 'source'>

interface OkAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** @returns a sentence about an answer that is wrong in itself */
export function readAnswer(product: string, { headers, body }: OkAnswer): AnswerParts | string {
  const rev = wholeNumber(headers['catalog-rev'])
  const statedMs = wholeNumber(headers['catalog-staleness'])
  if (rev === null || statedMs === null) return `${product} was answered without Catalog-Rev or Catalog-Staleness`
  if (!body.includes(`"id":"${product}"`)) return `${product} was answered with another product: ${body.slice(0, 200)}`
  if (!body.includes(`"rev":${rev}`)) return `${product} was answered with Catalog-Rev ${rev}, but its body has another rev`
  const { hit, source } = provenanceOf(String(headers['cache-status']))
  return { rev, edit: editOf(body), statedMs, hit, source }
}

type Provenance = Pick<ReadEntry, 'hit' | 'source'>

/** There are a few dozen different ones. */
const provenances = new Map<string, Provenance>()
const KEPT_PROVENANCES = 256

function provenanceOf(cacheStatus: string): Provenance {
  const known = provenances.get(cacheStatus)
  if (known !== undefined) return known
  const { hit, from } = readCacheStatus(cacheStatus)
  const provenance = { hit, source: sourceOf(cacheStatus, from) }
  if (provenances.size < KEPT_PROVENANCES) provenances.set(cacheStatus, provenance)
  return provenance
}

function wholeNumber(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : null
}

function editOf(body: string): number {
  const at = body.indexOf(`"${EDIT_ATTRIBUTE}":`)
  return at < 0 ? 0 : Number.parseInt(body.slice(at + EDIT_ATTRIBUTE.length + 3), 10)
}

function sourceOf(cacheStatus: string, from: string): ReadSource {
  if (cacheStatus.includes('detail=unverified')) return 'marked'
  const detail = /detail="?([\w-]+)/.exec(cacheStatus)?.[1] ?? from
  return READ_SOURCES.find((source) => source === detail) ?? 'other'
}

/** What admission.ts says to a request that it refuses before anything is done for it. */
const REFUSED_EARLY = ['Requests come faster than they can be answered', 'Too many requests are under way']

/** @returns null for an early refusal (503 overloaded), else what was answered instead of the product, in words */
export function failureOf({ status, body }: { readonly status: number; readonly body: string }): string | null {
  const detail = /"detail":"([^"]{1,80})/.exec(body)?.[1] ?? ''
  if (status === 503 && REFUSED_EARLY.includes(detail)) return null
  // Without its numbers, so that the same failure is the same words.
  return `${status} ${detail.replaceAll(/\d+/g, 'N')}`.trim()
}
