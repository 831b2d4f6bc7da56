/** Edits at a steady rate, whether or not the earlier ones are answered, half of them to popular products. */
import { runOpenLoop, type LoopRequest } from '../open-loop.ts'
import type { Edit } from '../oracle/commit-log.ts'
import { below, chance } from '../random.ts'
import { createZipf } from '../zipf.ts'
import { EDIT_ATTRIBUTE } from './product-answer.ts'
import { countError, type Traffic } from './traffic.ts'

export interface WriterOptions {
  readonly ratePerSecond: number
  readonly durationMs: number
  readonly signal: AbortSignal
  /** After each acknowledgement. */
  readonly onWritten: (written: WrittenEdit) => void
}

export interface WrittenEdit {
  readonly edit: Edit
  readonly rev: number
  readonly acknowledgedMs: number
  /** null: the write is committed, but its token could not be read. */
  readonly token: string | null
}

const ZIPF_EXPONENT = 1
const POPULAR = 0.5
const MAX_IN_FLIGHT = 64
const TIMEOUT_MS = 10_000

export async function runWriters(traffic: Traffic, { ratePerSecond, durationMs, signal, onWritten }: WriterOptions): Promise<void> {
  const { random, logs, adminOrigin, adminKey } = traffic
  const products = traffic.products.filter((product) => product !== traffic.untouched)
  const rank = createZipf(products.length, ZIPF_EXPONENT)
  const edits = new WeakMap<LoopRequest, Edit>()
  const result = await runOpenLoop({
    origin: adminOrigin,
    ratePerSecond,
    durationMs,
    maxInFlight: MAX_IN_FLIGHT,
    timeoutMs: TIMEOUT_MS,
    random,
    signal,
    next: () => {
      const product = products[chance(random, POPULAR) ? rank(random) : below(random, products.length)]!
      const edit = logs.commits.begun(product)
      const request = editRequest(edit, adminKey)
      edits.set(request, edit)
      return request
    },
    check: (request, answer) => {
      const edit = edits.get(request)!
      if (answer.status !== 200) {
        countError(logs, `edit ${answer.status}`)
        return null
      }
      const rev = Number(answer.headers['catalog-rev'])
      logs.commits.acknowledged(edit, rev)
      const token = answer.headers['consistency-token']
      onWritten({ edit, rev, acknowledgedMs: edit.acknowledgedMs ?? 0, token: typeof token === 'string' ? token : null })
      return null
    },
  })
  logs.dropped += result.dropped
  logs.editLatencies.push(result.latencies)
  countError(logs, 'edit without an answer', result.failed)
}

function editRequest(edit: Edit, adminKey: string): LoopRequest {
  return {
    method: 'PATCH',
    path: `/admin/v1/products/${edit.product}`,
    headers: { 'content-type': 'application/merge-patch+json', 'if-match': '*', 'x-api-key': adminKey },
    body: JSON.stringify({ attributes: { [EDIT_ATTRIBUTE]: edit.number } }),
  }
}
