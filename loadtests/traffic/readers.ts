/** Independent readers of one query process: open loop, by Zipf's law, every fourth of them after a product that was just written. */
import { runOpenLoop, type LoopRequest } from '../open-loop.ts'
import { chance } from '../random.ts'
import { createZipf } from '../zipf.ts'
import type { RecentWrites } from './recent-writes.ts'
import { countError, keepAnswer, type Traffic } from './traffic.ts'

export interface ReaderOptions {
  readonly process: number
  readonly ratePerSecond: number
  readonly durationMs: number
  readonly recent: RecentWrites
  readonly signal: AbortSignal
}

const ZIPF_EXPONENT = 1
const AFTER_WRITE = 0.25
const MAX_IN_FLIGHT = 128
/** A process that is frozen for longer is not waited for. */
const TIMEOUT_MS = 8_000

export async function runReaders(traffic: Traffic, { process, ratePerSecond, durationMs, recent, signal }: ReaderOptions): Promise<void> {
  const { random, products, logs, queries } = traffic
  const rank = createZipf(products.length, ZIPF_EXPONENT)
  const productOf = (request: LoopRequest) => request.path.slice(request.path.lastIndexOf('/') + 1)
  const result = await runOpenLoop({
    origin: queries[process]!.origin,
    ratePerSecond,
    durationMs,
    maxInFlight: MAX_IN_FLIGHT,
    timeoutMs: TIMEOUT_MS,
    random,
    signal,
    next: () => {
      const product = (chance(random, AFTER_WRITE) ? recent.pick(random) : null) ?? products[rank(random)]!
      return { method: 'GET', path: `/v1/products/${product}` }
    },
    // Everything that was answered is judged later: here it is only written down.
    check: (request, answer) => {
      keepAnswer(logs, { product: productOf(request), process }, answer)
      return null
    },
  })
  logs.dropped += result.dropped
  countError(logs, `read: ${failureKind(result.failures)}`, result.failed)
}

function failureKind(failures: readonly string[]): string {
  return failures[0]?.replace(/^.*: /, '') ?? 'failed'
}
