/** Faults in the data itself: an event that is lost, one that is sent again, a transaction that nobody ends. */
import { Client } from 'pg'
import { postgresUrl } from '../../stack/postgres-server.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { DATABASE } from '../cluster/databases.ts'
import { freezePart, wakePart } from '../cluster/part.ts'
import { createHttpClient } from '../http-client.ts'
import { below } from '../random.ts'
import { EDIT_ATTRIBUTE } from '../traffic/product-answer.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { editRequest } from '../traffic/writers.ts'

/** Marked rows of the outbox become unpublished again: what a relay does that dies between publish and mark. @returns how many */
export async function republish({ databases }: Cluster, count: number): Promise<number> {
  const statement = `update outbox set published_at = null
    where id in (select id from outbox where published_at is not null order by id desc limit ${count}) returning id`
  return (await databases.query('primary', statement)).length
}

/** Commits an edit of the product that writers leave alone, and takes its outbox row away before a relay has seen it. */
export async function dropEvent(cluster: Cluster, { logs, adminOrigin, adminKey, untouched }: Traffic): Promise<void> {
  const relays = cluster.parts.filter((part) => part.name.startsWith('relay-'))
  await Promise.all(relays.map(freezePart))
  try {
    const edit = logs.commits.begun(untouched)
    await using admin = createHttpClient(adminOrigin, 1)
    const { path, headers = {}, body = '' } = editRequest(edit, adminKey)
    const answer = await admin.send({ method: 'PATCH', path, headers, body })
    if (answer.status !== 200) throw new Error(`The edit whose event is to be dropped was answered ${answer.status} ${answer.body}`)
    logs.commits.acknowledged(edit, Number(answer.headers['catalog-rev']))
    const dropped = await cluster.databases.query(
      'primary',
      `delete from outbox where product_id = '${untouched}' and published_at is null returning id`,
    )
    if (dropped.length !== 1) throw new Error(`Expected one event to drop, got ${dropped.length}`)
  } finally {
    relays.forEach(wakePart)
  }
}

// The write path reduced to what relay and readers see of it.
const WRITE = /* sql */ `
  update read.product
  set rev = (rev / 1099511627776) * 1099511627776 + nextval('catalog_rev'),
    doc = jsonb_set(doc::jsonb, '{attributes,${EDIT_ATTRIBUTE}}', to_jsonb($2::int))::text,
    changed_at = clock_timestamp()
  where product_id = $1
  returning rev`
const ANNOUNCE = /* sql */ `
  insert into outbox (product_id, rev, type)
  values ($1, $2, 'updated')`

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
