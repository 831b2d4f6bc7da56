/**
 * Reads a page of the change feed: outbox rows in the order of their transactions, none of which can get one in between any more.
 *
 * Reading by id alone loses rows: an id is drawn before the commit, and a lower one may become visible later. Here a row is shown only once
 * every transaction that began before its own, and its own, has ended (`xid < xmin` of the snapshot): nothing can appear in front of a cursor.
 * Another replica may be behind the one that gave the cursor; it has nothing to say yet, and says so.
 */
import { CatalogError, unavailable } from '../../shared/problem.ts'
import { stampTimeline, toStamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { positionSatisfies } from '../cache/token-rule.ts'
import { earlier } from '../http/answer-headers.ts'
import type { ChangeCursor } from './change-cursor.ts'

/** One commit's change of one product. */
export interface Change {
  readonly id: string
  readonly rev: number
  readonly type: 'created' | 'updated' | 'deleted'
  /** RFC 3339, of the write; the commit may be a little later. */
  readonly at: string
}

interface ChangePage {
  readonly changes: readonly Change[]
  /** After the last change of the page, or where it began when there is none. */
  readonly next: ChangeCursor
}

/** @throws CatalogError gone, unavailable or overloaded */
export type ReadChanges = (after: ChangeCursor | null, limit: number, token: ConsistencyToken | null) => Promise<Vouched<ChangePage>>

/** Changes of open transactions that are looked at for how long they have waited; with more, nobody knows how old the page is. */
const HELD_AT_MOST = 5_000

// `outbox_start` is the last row that was deleted. A cursor is good if its row is kept, or is that one.
const READ_CHANGES = /* sql */ `
  with place as (
    select coalesce($1::xid8, xid) as xid, coalesce($2::bigint, id) as id, xid as start_xid, id as start_id
    from outbox_start
  ), horizon as (
    select pg_snapshot_xmin(pg_current_snapshot()) as xid
  )
  select place.xid::text as xid, place.id::text as id,
    case
      when place.xid >= horizon.xid then 'ahead'
      when (place.xid, place.id) = (place.start_xid, place.start_id) then 'kept'
      when (place.xid, place.id) < (place.start_xid, place.start_id) then 'gone'
      when exists (select from outbox o where (o.xid, o.id) = (place.xid, place.id) and o.rev = $3::bigint) then 'kept'
      else 'gone'
    end as place,
    held.rows as held,
    held.since_us as "heldSinceUs",
    (select coalesce(json_agg(page), '[]') from (
      select o.xid::text as xid, o.id::text as row, o.product_id as id, o.rev, o.type,
        to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
      from outbox o
      where (o.xid, o.id) > (place.xid, place.id) and o.xid < horizon.xid
      order by o.xid, o.id
      limit $4) as page) as changes
  from place, horizon, lateral (
    select count(*)::int as rows, floor(extract(epoch from min(created_at)) * 1000000)::bigint as since_us
    from (
      select o.created_at
      from outbox o
      where o.xid >= horizon.xid
      order by o.xid, o.id
      limit ${HELD_AT_MOST}) as waiting) as held`

interface Row {
  readonly xid: string
  readonly id: string
  /** `ahead`: of a cursor that another, less old, database gave. */
  readonly place: 'kept' | 'ahead' | 'gone'
  readonly held: number
  readonly heldSinceUs: number | null
  readonly changes: readonly (Change & { readonly xid: string; readonly row: string })[]
}

export function createChangeReader(readSnapshot: ReadSnapshot): ReadChanges {
  return async (after, limit, token) => {
    const values = [after?.xid ?? null, after?.id ?? null, after?.rev ?? 0, limit]
    const snapshot = await readSnapshot<Row>({ name: 'read-changes', text: READ_CHANGES, values }, token)
    const [row] = snapshot.rows
    if (row === undefined) throw new Error('outbox_start has no row: run the migrations')
    if (row.place === 'gone') throw noLongerKept()
    const page = vouchedBy(snapshot, { changes: row.changes.map(toChange), next: nextOf(row, after) })
    // A page that is full says nothing of the latest changes; one that is not says that there are none but those of open transactions.
    return row.changes.length === limit ? page : withheld(page, row, token)
  }
}

function toChange({ id, rev, type, at }: Change): Change {
  return { id, rev, type, at }
}

function nextOf({ xid, id, changes }: Row, after: ChangeCursor | null): ChangeCursor {
  const last = changes.at(-1)
  return last === undefined ? (after ?? { xid, id, rev: 0 }) : { xid: last.xid, id: last.row, rev: last.rev }
}

/** Whatever waits for an older transaction was written, and acknowledged, not earlier than it was inserted: the page may be that old. */
function withheld(page: Vouched<ChangePage>, { held, heldSinceUs }: Row, token: ConsistencyToken | null): Vouched<ChangePage> {
  if (heldSinceUs === null) return page
  const vouched = earlier(page.vouched, toStamp(stampTimeline(page.vouched), heldSinceUs))
  if (token !== null && !positionSatisfies(vouched, token)) throw unavailable('A transaction older than the token’s write is still open')
  return { ...page, vouched, marked: page.marked || held === HELD_AT_MOST }
}

const noLongerKept = () =>
  new CatalogError('gone', 'What came after this cursor is no longer kept. Read the whole catalog anew, then the feed from its beginning')
