/** Consistency-Token: what a client carries so that no read answers anything older than what it has seen (api.md). */
import { validate as isUuid } from 'uuid'
import { isStamp, nowUs, stampTimeUs, type Stamp } from './stamp.ts'

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

/**
 * How far ahead of our clock a token's time may be, microseconds. No database satisfies one from the future, and each would be asked in vain.
 * Far beyond the 250 ms by which hosts' clocks may differ: a token is the primary's time, which goes on from where it was when its host's clock
 * is set back, and a server whose own clock is seconds late, as after its virtual machine slept, must not refuse what its neighbours gave.
 */
const AHEAD_AT_MOST_US = 10_000_000

/**
 * @param clockUs the latest that it may be now by the primary's clock, microseconds since 1970; default: our own clock
 * @returns null when the text is no token that any answer can have given by now: the caller answers 400
 */
export function decodeToken(text: string, clockUs = nowUs()): ConsistencyToken | null {
  if (text.length > 200 || !/^[\w-]+$/.test(text)) return null
  const [version, stamp = '', lsn = '', id = '', rev = '', ...rest] = Buffer.from(text, 'base64url').toString('latin1').split('.')
  if (version !== '1' || rest.length > 0 || !isStamp(stamp)) return null
  if (stampTimeUs(stamp) > clockUs + AHEAD_AT_MOST_US) return null
  if (lsn !== '' && !LSN.test(lsn)) return null
  if (id === '' && rev === '') return { stamp, lsn: lsn || null, product: null }
  if (!isUuid(id) || !/^\d{1,16}$/.test(rev) || !Number.isSafeInteger(Number(rev))) return null
  return { stamp, lsn: lsn || null, product: { id, rev: Number(rev) } }
}
