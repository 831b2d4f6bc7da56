/** Consistency-Token: what a client carries so that no read answers anything older than what it has seen (api.md). */
import { validate as isUuid } from 'uuid'
import { isStamp, type Stamp } from './stamp.ts'

export interface ConsistencyToken {
  /** Read on the primary after the commit (or the vouching time of an answer): timeline and time. */
  readonly stamp: Stamp
  /** Write position after the commit, as PostgreSQL prints it (`0/16B3740`); null on a token made by a read. */
  readonly lsn: string | null
  /** Set when the token speaks of one product: any copy of it with this rev or a later one satisfies the token. */
  readonly product: { readonly id: string; readonly rev: number } | null
}

const LSN = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/

/** URL-safe and at most 200 characters: base64url of `1.stamp.lsn.id.rev`. */
export function encodeToken(token: ConsistencyToken): string {
  const product = token.product === null ? '.' : `${token.product.id}.${token.product.rev}`
  return Buffer.from(`1.${token.stamp}.${token.lsn ?? ''}.${product}`).toString('base64url')
}

/** @returns null when the text is no token of ours: the caller answers 400 */
export function decodeToken(text: string): ConsistencyToken | null {
  if (text.length > 200 || !/^[\w-]+$/.test(text)) return null
  const [version, stamp = '', lsn = '', id = '', rev = '', ...rest] = Buffer.from(text, 'base64url').toString('latin1').split('.')
  if (version !== '1' || rest.length > 0 || !isStamp(stamp)) return null
  if (lsn !== '' && !LSN.test(lsn)) return null
  if (id === '' && rev === '') return { stamp, lsn: lsn || null, product: null }
  if (!isUuid(id) || !/^\d{1,16}$/.test(rev) || !Number.isSafeInteger(Number(rev))) return null
  return { stamp, lsn: lsn || null, product: { id, rev: Number(rev) } }
}
