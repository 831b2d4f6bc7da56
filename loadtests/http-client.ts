/** One origin over kept-alive connections: a request in, its whole answer out, with the times of both. */
import type { Readable } from 'node:stream'
import { Pool } from 'undici'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** By performance.now(). */
  readonly sentMs: number
  readonly receivedMs: number
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Readable
}

export interface HttpClient extends AsyncDisposable {
  /** Of any status. @throws Error when there is no answer */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** @throws Error with the answer's own words unless it is 2xx */
  getJson<T>(request: HttpRequest): Promise<T>
}

/** @param headers sent with every request */
export function createHttpClient(origin: string, connections: number, headers: Readonly<Record<string, string>> = {}): HttpClient {
  // An upload is answered when it has been stored: that may take minutes.
  const pool = new Pool(origin, { connections, pipelining: 1, connectTimeout: 5_000, headersTimeout: 300_000, bodyTimeout: 30_000 })

  async function send(request: HttpRequest): Promise<HttpAnswer> {
    const sentMs = performance.now()
    const { method = 'GET', path, body = null } = request
    const response = await pool.request({ method, path, headers: { ...headers, ...request.headers }, body })
    const text = await response.body.text()
    return { status: response.statusCode, headers: response.headers, body: text, sentMs, receivedMs: performance.now() }
  }

  return {
    send,
    getJson: async (request) => {
      const answer = await send(request)
      if (answer.status >= 200 && answer.status < 300) return JSON.parse(answer.body)
      throw new Error(`${request.method ?? 'GET'} ${origin}${request.path} answered ${answer.status}: ${answer.body.slice(0, 500)}`)
    },
    [Symbol.asyncDispose]: () => pool.close(),
  }
}
