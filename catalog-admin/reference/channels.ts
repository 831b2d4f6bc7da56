/** The sales channels: what prices belong to. One that a price names and that is not there yet is made on first use. */
import type { PoolClient } from 'pg'
import { RetryTransaction } from '../../shared/postgres.ts'
import { addAuditEntry } from '../audit-entry.ts'
import type { WriteContext } from '../product/product-write.ts'

export interface Channel {
  readonly id: number
  readonly code: string
  readonly currency: string
  readonly defaultLocale: string
}

export type NewChannel = Omit<Channel, 'id'>

export const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Of the channel that is meant where none is named: the language that the shop is written in first. */
export function defaultLocaleOf(channels: ReadonlyMap<string, Channel>): string {
  return channels.get('default')?.defaultLocale ?? 'en'
}

const READ_CHANNELS = /* sql */ `select id, code, currency, default_locale as "defaultLocale" from channel`

/** All of them, by code: they are few. */
export async function readChannels(client: PoolClient): Promise<ReadonlyMap<string, Channel>> {
  const { rows } = await client.query<Channel>({ name: 'read-channels', text: READ_CHANNELS })
  return new Map(rows.map((channel) => [channel.code, channel]))
}

const ADD_CHANNELS = /* sql */ `
  insert into channel (code, name, currency, default_locale)
  select code, code, currency, locale
  from unnest($1::text[], $2::text[], $3::text[]) as added (code, currency, locale)
  order by code
  on conflict (code) do nothing
  returning code, currency, default_locale as "defaultLocale"`

/** @throws RetryTransaction when another transaction made one of them with another currency */
export async function addChannels(
  client: PoolClient,
  added: readonly NewChannel[],
  context: WriteContext,
): Promise<ReadonlyMap<string, Channel>> {
  const columns = [added.map((one) => one.code), added.map((one) => one.currency), added.map((one) => one.defaultLocale)]
  const { rows: made } = await client.query<NewChannel>(ADD_CHANNELS, columns)
  for (const channel of made) {
    await addAuditEntry(client, context, { action: 'channel.created', resource: 'channel', id: channel.code, version: 1, diff: channel })
  }
  const channels = await readChannels(client)
  for (const { code, currency } of added) {
    if (channels.get(code)?.currency !== currency) throw new RetryTransaction(`The channel ${code} was made with another currency`)
  }
  return channels
}
