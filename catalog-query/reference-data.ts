/** Channels and locales: what a request's `channel` and `locale` mean. Read from a replica, kept in memory, refreshed while used. */
import type { Representation } from '../shared/representation.ts'
import type { ConsistencyToken } from '../shared/token.ts'
import type { Vouching } from './cache/product-read.ts'

export interface Channel {
  readonly id: number
  readonly code: string
  readonly name: string
  readonly currency: string
  readonly defaultLocale: string
}

export interface Resolved {
  readonly channel: Channel
  readonly representation: Representation
  /** How far to believe the reference data, where an absence in it decided (a locale nobody wrote in); null: nothing was absent. */
  readonly absence: Vouching | null
}

export interface ReferenceData {
  /**
   * @throws CatalogError invalid-parameter when there is no such channel; unavailable when the data was never read and no database answers
   */
  resolve(channel: string | undefined, locale: string | undefined, token: ConsistencyToken | null): Resolved | Promise<Resolved>
}
