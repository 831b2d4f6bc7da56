/** Edits products at a steady pace while readers read them, and judges every single answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createFreshnessLog, type FreshnessLog } from './freshness-log.ts'
import type { HttpClient } from './http-client.ts'
import { createLatencies, type Latencies } from './latency.ts'
import type { Random } from './random.ts'
import { createTally, type ReadTally, watchAnswer } from './read-watch.ts'
import { createZipf } from './zipf.ts'

export interface EditOptions {
  readonly query: HttpClient
  readonly admin: HttpClient
  /** Of the products that are edited and read. */
  readonly ids: readonly string[]
  /** How often each product is edited. */
  readonly rounds: number
  readonly editsPerSecond: number
  readonly readers: number
  /** Of all readers together. */
  readonly readsPerSecond: number
  readonly exponent: number
  readonly random: Random
}

export interface EditFigures {
  /** Sent → answered. */
  readonly edits: Latencies
  /** Write answered → the first read that was answered with it, that read's own time included: never understated. */
  readonly visible: Latencies
  /** Edits that were refused, or never seen within 10 s. */
  readonly failedEdits: number
  /** Reads with the write's token that were answered something older. */
  readonly tokenReads: number
  readonly tokenMisses: number
  /** Answers of the edit's rev whose body is not what was written. */
  readonly wrongContents: number
  readonly failures: readonly string[]
  /** Of the readers. */
  readonly reads: ReadTally
  /** Of those who looked for an edit, and of everybody once more after the silence. */
  readonly looks: ReadTally
  readonly elapsedMs: number
}

/** Every fifth edit is read back once with its token; the others are looked for without, as everybody else reads. */
const TOKEN_EVERY = 5
const VISIBLE_LIMIT_MS = 10_000
const SILENCE_MS = 3_000
const KEPT_FAILURES = 5

export async function editWhileReading(options: EditOptions): Promise<EditFigures> {
  const state = createState(options)
  const begunMs = performance.now()
  const stop = new AbortController()
  const readers = Array.from({ length: options.readers }, () => readUntil(state, stop.signal))
  await editAll(state)
  stop.abort()
  await Promise.all(readers)
  const elapsedMs = performance.now() - begunMs
  // What is still wrong when nothing has happened for longer than the promise would stay wrong until its TTL.
  await sleep(SILENCE_MS)
  for (const id of options.ids) await readOnce(state, id, state.looks)
  return { ...state, ...state.counts, elapsedMs }
}

interface State {
  readonly options: EditOptions
  readonly log: FreshnessLog
  readonly edits: Latencies
  readonly visible: Latencies
  readonly reads: ReadTally
  readonly looks: ReadTally
  readonly failures: string[]
  readonly counts: { failedEdits: number; tokenReads: number; tokenMisses: number; wrongContents: number }
}

function createState(options: EditOptions): State {
  return {
    options,
    log: createFreshnessLog(),
    edits: createLatencies(),
    visible: createLatencies(),
    reads: createTally(),
    looks: createTally(),
    failures: [],
    counts: { failedEdits: 0, tokenReads: 0, tokenMisses: 0, wrongContents: 0 },
  }
}

function tell(state: State, failure: string): void {
  if (state.failures.length < KEPT_FAILURES) state.failures.push(failure)
}

async function readUntil(state: State, stop: AbortSignal): Promise<void> {
  const { ids, exponent, random, readers, readsPerSecond } = state.options
  const rank = createZipf(ids.length, exponent)
  const meanGapMs = (1_000 * readers) / readsPerSecond
  while (!stop.aborted) {
    await sleep(-Math.log(1 - random()) * meanGapMs, undefined, { signal: stop }).catch(() => {})
    if (!stop.aborted) await readOnce(state, ids[rank(random)]!, state.reads)
  }
}

interface Seen {
  readonly rev: number
  readonly body: string
  readonly receivedMs: number
}

/** @returns null for a wrong answer, which is counted */
async function readOnce(state: State, id: string, tally: ReadTally, headers: Record<string, string> = {}): Promise<Seen | null> {
  try {
    const answer = await state.options.query.send({ path: `/v1/products/${id}`, headers })
    const rev = watchAnswer(tally, { id, ...answer }, state.log)
    return rev === null ? null : { rev, body: answer.body, receivedMs: answer.receivedMs }
  } catch (error) {
    tally.reads++
    tally.wrong++
    tell(state, `${id} got no answer: ${(error as Error).message}`)
    return null
  }
}

/** At a steady pace, whether or not the earlier edits are answered. */
async function editAll(state: State): Promise<void> {
  const { ids, rounds, editsPerSecond } = state.options
  const begunMs = performance.now()
  const running: Promise<void>[] = []
  for (let n = 0; n < ids.length * rounds; n++) {
    await sleep(Math.max(0, begunMs + (n * 1_000) / editsPerSecond - performance.now()))
    running.push(editAndLook(state, ids[n % ids.length]!, n))
  }
  await Promise.all(running)
}

async function editAndLook(state: State, id: string, n: number): Promise<void> {
  try {
    const { rev, token, ackMs } = await edit(state, id, n)
    if (n % TOKEN_EVERY === 0) await readBack(state, id, { rev, token })
    else await lookFor(state, id, { rev, n, ackMs })
  } catch (error) {
    state.counts.failedEdits++
    tell(state, `The edit of ${id} failed: ${(error as Error).message}`)
  }
}

async function edit(state: State, id: string, n: number): Promise<{ rev: number; token: string; ackMs: number }> {
  const answer = await state.options.admin.send({
    method: 'PATCH',
    path: `/admin/v1/products/${id}`,
    headers: { 'content-type': 'application/merge-patch+json', 'if-match': '*' },
    body: JSON.stringify({ attributes: { demo_edit: n } }),
  })
  if (answer.status !== 200) throw new Error(`answered ${answer.status} ${answer.body.slice(0, 300)}`)
  const rev = Number(answer.headers['catalog-rev'])
  if (!Number.isSafeInteger(rev)) throw new Error(`answered Catalog-Rev "${String(answer.headers['catalog-rev'])}"`)
  state.log.acknowledged(id, rev, answer.receivedMs)
  state.edits.recordMs(answer.receivedMs - answer.sentMs)
  return { rev, token: String(answer.headers['consistency-token']), ackMs: answer.receivedMs }
}

async function readBack(state: State, id: string, { rev, token }: { rev: number; token: string }): Promise<void> {
  const seen = await readOnce(state, id, state.looks, { 'consistency-token': token })
  state.counts.tokenReads++
  if (seen === null || seen.rev >= rev) return
  state.counts.tokenMisses++
  tell(state, `A read of ${id} with the token of rev ${rev} was answered rev ${seen.rev}`)
}

async function lookFor(state: State, id: string, { rev, n, ackMs }: { rev: number; n: number; ackMs: number }): Promise<void> {
  while (performance.now() - ackMs < VISIBLE_LIMIT_MS) {
    const seen = await readOnce(state, id, state.looks)
    if (seen === null || seen.rev < rev) continue
    state.visible.recordMs(seen.receivedMs - ackMs)
    if (seen.rev === rev && !seen.body.includes(`"demo_edit":${n}`)) {
      state.counts.wrongContents++
      tell(state, `${id} has rev ${rev}, but not what was written with it`)
    }
    return
  }
  state.counts.failedEdits++
  tell(state, `The edit of ${id}, rev ${rev}, was not visible within ${VISIBLE_LIMIT_MS / 1_000} s`)
}
