/** What a write says to its client, before it is put on the wire. */
import type { TokenProduct } from './consistency.ts'

/** Kept for its Idempotency-Key, hence plain values. */
export interface WriteAnswer {
  readonly status: 200 | 201 | 204
  readonly version: number
  /** null for what has no rev of its own, such as a channel. */
  readonly product: TokenProduct
  readonly location: string | null
  /** null with 204. */
  readonly body: Readonly<Record<string, unknown>> | null
}
