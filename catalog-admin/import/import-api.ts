/** The calls that the import client makes, by node:http: an upload may take longer than fetch would wait for its answer. */
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { ImportConfig } from './config.ts'
import type { FailedLine } from './import-error.ts'
import { IMPORTS_PATH } from './import-state.ts'
import type { ImportView } from './import-view.ts'

/** Said in one sentence; the exit code is 2. */
export class ImportFailure extends Error {}
/** The server is not there, is too busy, or wants fewer requests: it may answer in a moment. */
export class NotNow extends ImportFailure {
  /** How long it asks us to wait. */
  readonly waitMs: number

  constructor(message: string, waitMs: number, cause?: unknown) {
    super(message, { cause })
    this.waitMs = waitMs
  }
}

export interface ImportApi {
  /** Sends the file to its end. @returns the job that was made of it */
  upload(file: Readable, gzipped: boolean, signal: AbortSignal): Promise<ImportView>
  find(id: string): Promise<ImportView>
  cancel(id: string): Promise<ImportView>
  firstErrors(id: string, limit: number): Promise<readonly FailedLine[]>
}

const CALL_MS = 15_000

type Target = Pick<ImportConfig, 'url' | 'key' | 'mode' | 'dryRun'>

/** All of them @throws NotNow, or ImportFailure with what the server answered */
export function createImportApi(target: Target): ImportApi {
  async function call<T>(method: string, path: string): Promise<T> {
    const request = openRequest(target, method, path, {})
    request.setTimeout(CALL_MS, () => request.destroy(new Error(`no answer within ${CALL_MS / 1000} s`)))
    request.end()
    return await answerOf<T>(target, request)
  }

  return {
    upload: async (file, gzipped, signal) => {
      const query = new URLSearchParams({ mode: target.mode, dryRun: String(target.dryRun) })
      const encoding: Record<string, string> = gzipped ? { 'content-encoding': 'gzip' } : {}
      const headers = { 'content-type': 'application/x-ndjson', ...encoding }
      const request = openRequest(target, 'POST', `${IMPORTS_PATH}?${query.toString()}`, headers)
      const answer = answerOf<ImportView>(target, request)
      answer.catch(() => {})
      // A server that refuses answers before the end and may close: then its answer counts, not the broken pipe.
      const sent = pipeline(file, request, { signal })
      await Promise.race([sent, answer]).catch((error: Error & { syscall?: string }) => {
        if (signal.aborted) throw error
        if (error.syscall === 'read') throw new ImportFailure(`The file cannot be read: ${error.message}`, { cause: error })
      })
      return await answer
    },
    find: (id) => call('GET', `${IMPORTS_PATH}/${id}`),
    cancel: (id) => call('POST', `${IMPORTS_PATH}/${id}/cancel`),
    firstErrors: async (id, limit) => (await call<{ data: FailedLine[] }>('GET', `${IMPORTS_PATH}/${id}/errors?limit=${limit}`)).data,
  }
}

function openRequest({ url, key }: Target, method: string, path: string, headers: Record<string, string>): ClientRequest {
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  return request(url + path, { method, headers: { ...headers, 'x-api-key': key } })
}

async function answerOf<T>({ url }: Target, request: ClientRequest): Promise<T> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', (error) => reject(new NotNow(`The admin server at ${url} cannot be reached: ${describe(error)}`, 0, error)))
  })
  const body = await text(response)
  if (response.statusCode !== undefined && response.statusCode < 300) return JSON.parse(body) as T
  const message = `The server answered ${response.statusCode}: ${detailOf(body)}`
  const retryAfter = Number(response.headers['retry-after'])
  throw retryAfter > 0 ? new NotNow(message, retryAfter * 1_000) : new ImportFailure(message)
}

function describe(error: Error & { code?: string }): string {
  return error.code === 'ECONNREFUSED' ? 'nobody listens there (npm start starts it)' : error.message || (error.code ?? 'no reason given')
}

function detailOf(body: string): string {
  try {
    const { detail, title } = JSON.parse(body) as { detail?: string; title?: string }
    return detail ?? title ?? body.slice(0, 200)
  } catch {
    return body.slice(0, 200) || 'nothing more'
  }
}
