/** Faults in the data itself: an event that is lost, one that is sent again, a transaction that nobody ends. */
import { Client } from 'pg'
import { postgresUrl } from '../../stack/postgres-server.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { DATABASE } from '../cluster/databases.ts'
import { below } from '../random.ts'
import { EDIT_ATTRIBUTE } from '../traffic/product-answer.ts'
import type { Traffic } from '../traffic/traffic.ts'

/** Marked rows of the outbox become unpublished again: what a relay does that dies between publish and mark. @returns how many */
export async function republish({ databases }: Cluster, count: number): Promise<number> {
  const statement = `update outbox set published_at = null
    where id in (select id from outbox where published_at is not null order by id desc limit ${count}) returning id`
  return (await databases.query('primary', statement)).length
}

// The write path reduced to what relay and readers see of it.
const WRITE = /* sql */ `
  update read.product
  set rev = (rev / 1099511627776) * 1099511627776 + nextval('catalog_rev'),
    doc = jsonb_set(doc::jsonb, '{attributes,${EDIT_ATTRIBUTE}}', to_jsonb($2::int))::text,
    changed_at = clock_timestamp()
  where product_id = $1
  returning rev`
const TOUCH = /* sql */ `
  update product
  set updated_at = clock_timestamp()
  where id = $1`
const ANNOUNCE = /* sql */ `
  insert into outbox (product_id, rev, type)
  values ($1, $2, 'updated')`

/** Commits an edit of the product that writers leave alone, and with it no outbox row: no relay can ever send it. */
export async function dropEvent({ ports }: Cluster, { logs, untouched }: Traffic): Promise<void> {
  const client = new Client({ connectionString: postgresUrl(ports.primary, DATABASE) })
  client.on('error', () => {})
  await client.connect()
  const edit = logs.commits.begun(untouched)
  await client.query('begin')
  await client.query(TOUCH, [edit.product])
  const { rows } = await client.query<{ rev: string }>(WRITE, [edit.product, edit.number])
  await client.query('commit')
  logs.commits.acknowledged(edit, Number(rows[0]?.rev))
  await client.end()
}

/** Writes a product and does not commit: its outbox row has an id below those of everybody who commits meanwhile. @returns what commits */
export async function holdTransaction({ ports }: Cluster, { logs, random, products }: Traffic): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: postgresUrl(ports.primary, DATABASE) })
  client.on('error', () => {})
  await client.connect()
  const edit = logs.commits.begun(products[below(random, products.length)]!)
  await client.query('begin')
  const { rows } = await client.query<{ rev: string }>(WRITE, [edit.product, edit.number])
  const rev = Number(rows[0]?.rev)
  await client.query(ANNOUNCE, [edit.product, rev])
  return async () => {
    await client.query('commit')
    logs.commits.acknowledged(edit, rev)
    await client.end()
  }
}
