/** Offers of variants beyond the first page of a product's variants: read from the tables, kept while they are vouched for. */
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot, Snapshot } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { createTurnBatch } from '../cache/turn-batch.ts'
import type { Offer } from './offer.ts'

/** null: no visible product has a variant with that SKU. @throws CatalogError unavailable or overloaded */
export type FindDistantOffer = (channel: string, sku: string, token: ConsistencyToken | null) => Promise<Vouched<{ offer: Offer | null }>>

const READ_OFFERS = /* sql */ `
  select channel.code as channel, variant.sku, product.rev,
    case when price.amount_minor is not null then
      json_build_object('amount', price.amount_minor, 'currency', channel.currency, 'compareAt', price.compare_at_minor)
    end as price,
    json_build_object('inStock', coalesce(stock.quantity > 0, true), 'quantity', stock.quantity) as stock
  from unnest($1::text[], $2::text[]) as asked (channel, sku)
  join channel on channel.code = asked.channel
  join variant on variant.sku = asked.sku
  join read.product as product on product.product_id = variant.product_id and product.state = 'visible'
  left join price on price.variant_id = variant.id and price.channel_id = channel.id
  left join stock on stock.variant_id = variant.id`

const OFFERS_PER_STATEMENT = 200
const OFFER_BYTES = 400

interface Asked {
  readonly channel: string
  readonly sku: string
}
type Row = Offer & Pick<Asked, 'channel'>

/** @param maxBytes of what is kept in memory */
export function createDistantOffers(readSnapshot: ReadSnapshot, maxBytes: number): FindDistantOffer {
  const cache = createSnapshotCache<{ offer: Offer | null }>({ maxBytes, sizeOf: () => OFFER_BYTES })
  const readMany = async (asked: readonly Asked[], token: ConsistencyToken | null) => {
    const values = [asked.map(({ channel }) => channel), asked.map(({ sku }) => sku)]
    const snapshot = await readSnapshot<Row>({ name: 'read-offers', text: READ_OFFERS, values }, token)
    return asked.map((one) => vouchedBy(snapshot, { offer: offerIn(snapshot, one) }))
  }
  const readInTurn = createTurnBatch((asked: readonly Asked[]) => readMany(asked, null), { maxItems: OFFERS_PER_STATEMENT })
  return async (channel, sku, token) => {
    return await cache.read(`${channel} ${sku}`, token, async (withToken) => {
      if (withToken === null) return await readInTurn({ channel, sku })
      const [found] = await readMany([{ channel, sku }], withToken)
      return found as Vouched<{ offer: Offer | null }>
    })
  }
}

function offerIn(snapshot: Snapshot<Row>, asked: Asked): Offer | null {
  const row = snapshot.rows.find(({ channel, sku }) => channel === asked.channel && sku === asked.sku)
  return row === undefined ? null : { sku: row.sku, price: row.price, stock: row.stock, rev: row.rev }
}
