/** Stands in for Kafka where there is none: the log of product events as a table in PostgreSQL, its writing side. For one machine. */
import type { Pool, PoolClient } from 'pg'
import { BUCKET_COUNT, bucketOf } from './bucket.ts'
import type { EventPublisher, ProductEvent } from './event-log.ts'
import { stampTimeline, type Stamp } from './stamp.ts'

// Counters and rows in one transaction: whoever sees the one sees the other. The locks are taken in order, so that two relays
// (one about to notice that it leads no longer) cannot wait for each other.
const APPEND = /* sql */ `
  with event as (
    select *
    from unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::bigint[])
      with ordinality as e(partition, product_id, rev, stamp, state, doc, omitted, changed_at_ms, n)
  ), locked as (
    select partition
    from event_log_end
    where partition in (select partition from event)
    order by partition
    for update
  ), added as (
    select event.partition, count(*) as events
    from event
    join locked on locked.partition = event.partition
    group by event.partition
  ), raised as (
    update event_log_end
    set next = next + added.events, timeline = greatest(timeline, $9)
    from added
    where event_log_end.partition = added.partition
    returning event_log_end.partition, next - added.events as first
  )
  insert into event_log (partition, "offset", product_id, rev, stamp, state, doc, omitted, changed_at_ms)
  select event.partition, raised.first + row_number() over (partition by event.partition order by event.n) - 1,
    product_id, rev, stamp, state, doc, omitted, changed_at_ms
  from event
  join raised on raised.partition = event.partition`

// A heartbeat is an offset without a row: a follower that has read up to the counter knows that the greatest of them is behind it.
const HEARTBEAT = /* sql */ `
  with locked as (
    select partition
    from event_log_end
    order by partition
    for update
  )
  update event_log_end
  set next = next + 1, heartbeat = greatest(heartbeat, $1), timeline = greatest(timeline, $2)
  from locked
  where event_log_end.partition = locked.partition`

/** A page is one statement, hence one transaction. The pool stays the caller's: close() leaves it open. */
export function createLogTablePublisher(pool: Pool): EventPublisher {
  return {
    publish: async (events) => {
      if (events.length > 0) await pool.query({ name: 'log-append', text: APPEND, values: columns(events) })
    },
    heartbeat: async (stamp: Stamp) => {
      await pool.query({ name: 'log-heartbeat', text: HEARTBEAT, values: [stamp, stampTimeline(stamp)] })
    },
    close: () => Promise.resolve(),
  }
}

function columns(events: readonly ProductEvent[]): unknown[] {
  return [
    events.map((event) => bucketOf(event.productId)),
    events.map((event) => event.productId),
    events.map((event) => event.rev),
    events.map((event) => event.stamp),
    events.map((event) => event.state),
    events.map((event) => event.doc),
    events.map((event) => event.omitted),
    events.map((event) => event.changedAtMs),
    Math.max(...events.map((event) => stampTimeline(event.stamp))),
  ]
}

// Along the primary key from each partition's oldest row: no index by time is needed, since offsets are in the order of time.
const DELETE_OLD = /* sql */ `
  with old as (
    select oldest.partition, oldest."offset"
    from event_log_end
    cross join lateral (
      select partition, "offset", at
      from event_log
      where event_log.partition = event_log_end.partition
      order by "offset"
      limit $2
    ) as oldest
    where oldest.at < now() - make_interval(days => $1)
  ), deleted as (
    delete from event_log
    using old
    where event_log.partition = old.partition and event_log."offset" = old."offset"
    returning event_log.partition, event_log."offset"
  ), raised as (
    update event_log_end
    set earliest = greatest(earliest, gone.last + 1)
    from (select partition, max("offset") as last from deleted group by partition) as gone
    where event_log_end.partition = gone.partition
  )
  select count(*)::int as deleted from deleted`

/**
 * Deletes events older than `days`, at most `limit` of them; to be called again until it returns less than about that.
 * @returns how many were deleted
 */
export async function deleteOldEvents(client: Pool | PoolClient, days: number, limit: number): Promise<number> {
  const { rows } = await client.query<{ deleted: number }>(DELETE_OLD, [days, Math.max(1, Math.floor(limit / BUCKET_COUNT))])
  return rows[0]?.deleted ?? 0
}
