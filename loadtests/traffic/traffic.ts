/** What a fault run sends to the catalog, all at once: edits, independent readers, probes and chains; and what it keeps of the answers. */
import type { HttpClient } from '../http-client.ts'
import { createLatencies, type Latencies } from '../latency.ts'
import type { ChainRead } from '../oracle/chain-check.ts'
import { createCommitLog, type CommitLog } from '../oracle/commit-log.ts'
import { createReadLog, type ReadEntry, type ReadLog } from '../oracle/read-log.ts'
import type { Random } from '../random.ts'
import { failureOf, readAnswer } from './product-answer.ts'

interface QueryTarget {
  readonly name: string
  readonly origin: string
  /** Of probes and chains; readers have connections of their own. */
  readonly client: HttpClient
}

export interface TrafficLogs {
  readonly commits: CommitLog
  readonly reads: ReadLog
  readonly chainReads: ChainRead[]
  /** Due → answered. */
  readonly editLatencies: Latencies[]
  /** Acknowledged → a probe was answered with it, its own time included; by query process. */
  readonly visible: readonly Latencies[]
  /** Probes that gave up after 10 s. */
  neverVisible: number
  /** Answers that are none, by what they were: `read 503`, `edit: other side closed`. */
  readonly errors: Map<string, number>
  /** Reads that a query process refused before doing anything for them: 503 overloaded, with Retry-After. */
  refusedEarly: number
  /** Another product, no rev, a body of another rev than its header. */
  wrong: number
  readonly wrongAnswers: string[]
  /** Due while too many others were unanswered. */
  dropped: number
  /** Due → sent, of readers: how late the driver itself is. Nobody is charged for it. */
  readonly sentLate: Latencies
}

export interface Traffic {
  readonly queries: readonly QueryTarget[]
  readonly adminOrigin: string
  readonly adminKey: string
  /** The most popular first. */
  readonly products: readonly string[]
  /** One of them that writers leave alone, for a fault that concerns a single product. */
  readonly untouched: string
  readonly random: Random
  readonly logs: TrafficLogs
}

export interface Rates {
  /** Of all query processes together. */
  readonly readsPerSecond: number
  readonly editsPerSecond: number
}

const KEPT_ANSWERS = 5

export function createTrafficLogs(queryCount: number): TrafficLogs {
  return {
    commits: createCommitLog(),
    reads: createReadLog(),
    chainReads: [],
    editLatencies: [],
    visible: Array.from({ length: queryCount }, createLatencies),
    neverVisible: 0,
    errors: new Map(),
    refusedEarly: 0,
    wrong: 0,
    wrongAnswers: [],
    dropped: 0,
    sentLate: createLatencies(),
  }
}

export function countError(logs: TrafficLogs, what: string, count = 1): void {
  if (count > 0) logs.errors.set(what, (logs.errors.get(what) ?? 0) + count)
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly sentMs: number
  readonly receivedMs: number
}

/** @returns null for an answer that is no product: refused, or wrong */
export function keepAnswer(logs: TrafficLogs, asked: { product: string; process: number }, answer: Answer): ReadEntry | null {
  if (answer.status !== 200) {
    const failure = failureOf(answer)
    if (failure === null) logs.refusedEarly++
    else countError(logs, `read ${failure}`)
    return null
  }
  const read = readAnswer(asked.product, answer)
  if (typeof read === 'string') {
    logs.wrong++
    if (logs.wrongAnswers.length < KEPT_ANSWERS) logs.wrongAnswers.push(read)
    return null
  }
  const { product, process } = asked
  const { rev, edit, statedMs, hit, source } = read
  const entry = { product, process, rev, edit, statedMs, hit, source, sentMs: answer.sentMs, receivedMs: answer.receivedMs }
  logs.reads.add(entry)
  return entry
}

/** One read outside of the open loop. @returns null when it was not answered with the product */
export async function readOnce(
  { queries, logs }: Pick<Traffic, 'queries' | 'logs'>,
  asked: { product: string; process: number },
  token: string | null = null,
): Promise<{ entry: ReadEntry; token: string | null } | null> {
  try {
    const headers: Record<string, string> = token === null ? {} : { 'consistency-token': token }
    const answer = await queries[asked.process]!.client.send({ path: `/v1/products/${asked.product}`, headers })
    const entry = keepAnswer(logs, asked, answer)
    const next = answer.headers['consistency-token']
    return entry === null ? null : { entry, token: typeof next === 'string' ? next : null }
  } catch (error) {
    countError(logs, `read: ${(error as Error).message}`)
    return null
  }
}
