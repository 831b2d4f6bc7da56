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
  const { hit, from } = readCacheStatus(String(headers['cache-status']))
  return { rev, edit: editOf(body), statedMs, hit, source: sourceOf(String(headers['cache-status']), from) }
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
