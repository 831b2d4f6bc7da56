/** ETag and If-None-Match of a product: made of its rev and what the bytes were rendered as, so that a 304 needs no body (RFC 9110, 13.1.2). */
import { crc32 } from 'node:zlib'
import type { Coding } from './content-coding.ts'

/** Raised when renderProduct makes other bytes of the same document: an answer of the release before is then not the same. */
const RENDERING = 1

/** The opaque part, without coding and quotes. @param shape what else decides the bytes: locale, `fields`, a page */
export function tagOf(rev: number, shape: string): string {
  return `${RENDERING}-${rev.toString(36)}-${crc32(shape).toString(36)}`
}

/** Strong: each coding's bytes have a tag of their own. */
export function entityTag(tag: string, coding: Coding): string {
  return coding === 'identity' ? `"${tag}"` : `"${tag}-${coding}"`
}

/** Weak comparison: lists, `W/` and `*`. @param header the value of If-None-Match */
export function isNoneMatched(header: string, etag: string): boolean {
  if (header === etag) return true
  if (header.trim() === '*') return true
  for (const [, opaque] of header.matchAll(/(?:W\/)?("[^"]*")/g)) if (opaque === etag) return true
  return false
}
