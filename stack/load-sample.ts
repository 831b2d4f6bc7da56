/** Loads the sample catalog into an empty catalog, once, as any client would: through the admin API. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sampleChannels } from './sample/sample-channels.ts'
import { sampleProducts } from './sample/sample-products.ts'

export interface SampleContext {
  readonly adminUrl: string
  readonly adminKey: string
  /** Holds the marker. */
  readonly dataDir: string
  readonly tell: (line: string) => void
  readonly progress: (line: string) => void
  readonly stopping: AbortSignal
}

interface ImportJob {
  readonly id: string
  readonly state: string
  readonly progress: { readonly lines: number | null; readonly done: number; readonly failed: number }
}

const MARKER = 'sample'
const ASK_MS = 10_000
const POLL_MS = 100
const LIMIT_MS = 120_000

/** Is it there, in whole, since an earlier start? */
export function hasSample(dataDir: string): boolean {
  return markerOf(dataDir) === 'loaded'
}

/**
 * A kill half way leaves the marker at "loading", and the next start loads it again: what is there already is unchanged.
 * @returns whether the sample is there now; false for a catalog that has products of its own
 */
export async function loadSample(context: SampleContext): Promise<boolean> {
  const { dataDir, tell } = context
  if (hasSample(dataDir)) return true
  if (markerOf(dataDir) === null && !(await isEmpty(context))) return false
  writeMarker(dataDir, 'loading')
  await makeChannels(context)
  const begunMs = performance.now()
  const job = await runImport(context)
  if (job.state !== 'succeeded') throw new Error(`The sample catalog could not be loaded: ${job.state}, ${await firstErrors(context, job)}`)
  writeMarker(dataDir, 'loaded')
  tell(`Sample catalog: ${job.progress.done} products in ${((performance.now() - begunMs) / 1000).toFixed(1)} s`)
  return true
}

function markerOf(dataDir: string): string | null {
  const path = join(dataDir, MARKER)
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

function writeMarker(dataDir: string, state: 'loading' | 'loaded'): void {
  writeFileSync(join(dataDir, MARKER), state)
}

async function isEmpty(context: SampleContext): Promise<boolean> {
  const { data } = await ask<{ data: unknown[] }>(context, 'GET', '/admin/v1/products?limit=1')
  return data.length === 0
}

async function makeChannels(context: SampleContext): Promise<void> {
  const { data } = await ask<{ data: { code: string }[] }>(context, 'GET', '/admin/v1/channels')
  const there = new Set(data.map(({ code }) => code))
  for (const channel of sampleChannels) {
    if (!there.has(channel.code))
      await ask(context, 'POST', '/admin/v1/channels', { type: 'application/json', body: JSON.stringify(channel) })
  }
}

async function runImport(context: SampleContext): Promise<ImportJob> {
  const lines = [...sampleProducts()].map((product) => `${JSON.stringify(product)}\n`)
  let job = await ask<ImportJob>(context, 'POST', '/admin/v1/imports', { type: 'application/x-ndjson', body: lines.join('') })
  const endMs = performance.now() + LIMIT_MS
  while (['uploading', 'validating', 'ready', 'running'].includes(job.state) && performance.now() < endMs) {
    context.stopping.throwIfAborted()
    context.progress(`Sample catalog: ${job.progress.done} of ${lines.length} products`)
    await sleep(POLL_MS)
    job = await ask<ImportJob>(context, 'GET', `/admin/v1/imports/${job.id}`)
  }
  return job
}

async function firstErrors(context: SampleContext, job: ImportJob): Promise<string> {
  const { data } = await ask<{ data: { line: number; problem: { detail: string } }[] }>(
    context,
    'GET',
    `/admin/v1/imports/${job.id}/errors`,
  )
  return data
    .slice(0, 3)
    .map(({ line, problem }) => `line ${line}: ${problem.detail}`)
    .join('; ')
}

/** @throws Error with the answer's own words when it is not 2xx */
async function ask<T>(context: SampleContext, method: string, path: string, content?: { type: string; body: string }): Promise<T> {
  const headers: Record<string, string> = { 'x-api-key': context.adminKey }
  if (content !== undefined) headers['content-type'] = content.type
  const response = await fetch(context.adminUrl + path, {
    method,
    headers,
    body: content?.body ?? null,
    signal: AbortSignal.any([context.stopping, AbortSignal.timeout(ASK_MS)]),
  })
  if (!response.ok)
    throw new Error(`The sample catalog could not be loaded: ${method} ${path} answered ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
