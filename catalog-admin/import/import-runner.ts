/** Runs imports: claims the oldest job, writes it block by block, gives it back when the program stops. */
import { pause } from '../../shared/lifecycle.ts'
import { isUnavailable } from '../../shared/postgres.ts'
import { CatalogError } from '../../shared/problem.ts'
import { applyBlock, type BlockParts } from './apply-block.ts'
import { type Chunk, findChunk } from './import-chunk.ts'
import { problemOf } from './import-error.ts'
import {
  claimOldestJob,
  endJob,
  endLostUploads,
  finishJob,
  heartbeat,
  type ImportJob,
  LostJobError,
  OWNER_LOST_MS,
  releaseJob,
} from './import-job.ts'
import type { ImportMetrics } from './import-metrics.ts'
import type { Pacing } from './pacing.ts'
import { type ParsedBlock, parseBlock } from './parse-block.ts'

export interface ImportRunnerParts extends BlockParts {
  readonly pacing: Pacing
  /** Names this process, and no other that ever ran: a restarted one is another. */
  readonly owner: string
  /** A job that was not heard of for this long is taken over. Default 10,000. */
  readonly ownerLostMs?: number
  readonly metrics?: ImportMetrics
}

export interface ImportRunner {
  start(): void
  /** An upload has arrived: look for it now and not at the next poll. */
  wake(): void
  /** Resolves when the block in hand is committed and the job given back. */
  stop(): Promise<void>
}

const POLL_EVERY_MS = 500
const HEARTBEAT_EVERY_MS = 2_000
const RETRY_MAX_MS = 5_000
/** Claims of a job that did not get past its first block though the database answers; then it is given up. */
const MAX_TRIES = 10

/** How often in a row the same job was claimed at the same line. */
interface Tries {
  jobId: string
  line: number
  count: number
  /** Failures in a row to look for a job at all: the database is away, which is logged once. */
  lookFailures: number
}

export function createImportRunner(parts: ImportRunnerParts): ImportRunner {
  const stopping = new AbortController()
  let bell = new AbortController()
  let running: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    const tries: Tries = { jobId: '', line: 0, count: 0, lookFailures: 0 }
    while (!stopping.signal.aborted) {
      const result = await runOldestJob(parts, stopping.signal, tries)
      if (result === 'done') tries.count = 0
      if (result === 'idle') await pause(POLL_EVERY_MS, bell.signal)
      if (result === 'failed') await pause(Math.min(100 * 2 ** (tries.count + tries.lookFailures), RETRY_MAX_MS), bell.signal)
      if (!stopping.signal.aborted) bell = new AbortController()
    }
  }

  return {
    start: () => void (running = run()),
    wake: () => bell.abort(),
    stop: async () => {
      stopping.abort()
      bell.abort()
      await running
    },
  }
}

/** Never rejects. */
async function runOldestJob(parts: ImportRunnerParts, stopping: AbortSignal, tries: Tries): Promise<'done' | 'idle' | 'failed'> {
  const { pool, owner, log, ownerLostMs = OWNER_LOST_MS } = parts
  let job: ImportJob | null = null
  try {
    await endLostUploads(pool, ownerLostMs)
    job = await claimOldestJob(pool, owner, ownerLostMs)
    tries.lookFailures = 0
    if (job === null) return 'idle'
    countTry(tries, job)
    await runJob(parts, job, stopping)
    return 'done'
  } catch (error) {
    const importId = job?.id
    if (error instanceof LostJobError) {
      log.info({ importId }, 'an import was cancelled, or another process has it now')
      return 'done'
    }
    if (job !== null && tries.count >= MAX_TRIES && !isUnavailable(error)) return await giveUp(parts, job, error)
    if (job === null) tries.lookFailures += 1
    if (tries.lookFailures <= 1) log.warn({ err: error, importId }, 'an import could not go on and is tried again')
    return 'failed'
  }
}

function countTry(tries: Tries, job: ImportJob): void {
  tries.count = tries.jobId === job.id && tries.line === job.nextLine ? tries.count + 1 : 1
  tries.jobId = job.id
  tries.line = job.nextLine
}

async function giveUp({ pool, log }: ImportRunnerParts, job: ImportJob, error: unknown): Promise<'done' | 'failed'> {
  log.error({ err: error, importId: job.id }, `an import failed ${MAX_TRIES} times in a row and is given up`)
  const problem = problemOf(new CatalogError('internal', 'The import could not go on; what was applied before stays'))
  return await endJob(pool, job.id, 'failed', problem).then(
    () => 'done',
    () => 'failed',
  )
}

interface Block {
  readonly chunk: Chunk
  readonly parsed: ParsedBlock
}

async function loadBlock(parts: ImportRunnerParts, jobId: string, fromN: number, fromLine: number): Promise<Block | null> {
  const chunk = await findChunk(parts.pool, jobId, fromN, fromLine)
  return chunk === null ? null : { chunk, parsed: await parseBlock(chunk) }
}

/** Begun by the first call; what it throws waits for somebody to ask. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined
  return () => {
    if (begun === undefined) {
      begun = work()
      begun.catch(() => {})
    }
    return begun
  }
}

/** @throws LostJobError, or what PostgreSQL throws; every block before that is committed */
async function runJob(parts: ImportRunnerParts, job: ImportJob, stopping: AbortSignal): Promise<void> {
  const { pool, owner, pacing } = parts
  const pulse = startPulse(parts, job.id, stopping)
  try {
    let nextLine = job.nextLine
    let block = await loadBlock(parts, job.id, 0, nextLine)
    while (block !== null) {
      const { chunk, parsed } = block
      const next = once(() => loadBlock(parts, job.id, chunk.n + 1, chunk.firstLine + chunk.lineCount))
      await pacing.turn(pulse.signal, pulse.say)
      pulse.say(null)
      if (stopping.aborted) return await releaseJob(pool, job.id, owner)
      const begunMs = performance.now()
      const applied = await applyBlock(parts, { job, owner, from: nextLine, chunk, parsed, onSent: () => void next() })
      parts.metrics?.block(applied.outcome, (performance.now() - begunMs) / 1000)
      nextLine = applied.nextLine
      block = await next()
    }
    await finishJob(pool, job.id, owner)
  } finally {
    pulse.stop()
  }
}

/** Says every 2 s that this process has the job, and why it waits if it does. */
function startPulse({ pool, owner, metrics }: ImportRunnerParts, jobId: string, stopping: AbortSignal) {
  const lost = new AbortController()
  let reason: string | null = null

  async function beat(): Promise<void> {
    // A database that does not answer is the next statement's trouble; a job that is gone need not be waited for.
    const ours = await heartbeat(pool, jobId, owner, reason).catch(() => true)
    if (!ours) lost.abort()
  }

  const timer = setInterval(() => void beat(), HEARTBEAT_EVERY_MS)
  return {
    /** Aborted when there is nothing to wait for any more. */
    signal: AbortSignal.any([stopping, lost.signal]),
    say: (why: string | null) => {
      const begins = reason === null && why !== null
      reason = why
      metrics?.throttled(why !== null)
      if (begins) void beat()
    },
    stop: () => clearInterval(timer),
  }
}
