/** Sends a file to the import of the admin API and follows it to its end. */
import { createReadStream, existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { generateLines } from './generate-products.ts'
import type { HttpClient } from './http-client.ts'

export interface ImportSource {
  readonly name: string
  /** NDJSON, gzipped. */
  readonly open: () => Readable
}

export interface ImportFigures {
  readonly name: string
  readonly done: number
  readonly failed: number
  readonly state: string
  /** From the first byte of the upload to the end of the job as a client sees it. */
  readonly seconds: number
}

interface ImportJob {
  readonly id: string
  readonly state: string
  readonly progress: { readonly lines: number | null; readonly done: number; readonly failed: number }
}

const POLL_MS = 100
const LIMIT_MS = 15 * 60_000
const OPEN_STATES = new Set(['uploading', 'validating', 'ready', 'running'])

/** Real products that lie beside the repository on some machines (its README says where they are from). */
export const DATA_FOLDER = join(import.meta.dirname, '../../shared/data')
const DATA_FILES = ['icecat.ndjson.gz', 'bestbuy.ndjson.gz', 'pcparts.ndjson.gz']
const GENERATED_PRODUCTS = 20_000
const GENERATED_SEED = 7

/** The real files where they are, else a generated catalog. */
export function findSources(): readonly ImportSource[] {
  const files = DATA_FILES.map((name) => join(DATA_FOLDER, name)).filter((path) => existsSync(path))
  return files.length > 0 ? files.map(fileSource) : [generatedSource()]
}

export function fileSource(path: string): ImportSource {
  const gzipped = path.endsWith('.gz')
  return { name: basename(path), open: () => (gzipped ? createReadStream(path) : createReadStream(path).pipe(createGzip({ level: 1 }))) }
}

export function generatedSource(products: number = GENERATED_PRODUCTS, seed: number = GENERATED_SEED): ImportSource {
  const shape = { products, seed }
  return {
    name: `${products} generated products`,
    open: () => Readable.from(generateLines(shape)).pipe(createGzip({ level: 1 })),
  }
}

/** @param limitMs for upload and job together. @throws Error when the upload is refused, or the job has not ended by then */
export async function runImport(admin: HttpClient, source: ImportSource, limitMs: number = LIMIT_MS): Promise<ImportFigures> {
  const begunMs = performance.now()
  let job = await admin.getJson<ImportJob>({
    method: 'POST',
    path: '/admin/v1/imports',
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    body: source.open(),
  })
  while (OPEN_STATES.has(job.state)) {
    if (performance.now() - begunMs > limitMs)
      throw new Error(`The import of ${source.name} has not ended within ${limitMs / 60_000} minutes`)
    await sleep(POLL_MS)
    job = await admin.getJson<ImportJob>({ path: `/admin/v1/imports/${job.id}` })
  }
  const seconds = (performance.now() - begunMs) / 1_000
  return { name: source.name, done: job.progress.done, failed: job.progress.failed, state: job.state, seconds }
}
