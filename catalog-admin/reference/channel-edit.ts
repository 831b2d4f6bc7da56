/** Channels: where products are sold, each in one currency. */
import type { Pool, PoolClient } from 'pg'
import { invalidState } from '../../shared/problem.ts'

export interface Channel {
  readonly id: number
  readonly code: string
  readonly name: string
  readonly currency: string
  readonly defaultLocale: string
  readonly version: number
}

export interface ChannelInput {
  readonly code: string
  readonly name: string
  readonly currency: string
  readonly defaultLocale: string
}

type Client = Pool | PoolClient

const COLUMNS = /* sql */ `id, code, name, currency, default_locale as "defaultLocale", version::float8 as version`

const LIST = /* sql */ `
  select ${COLUMNS} from channel
  where $1::text is null or code > $1
  order by code
  limit $2`

export async function listChannels(client: Client, after: string | null, limit: number): Promise<readonly Channel[]> {
  const { rows } = await client.query<Channel>(LIST, [after, limit])
  return rows
}

const FIND = /* sql */ `select ${COLUMNS} from channel where code = $1`

export async function findChannel(client: Client, code: string): Promise<Channel | null> {
  const { rows } = await client.query<Channel>(FIND, [code])
  return rows[0] ?? null
}

const INSERT = /* sql */ `
  insert into channel (code, name, currency, default_locale)
  values ($1, $2, $3, $4)
  on conflict (code) do nothing
  returning ${COLUMNS}`

/** @returns null when there is one with this code */
export async function insertChannel(client: PoolClient, input: ChannelInput): Promise<Channel | null> {
  const { rows } = await client.query<Channel>(INSERT, [input.code, input.name, input.currency, input.defaultLocale])
  return rows[0] ?? null
}

// The whole lock, for no writer may add a first price in the old currency meanwhile: a price's foreign key waits for it.
const LOCK = /* sql */ `select ${COLUMNS} from channel where code = $1 for update`

export async function lockChannel(client: PoolClient, code: string): Promise<Channel | null> {
  const { rows } = await client.query<Channel>(LOCK, [code])
  return rows[0] ?? null
}

const HAS_PRICES = /* sql */ `select exists (select from price where channel_id = $1) as priced`

const UPDATE = /* sql */ `
  update channel
  set name = $2, currency = $3, default_locale = $4, version = version + 1
  where id = $1
  returning ${COLUMNS}`

/**
 * Raises the version. Prices say only an amount, so their channel's currency stays what it was when they were written.
 * @throws CatalogError `invalid-state` when the currency would change under prices that exist
 */
export async function updateChannel(client: PoolClient, channel: Channel, input: ChannelInput): Promise<Channel> {
  if (input.currency !== channel.currency) {
    const { rows } = await client.query<{ priced: boolean }>(HAS_PRICES, [channel.id])
    if (rows[0]?.priced) {
      throw invalidState(`The channel "${channel.code}" has prices in ${channel.currency}: its currency cannot become ${input.currency}`)
    }
  }
  const { rows } = await client.query<Channel>(UPDATE, [channel.id, input.name, input.currency, input.defaultLocale])
  return rows[0] as Channel
}
