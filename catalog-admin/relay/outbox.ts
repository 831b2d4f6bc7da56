/** The outbox as the relay's session sees it: a page of unpublished rows with their products, and the mark. */
import type { ClientBase } from 'pg'
import { MAX_EVENT_DOCUMENT_BYTES } from '../../shared/event-log.ts'
import type { ProductState } from '../../shared/product-document.ts'
import type { OutboxPage } from './relay-round.ts'

export const PAGE_ROWS = 500
/** Of documents in a page: with its headers it stays below the 1 MiB that Kafka takes as one batch of a partition. */
const PAGE_BYTES = 512 * 1024

interface PageRow {
  readonly id: string
  readonly product_id: string
  readonly is_first: boolean
  readonly rev: string
  readonly state: ProductState
  readonly doc: string | null
  readonly omitted: boolean
  readonly changed_at_ms: string
  readonly candidates: string
}

// octet_length knows the size of a compressed document without unpacking it. A product counts once, and not at all when it is too large
// to travel, so that the first row always fits.
const SELECT_PAGE = /* sql */ `
  with candidate as (
    select id, product_id, rev, created_at
    from outbox
    where published_at is null
    order by id
    limit ${PAGE_ROWS}
  ), joined as (
    select candidate.id, candidate.product_id, product.doc,
      coalesce(product.rev, candidate.rev) as rev,
      coalesce(product.state, 'absent') as state,
      coalesce(product.changed_at, candidate.created_at) as changed_at,
      coalesce(octet_length(product.doc), 0) > ${MAX_EVENT_DOCUMENT_BYTES} as omitted,
      row_number() over (partition by candidate.product_id order by candidate.id) = 1 as is_first
    from candidate
    left join read.product as product on product.product_id = candidate.product_id
  ), sized as (
    select joined.*,
      count(*) over () as candidates,
      sum(case when is_first and not omitted then coalesce(octet_length(doc), 0) else 0 end) over (order by id) as total_bytes
    from joined
  )
  select id, product_id, is_first, rev, state, omitted, candidates,
    case when is_first and not omitted then doc end as doc,
    floor(extract(epoch from changed_at) * 1000)::bigint as changed_at_ms
  from sized
  where total_bytes <= ${PAGE_BYTES}
  order by id`

/** At most 500 rows and 512 KiB of documents; several rows of one product become one event. */
export async function selectPage(client: ClientBase): Promise<OutboxPage> {
  const { rows } = await client.query<PageRow>({ name: 'outbox-page', text: SELECT_PAGE })
  const candidates = Number(rows[0]?.candidates ?? 0)
  return {
    rowIds: rows.map((row) => row.id),
    products: rows.filter((row) => row.is_first).map(toProduct),
    full: candidates === PAGE_ROWS || candidates > rows.length,
  }
}

function toProduct(row: PageRow): OutboxPage['products'][number] {
  const { state, doc, omitted } = row
  return { productId: row.product_id, rev: Number(row.rev), state, doc, omitted, changedAtMs: Number(row.changed_at_ms) }
}

// A mark that a crash of the server loses is only published again: its commit need not wait for the disk.
const MARK_PUBLISHED = /* sql */ `
  with lazily as (
    select set_config('synchronous_commit', 'off', true)
  )
  update outbox
  set published_at = clock_timestamp()
  from lazily
  where id = any($1::bigint[])`

export async function markPublished(client: ClientBase, rowIds: readonly string[]): Promise<void> {
  await client.query({ name: 'outbox-mark', text: MARK_PUBLISHED, values: [rowIds] })
}

const COUNT_AT_MOST = 100_000

const OUTBOX_BACKLOG = /* sql */ `
  select
    (select count(*) from (select 1 from outbox where published_at is null limit ${COUNT_AT_MOST}) as pending)::int as rows,
    coalesce((
      select extract(epoch from clock_timestamp() - created_at)
      from outbox
      where published_at is null
      order by id
      limit 1), 0)::float8 as seconds`

/** @returns unpublished rows (counted up to 100,000) and the age of the oldest */
export async function readBacklog(client: Pick<ClientBase, 'query'>): Promise<{ rows: number; seconds: number }> {
  const { rows } = await client.query<{ rows: number; seconds: number }>(OUTBOX_BACKLOG)
  return rows[0] ?? { rows: 0, seconds: 0 }
}
