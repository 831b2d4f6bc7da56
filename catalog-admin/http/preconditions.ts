/** If-Match, If-None-Match and Prefer, as the admin API reads them: an ETag here is the version in quotes, `"7"`. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidParameter, preconditionRequired } from '../../shared/problem.ts'
import type { VersionCondition } from '../product/product-write.ts'

export function versionTag(version: number): string {
  return `"${version}"`
}

// A weak form is taken for the strong one: some proxies weaken what they compress, and the version is exact either way.
const VERSION_TAG = /^(?:W\/)?"(\d{1,15})"$/

/** @throws CatalogError `invalid-parameter` when it is neither one version nor `*` */
export function ifMatch(request: FastifyRequest): VersionCondition {
  const header = request.headers['if-match']
  if (header === undefined) return null
  if (header.trim() === '*') return '*'
  const version = VERSION_TAG.exec(header.trim())?.[1]
  if (version === undefined) throw notAnETag('If-Match', header)
  return Number(version)
}

/** @throws CatalogError `precondition-required` when it is missing */
export function requiredIfMatch(request: FastifyRequest): VersionCondition {
  return ifMatch(request) ?? refuse()
}

function refuse(): never {
  throw preconditionRequired()
}

/** `If-None-Match: *` of a write: only create. */
export function createsOnly(request: FastifyRequest): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  if (header.trim() !== '*') throw notAnETag('If-None-Match', header)
  return true
}

function notAnETag(parameter: string, header: string) {
  const expected = parameter === 'If-Match' ? 'an ETag of this API such as "7", or *' : '* on a write'
  return invalidParameter([{ parameter, code: 'format', message: `${parameter} must be ${expected}, not ${header.slice(0, 100)}` }])
}

/** Whether a reader has this version already: the answer is 304. Lists, weak forms and `*` count. */
function isNotModified(request: FastifyRequest, version: number): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim() === '*' || VERSION_TAG.exec(tag.trim())?.[1] === String(version))
}

/** `Prefer: return=minimal` (RFC 7240). Other preferences are not known here, and may be ignored. */
export function prefersMinimal(request: FastifyRequest): boolean {
  const header = request.headers['prefer']
  return /(?:^|[,;\s])return\s*=\s*"?minimal"?(?:$|[,;\s])/i.test([header].flat().join(','))
}

/** Answers 304, or the resource with its ETag. */
export function sendVersioned(request: FastifyRequest, reply: FastifyReply, version: number, body: unknown): FastifyReply {
  void reply.header('etag', versionTag(version)).header('cache-control', 'private, no-cache')
  return isNotModified(request, version) ? reply.code(304).send() : reply.send(body)
}
