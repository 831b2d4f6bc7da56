/** Channels and locales: what a request's `channel` and `locale` mean. Read from a replica, kept in memory, refreshed while used. */
import { LRUCache } from 'lru-cache'
import { localeChain } from '../shared/locale-chain.ts'
import { invalidParameter } from '../shared/problem.ts'
import type { Representation } from '../shared/representation.ts'
import type { ConsistencyToken } from '../shared/token.ts'
import type { ReadSnapshot, Vouching } from './cache/product-read.ts'
import { positionSatisfies } from './cache/token-rule.ts'
import { isFresh, TRUST_US } from './cache/trust.ts'

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
  /** How far to believe the reference data, where an absence in it decided (a locale that nobody wrote in) or no database answers; else null. */
  readonly absence: Vouching | null
}

export interface ReferenceData {
  /**
   * What is present answers without a promise, but to a token of everything.
   * @throws CatalogError invalid-parameter when there is no such channel; unavailable when the data was never read and no database answers
   */
  resolve(channel: string | undefined, locale: string | undefined, token: ConsistencyToken | null): Resolved | Promise<Resolved>
}

const DEFAULT_CHANNEL = 'default'
/** Data vouched for longer ago than this is read again in the background while it is used, microseconds: on the primary, while no replica counts. */
const REFRESH_AFTER_US = 1_000_000
/** But not more often than this: a replica that lags gives no younger data. */
const REFRESH_AT_MOST_US = 100_000
/**
 * An absence is believed for this long after it was read, microseconds; then it is read again first. Not zero: `locale=de-AT` in a catalog that
 * has only `de` is an absence in every request, and would be a statement in every turn.
 */
const ABSENCE_US = 100_000

/** Channels and locales in the one row that their snapshot is. */
interface ReferenceRow {
  readonly channels: readonly Channel[]
  readonly locales: readonly string[]
}

const READ_REFERENCE = /* sql */ `
  select
    (select coalesce(json_agg(c), '[]')
     from (
       select id, code, name, currency, default_locale as "defaultLocale"
       from channel
       where active
       order by id) as c) as channels,
    (select coalesce(json_agg(code order by code), '[]') from locale) as locales`

interface KnownData {
  readonly table: ReferenceTable
  readonly vouching: Vouching
  /** When it was read, by this host's clock. */
  readonly readAtUs: number
}

export function createReferenceData(readSnapshot: ReadSnapshot, nowUs: () => number): ReferenceData {
  let known: KnownData | null = null
  let reading: Promise<KnownData> | null = null

  async function read(token: ConsistencyToken | null): Promise<KnownData> {
    const readAtUs = nowUs()
    const { rows, asOf, contained, marked } = await readSnapshot<ReferenceRow>(
      { name: 'reference', text: READ_REFERENCE, values: [] },
      token,
    )
    const row = rows[0] ?? { channels: [], locales: [] }
    const table = known !== null && JSON.stringify(known.table.row) === JSON.stringify(row) ? known.table : createReferenceTable(row)
    const fresh = { table, vouching: { vouched: asOf, contained, marked }, readAtUs }
    // Two reads may end in either order.
    if (known === null || known.vouching.vouched <= asOf) known = fresh
    return fresh
  }

  const readShared = (): Promise<KnownData> => (reading ??= read(null).finally(() => (reading = null)))

  /** With what is there when no database answers: better a channel's older default than no answer. */
  async function readOr(old: KnownData | null): Promise<KnownData> {
    if (old === null) return await readShared()
    return await readShared().catch(() => ({ ...old, vouching: { ...old.vouching, marked: true } }))
  }

  async function resolveAnew(channel: string | undefined, locale: string | undefined, token: ConsistencyToken | null): Promise<Resolved> {
    const data = token === null ? await readOr(known) : await read(token)
    return resolvedBy(data, data.table.find(channel, locale), channel)
  }

  return {
    resolve(channel, locale, token) {
      const data = known
      if (data === null) return resolveAnew(channel, locale, token)
      const now = nowUs()
      const ageUs = now - data.readAtUs
      const { vouched, marked } = data.vouching
      // No database could show that it is fresh: then it goes by when it was read, or each request would ask again.
      const trusted = marked ? ageUs <= TRUST_US : isFresh(vouched, now)
      if (!trusted) return resolveAnew(channel, locale, token)
      const isOld = !isFresh(vouched, now, REFRESH_AFTER_US)
      // A failure is nobody's: the next reader finds it too old and reads it itself.
      if (isOld && ageUs > REFRESH_AT_MOST_US) readShared().catch(() => {})
      const found = data.table.find(channel, locale)
      if (found.complete !== null) {
        // A token that names no product may be that of a channel's edit.
        const unseen = token !== null && token.product === null && !positionSatisfies(vouched, token)
        return unseen ? resolveAnew(channel, locale, token) : resolvedBy(data, found, channel)
      }
      const believed = ageUs <= ABSENCE_US && (token === null || positionSatisfies(vouched, token))
      return believed ? resolvedBy(data, found, channel) : resolveAnew(channel, locale, token)
    },
  }
}

function resolvedBy(data: KnownData, found: Found, code = DEFAULT_CHANNEL): Resolved {
  // Of what is no older than a copy may be the promise says enough; older data tells its age in the answer.
  if (found.complete !== null) return data.vouching.marked ? { ...found.complete, absence: data.vouching } : found.complete
  if (found.channel === null) throw invalidParameter([{ parameter: 'channel', code: 'unknown', message: `No channel has code "${code}"` }])
  return { channel: found.channel, representation: found.representation, absence: data.vouching }
}

interface Found {
  /** The whole answer, where nothing in it hangs on an absence. */
  readonly complete: Resolved | null
  readonly channel: Channel | null
  readonly representation: Representation
}

interface ReferenceTable {
  readonly row: ReferenceRow
  /** The same object for the same request, so that what is kept by representation stays. */
  find(channel: string | undefined, locale: string | undefined): Found
}

/** Requests of different spelling at most, kept. */
const FOUND_AT_MOST = 2_000

function createReferenceTable(row: ReferenceRow): ReferenceTable {
  const channels = new Map(row.channels.map((channel) => [channel.code, channel]))
  const locales = new Map(row.locales.map((code) => [code.toLowerCase(), code]))
  const found = new LRUCache<string, Found>({ max: FOUND_AT_MOST })
  const representations = new Map<string, Representation>()
  return {
    row,
    find(channel = DEFAULT_CHANNEL, locale = '') {
      const name = `${channel} ${locale}`
      const before = found.get(name)
      if (before !== undefined) return before
      const made = findIn(channels.get(channel) ?? null, locale, { locales, representations })
      found.set(name, made)
      return made
    },
  }
}

function findIn(
  channel: Channel | null,
  locale: string,
  { locales, representations }: { locales: ReadonlyMap<string, string>; representations: Map<string, Representation> },
): Found {
  if (channel === null) return { complete: null, channel, representation: { channel: '', locales: [] } }
  const chain = localeChain(locale, channel.defaultLocale, locales)
  const name = `${channel.code} ${chain.locales.join(' ')}`
  const representation = representations.get(name) ?? { channel: channel.code, locales: chain.locales }
  representations.set(name, representation)
  return { complete: chain.complete ? { channel, representation, absence: null } : null, channel, representation }
}
