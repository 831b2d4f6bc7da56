/** Empties the bin of what has been in it for long: key and SKUs are free again, its id answers 410 for good. */
import type { PoolClient } from 'pg'

// read.product keeps its narrow row: nothing changes for a reader, so no rev and no event are needed.
const PURGE_BIN = /* sql */ `
  with old as (
    select id
    from product
    where deleted_at < now() - make_interval(days => $1::int)
    order by deleted_at
    limit $2
    for update skip locked
  ), purged as (
    delete from product
    using old
    where product.id = old.id
    returning product.id, product.version
  )
  insert into audit_log (actor, action, resource, resource_id, version)
  select 'worker', 'product.purged', 'product', id, version
  from purged`

/** Within the caller's transaction. @returns how many it deleted: call again while that is `limit` */
export async function purgeBin(client: PoolClient, days: number, limit: number): Promise<number> {
  return (await client.query({ name: 'purge-bin', text: PURGE_BIN, values: [days, limit] })).rowCount ?? 0
}
