/** The life of a program: parts start in order, end in reverse, each within a time limit; one clear sentence when the start fails. */
import type { Logger } from 'pino'
import { SettingsError } from './settings.ts'

const NODE_MAJOR = 24
const NODE_MINOR = 12
const PART_STOP_MS = 3_000
const TOTAL_STOP_MS = 9_000

export interface Lifecycle {
  /** Registers how a part ends; parts end in reverse order of registration. */
  onStop(name: string, stop: () => unknown): void
  /** Ends everything; safe to call twice. */
  stop(): Promise<void>
  /** Aborted when the stop begins: pass it to every background loop. */
  readonly signal: AbortSignal
}

export function createLifecycle(log: Pick<Logger, 'info' | 'error' | 'warn'>): Lifecycle {
  const parts: { name: string; stop: () => unknown }[] = []
  const abort = new AbortController()
  let stopping: Promise<void> | null = null

  async function stopAll(): Promise<void> {
    abort.abort()
    for (const part of parts.toReversed()) await stopPart(part)
  }

  async function stopPart(part: { name: string; stop: () => unknown }): Promise<void> {
    const timeout = AbortSignal.timeout(PART_STOP_MS)
    const late = new Promise<'late'>((resolve) => timeout.addEventListener('abort', () => resolve('late'), { once: true }))
    try {
      const ended = await Promise.race([Promise.resolve(part.stop()).then(() => 'ended' as const), late])
      if (ended === 'late') log.warn({ part: part.name, limitMs: PART_STOP_MS }, 'a part did not end in time and is left behind')
    } catch (error) {
      log.error({ err: error, part: part.name }, 'a part failed to end')
    }
  }

  return {
    onStop: (name, stop) => void parts.push({ name, stop }),
    stop: () => (stopping ??= stopAll()),
    signal: abort.signal,
  }
}

/** Ends `work` by rejection after `limitMs`; the work itself is told through the signal. */
export async function withTimeout<T>(limitMs: number, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(limitMs)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`${what} took longer than ${limitMs} ms`)), { once: true })
  })
  return await Promise.race([work(signal), late])
}

/** Waits, or returns at once when the signal is aborted. Never rejects. */
export async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, waitMs)
  const wake = () => resolve()
  signal.addEventListener('abort', wake, { once: true })
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', wake)
}

/**
 * Runs a program: checks Node, builds it, ends it on SIGINT and SIGTERM.
 * A SettingsError or any other failure of the start is one message on stderr and exit code 1.
 */
export function runProgram(name: string, start: () => Promise<Lifecycle>): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < NODE_MAJOR || (major === NODE_MAJOR && minor < NODE_MINOR)) {
    fail(`${name} needs Node >= ${NODE_MAJOR}.${NODE_MINOR}, found ${process.versions.node}`)
  }
  start().then(
    (lifecycle) => {
      const end = () => void endProgram(lifecycle)
      process.once('SIGINT', end)
      process.once('SIGTERM', end)
    },
    (error: unknown) => fail(error instanceof SettingsError ? error.message : `${name} did not start: ${describe(error)}`),
  )
}

async function endProgram(lifecycle: Lifecycle): Promise<void> {
  setTimeout(() => process.exit(1), TOTAL_STOP_MS).unref()
  await lifecycle.stop()
  process.exit(0)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
