/** A place in the change feed: opaque to clients, the last change that was read. */
import { invalidCursor } from '../../shared/problem.ts'

export interface ChangeCursor {
  /** The transaction that wrote the change; 64 bits, which no JavaScript number holds. */
  readonly xid: string
  /** Of the outbox row, 63 bits. */
  readonly id: string
  /**
   * Of the change: 0 at the very beginning of what is kept. It names the timeline, so that a change which a failover lost, and whose xid and id
   * were given out again, is not taken for the one that the client has seen.
   */
  readonly rev: number
}

export const CURSOR_LENGTH_AT_MOST = 100

/** base64url of `c.XID.ID.REV`. */
export function encodeChangeCursor({ xid, id, rev }: ChangeCursor): string {
  return Buffer.from(`c.${xid}.${id}.${rev}`).toString('base64url')
}

const LAYOUT = /^c\.(0|[1-9]\d{0,19})\.(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,15})$/
const XID_AT_MOST = 2n ** 64n - 1n
const ID_AT_MOST = 2n ** 63n - 1n

/** @param text absent or empty: null, the beginning of what is kept @throws CatalogError invalid-cursor */
export function decodeChangeCursor(text: string | undefined): ChangeCursor | null {
  if (text === undefined || text === '') return null
  const [, xid = '', id = '', rev = ''] = LAYOUT.exec(/^[\w-]+$/.test(text) ? Buffer.from(text, 'base64url').toString('latin1') : '') ?? []
  if (xid === '' || BigInt(xid) > XID_AT_MOST || BigInt(id) > ID_AT_MOST || !Number.isSafeInteger(Number(rev))) throw invalidCursor()
  return { xid, id, rev: Number(rev) }
}
