/** What the tests of imports share: a file that is uploaded without HTTP, a runner to be started, and what a catalog holds in the end. */
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { Pool } from 'pg'
import { pino } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import { expect, vi } from 'vitest'
import { SAMPLE_MARK } from '../../shared/search-words.ts'
import type { WriteProducts } from '../product/product-write.ts'
import { FACET_TEXT } from '../product/test-writer.ts'
import { createImportJob, findImportJob, finishUpload, type ImportJob } from './import-job.ts'
import type { ImportState } from './import-state.ts'
import { createImportRunner, type ImportRunner, type ImportRunnerParts } from './import-runner.ts'
import { MAX_UPLOAD_BYTES, storeUpload, type Upload } from './upload.ts'

export const noStop = new AbortController().signal
export const quiet = pino({ level: 'silent' })

export interface TestUpload {
  readonly mode?: ImportJob['mode']
  readonly dryRun?: boolean
  readonly gzipped?: boolean
  readonly maxBytes?: number
}

/** @returns the id of a job that waits for a runner */
export async function upload(pool: Pool, file: string | Buffer, options: TestUpload = {}): Promise<string> {
  const { mode = 'upsert', dryRun = false, gzipped = false } = options
  const jobId = await openJob(pool, mode, dryRun)
  const body = Readable.from([gzipped ? gzipSync(file) : Buffer.from(file)])
  await storeLines(pool, { jobId, body, gzipped, ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }) })
  return jobId
}

/** Of a job that is there; it then waits for a runner. */
export async function storeLines(pool: Pool, sent: Pick<Upload, 'jobId' | 'body'> & Partial<Upload>): Promise<void> {
  const whole = { owner: 'uploader', gzipped: false, stopping: noStop, maxBytes: MAX_UPLOAD_BYTES, ...sent }
  await storeUpload(pool, whole, async ({ recordCount }) => void (await finishUpload(pool, sent.jobId, recordCount)))
}

export async function openJob(pool: Pool, mode: ImportJob['mode'] = 'upsert', dryRun = false): Promise<string> {
  const id = uuidv7()
  await createImportJob(pool, { id, mode, dryRun, createdBy: 'tester', owner: 'uploader', idempotencyKey: null })
  return id
}

export function makeRunner(pool: Pool, writeProducts: WriteProducts, parts: Partial<ImportRunnerParts> = {}): ImportRunner {
  const pacing = { turn: async () => {} }
  return createImportRunner({ pool, writeProducts, pacing, log: quiet, owner: uuidv7(), ...parts })
}

/** Runs until the job has ended, with a runner of its own. */
export async function runToEnd(pool: Pool, id: string, writeProducts: WriteProducts): Promise<ImportJob> {
  const runner = makeRunner(pool, writeProducts)
  runner.start()
  try {
    return await waitForState(pool, id, ['ready', 'succeeded', 'partial', 'failed', 'cancelled'])
  } finally {
    await runner.stop()
  }
}

export async function waitForState(pool: Pool, id: string, states: readonly ImportState[]): Promise<ImportJob> {
  return await vi.waitFor(
    async () => {
      const job = await findImportJob(pool, id)
      expect(states).toContain(job?.state)
      return job as ImportJob
    },
    { timeout: 60_000, interval: 10 },
  )
}

/** The numbers of a job by which two imports are compared. */
export function countsOf({ state, linesTotal, linesDone, created, updated, unchanged, failed }: ImportJob) {
  return { state, linesTotal, linesDone, created, updated, unchanged, failed }
}

export async function rowsOf(pool: Pool, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await pool.query<Record<string, unknown>>(statement)).rows
}

/** Lines that nobody will read, each a product of its own. */
export function productLines(count: number, prefix = 'P'): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const key = `${prefix}-${String(i + 1).padStart(5, '0')}`
    const variants = [{ sku: `${key}-S`, prices: [{ channel: 'default', amount: 1_000 + i }], stock: i % 7 }]
    return JSON.stringify({
      key,
      status: 'active',
      brand: `Brand ${i % 5}`,
      categories: [['Clothing', `Kind ${i % 3}`]],
      title: `Product ${i}`,
      variants,
    })
  })
}

// Every table of the catalog with what means the same wherever it was written: keys for ids, no times, no revs.
const CATALOG = {
  products: `
    select p.key, b.slug as brand, p.status, p.i18n::text, p.attributes::text, p.media::text, p.tags, p.popularity, p.version, encode(p.content_hash, 'hex') as hash
    from product p left join brand b on b.id = p.brand_id order by p.key`,
  slugs: `select s.locale, s.slug, p.key, s.current from product_slug s join product p on p.id = s.product_id order by 1, 2`,
  versions: `select p.key, v.version, v.input::text, v.actor from product_version v join product p on p.id = v.product_id order by 1, 2`,
  variants: `
    select v.sku, p.key, v.position, v.options::text, v.attributes::text, v.gtin, s.quantity
    from variant v join product p on p.id = v.product_id left join stock s on s.variant_id = v.id order by 1`,
  prices: `
    select v.sku, c.code, amount_minor, compare_at_minor
    from price join variant v on v.id = variant_id join channel c on c.id = channel_id order by 1, 2`,
  categories: `select c.slug, c.name, c.i18n, p.slug as parent from category c left join category p on p.id = c.parent_id order by 1`,
  places: `
    select p.key, c.slug, pc.position
    from product_category pc join product p on p.id = product_id join category c on c.id = category_id order by 1, 2`,
  brands: `select slug, name from brand order by 1`,
  attributes: `select code, kind from attribute order by 1`,
  locales: `select code from locale order by 1`,
  documents: `select p.key, r.state, r.doc from read.product r join product p on p.id = r.product_id order by 1`,
  listings: `
    select p.key, ch.code, c.slug, l.price_minor, l.popularity, l.in_stock, l.manual_position, l.title_key,
      array(select ${FACET_TEXT} from unnest(l.facets) as f order by 1) as facets
    from read.listing l join product p on p.id = l.product_id join channel ch on ch.id = l.channel_id
      left join category c on c.id = l.category_id
    order by 1, 2, 3`,
  // Which products have their words marked hangs on their ids.
  search: `
    select p.key, s.locale, ts_delete(s.words, array(select w from unnest(tsvector_to_array(s.words)) as w where w like '${SAMPLE_MARK}%'))::text
    from read.search s join product p on p.id = s.product_id order by 1, 2`,
  changes: `select p.key, o.type, count(*)::int from outbox o join product p on p.id = o.product_id group by 1, 2 order by 1, 2`,
} as const

/** The whole catalog, comparable with that of another database. */
export async function catalogOf(pool: Pool): Promise<Record<string, readonly unknown[]>> {
  const tables: Record<string, readonly unknown[]> = {}
  for (const [name, statement] of Object.entries(CATALOG)) tables[name] = await rowsOf(pool, statement)
  return { ...tables, documents: (tables['documents'] ?? []).map((row) => withoutIds(row as { doc: string | null })) }
}

function withoutIds(row: { readonly doc: string | null }): unknown {
  const ids = ['id', 'createdAt', 'updatedAt']
  return { ...row, doc: row.doc === null ? null : JSON.parse(row.doc, (name, value: unknown) => (ids.includes(name) ? undefined : value)) }
}
