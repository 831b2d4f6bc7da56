/**
 * Sends requests when they are due, whether or not the earlier ones were answered, as independent readers do. A latency is
 * counted from the moment the request was due: a server that stalls is charged for everybody who would have been waiting
 * (coordinated omission, Gil Tene). What cannot be sent because too many are in flight is counted as dropped.
 */
import { Pool } from 'undici'
import { createLatencies, type Latencies } from './latency.ts'
import type { Random } from './random.ts'

export interface LoopRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface LoopAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** By performance.now(). */
  readonly dueMs: number
  readonly sentMs: number
  readonly receivedMs: number
}

export interface OpenLoopOptions {
  readonly origin: string
  /** Mean; arrivals are Poisson. */
  readonly ratePerSecond: number
  readonly durationMs: number
  /** Requests sent and not answered, at most. */
  readonly maxInFlight: number
  readonly random: Random
  /** Asked once for each request that is sent, in order. */
  readonly next: () => LoopRequest
  /** @returns what is wrong with the answer, or null */
  readonly check: (request: LoopRequest, answer: LoopAnswer) => string | null
  /** Of one request, default 10 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface OpenLoopResult {
  /** Of every answer, also of the wrong ones. */
  readonly latencies: Latencies
  readonly sent: number
  readonly dropped: number
  /** Wrong answers and failed requests. */
  readonly failed: number
  /** The first few of them, in words. */
  readonly failures: readonly string[]
  readonly elapsedMs: number
}

const TIMEOUT_MS = 10_000
const KEPT_FAILURES = 5

/** Ends when the last request that was sent is answered or has timed out. Never rejects for a request that fails. */
export async function runOpenLoop(options: OpenLoopOptions): Promise<OpenLoopResult> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const pool = new Pool(options.origin, {
    connections: options.maxInFlight,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connectTimeout: timeoutMs,
  })
  const latencies = createLatencies()
  const failures: string[] = []
  const inFlight = new Set<Promise<void>>()
  const counts = { sent: 0, dropped: 0, failed: 0 }
  const begunMs = performance.now()
  const endMs = begunMs + options.durationMs

  function fail(problem: string): void {
    counts.failed++
    if (failures.length < KEPT_FAILURES) failures.push(problem)
  }

  async function send(request: LoopRequest, dueMs: number): Promise<void> {
    const { problem, receivedMs } = await ask(pool, request, { dueMs, check: options.check })
    latencies.recordMs(receivedMs - dueMs)
    if (problem !== null) fail(`${request.method} ${request.path}: ${problem}`)
  }

  function arrive(dueMs: number): void {
    if (inFlight.size >= options.maxInFlight) {
      counts.dropped++
      return
    }
    const request = options.next()
    counts.sent++
    const sending = send(request, dueMs).finally(() => inFlight.delete(sending))
    inFlight.add(sending)
  }

  const gapMs = () => (-Math.log(1 - options.random()) * 1_000) / options.ratePerSecond
  let dueMs = begunMs + gapMs()
  while (dueMs < endMs && options.signal?.aborted !== true) {
    await waitUntil(dueMs)
    for (const nowMs = performance.now(); dueMs <= nowMs && dueMs < endMs; dueMs += gapMs()) arrive(dueMs)
  }
  await Promise.all(inFlight)
  const elapsedMs = performance.now() - begunMs
  await pool.close()
  return { latencies, ...counts, failures, elapsedMs }
}

interface Due {
  readonly dueMs: number
  readonly check: OpenLoopOptions['check']
}

async function ask(pool: Pool, request: LoopRequest, { dueMs, check }: Due): Promise<{ problem: string | null; receivedMs: number }> {
  const sentMs = performance.now()
  try {
    const { method, path, headers = {}, body = null } = request
    const response = await pool.request({ method, path, headers, body })
    const text = await response.body.text()
    const receivedMs = performance.now()
    const answer = { status: response.statusCode, headers: response.headers, body: text, dueMs, sentMs, receivedMs }
    return { problem: check(request, answer), receivedMs }
  } catch (error) {
    return { problem: (error as Error).message, receivedMs: performance.now() }
  }
}

/** A timer is late by a millisecond at most when the process is idle; what is due by then is sent at once, and charged. */
async function waitUntil(timeMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, Math.max(0, timeMs - performance.now()))
  await promise
}
