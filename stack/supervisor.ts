/** Keeps a process running: when it ends by itself it is started again, after a wait that grows to ten seconds. */
import { pause } from '../shared/lifecycle.ts'
import type { RunningProcess } from './process.ts'

export interface SuperviseOptions {
  readonly name: string
  /** Starts it and waits until it is ready. */
  readonly start: () => Promise<RunningProcess>
  /** Told, in a line, of every end and every new start. */
  readonly tell: (line: string) => void
  /** Aborted: it is left alone from then on. */
  readonly stopping: AbortSignal
}

export interface Supervised {
  /** Ends the process, so that it is started again. */
  restart(): Promise<void>
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000
/** One that ran this long is not in a loop of failures. */
const STEADY_MS = 30_000

/** @throws what the first start throws; later failures are told and tried again */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  let current = await options.start()
  void keepRunning(options, current, (process) => (current = process))
  return { restart: () => current.stop() }
}

async function keepRunning(options: SuperviseOptions, first: RunningProcess, use: (process: RunningProcess) => void): Promise<void> {
  const { name, tell, stopping } = options
  let process: RunningProcess | null = first
  let begunMs = performance.now()
  let failures = 0
  while (true) {
    const how: string = process === null ? 'did not start' : await process.exited
    if (stopping.aborted) return
    failures = performance.now() - begunMs > STEADY_MS ? 0 : failures + 1
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1))
    tell(`${name} ${how}; it is started again in ${waitMs / 1000} s`)
    await pause(waitMs, stopping)
    if (stopping.aborted) return
    begunMs = performance.now()
    process = await startAgain(options)
    if (process !== null) use(process)
  }
}

async function startAgain({ name, start, tell, stopping }: SuperviseOptions): Promise<RunningProcess | null> {
  try {
    const process = await start()
    tell(`${name} runs again`)
    return process
  } catch (error) {
    if (!stopping.aborted) tell(error instanceof Error ? error.message : String(error))
    return null
  }
}
