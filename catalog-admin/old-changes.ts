/** Deletes published outbox rows that were kept long enough, and leaves a trace of how far: a reader of `/v1/changes` that was away learns of it. */
import type { PoolClient } from 'pg'

// Ids are in the order of time, so the oldest rows are the first: nothing behind them needs to be looked at.
// A row that is not published yet stops it there, which is right: the relay is stuck, and this is no time to tidy up.
// The feed goes by (xid, id), in which rows are deleted only roughly in order: whatever is before the last one counts as gone.
const DELETE_OLD_CHANGES = /* sql */ `
  with deleted as (
    delete from outbox
    where id in (
      select id
      from (select id, published_at from outbox order by id limit $2) as oldest
      where published_at < now() - make_interval(days => $1))
    returning xid, id
  ), last as (
    select xid, id
    from deleted
    order by xid desc, id desc
    limit 1
  ), moved as (
    update outbox_start as start
    set xid = last.xid, id = last.id
    from last
    where (last.xid, last.id) > (start.xid, start.id)
  )
  select count(*)::int as deleted
  from deleted`

/** @returns how many rows are gone; 0 when nothing was left to do */
export async function deleteOldChanges(client: PoolClient, days: number, limit: number): Promise<number> {
  const { rows } = await client.query<{ deleted: number }>(DELETE_OLD_CHANGES, [days, limit])
  return rows[0]?.deleted ?? 0
}
