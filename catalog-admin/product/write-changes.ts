/** Writes what a plan has worked out: references, rows, read model and log, in an order in which two writers never wait in a circle. */
import type { PoolClient } from 'pg'
import { allSent } from '../../shared/postgres.ts'
import { addChannels, type Channel, defaultLocaleOf, type NewChannel } from '../reference/channels.ts'
import { addReferences } from '../reference/references.ts'
import { drawRevs, logChanges } from './change-log.ts'
import type { Change } from './product-plan.ts'
import { writeProductRows } from './product-rows.ts'
import type { WriteContext } from './product-write.ts'
import { writeReadModel } from './read-model.ts'
import { writeVariantRows } from './variant-rows.ts'

export interface KnownChannels {
  readonly channels: ReadonlyMap<string, Channel>
  /** To be made. */
  readonly newChannels: readonly NewChannel[]
}

/**
 * The caller holds the locks of the products that exist.
 * @returns the new revs by product id
 * @throws RetryTransaction when another transaction got in between
 */
export async function writeChanges(
  client: PoolClient,
  changes: readonly Change[],
  known: KnownChannels,
  context: WriteContext,
): Promise<ReadonlyMap<string, number>> {
  if (changes.length === 0) return new Map()
  const channels = known.newChannels.length === 0 ? known.channels : await addChannels(client, known.newChannels, context)
  const references = await addReferences(
    client,
    changes.map(({ product }) => product),
    defaultLocaleOf(channels),
  )
  const { nowMs, revs } = await drawRevs(client, changes.length)
  const sent = [
    writeProductRows(client, changes, references, { nowMs, actor: context.actor }),
    writeVariantRows(client, changes, channels),
    writeReadModel(client, changes, revs, { references, channels, nowMs }),
    logChanges(client, changes, revs, context),
  ]
  context.onSent?.()
  await allSent(sent)
  return new Map(changes.map(({ id }, i) => [id, revs[i] ?? 0]))
}
