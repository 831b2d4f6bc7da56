/** One of the catalog's programs as a part: started as an operator would, ready when its /readyz says so. */
import { join } from 'node:path'
import { LOOPBACK } from '../../stack/port.ts'
import { startProcess, waitUntilReady, type RunningProcess } from '../../stack/process.ts'
import { createPart, type Part } from './part.ts'

export interface ProgramOptions {
  readonly name: string
  /** Relative to the repository. */
  readonly main: string
  readonly env: Readonly<Record<string, string>>
  readonly opsPort: number
  readonly logPath: string
  readonly track: (process: RunningProcess) => void
  /** How far its clock is ahead of everybody else's, milliseconds. */
  readonly clockAheadMs: number
  /** Asked at each start: another program in its place, with settings in addition; null: none. */
  readonly substitute?: (() => Substitute | null) | undefined
}

export interface Substitute {
  /** Relative to the repository. */
  readonly main: string
  readonly env: Readonly<Record<string, string>>
}

export interface Program extends Part {
  readonly opsOrigin: string
}

const REPOSITORY = join(import.meta.dirname, '../..')
const ALIVE_MS = 60_000
const STOP_MS = 4_000
const ASK_MS = 2_000

/** What it depends on may be away: it is started when it lives. */
export function createProgram(options: ProgramOptions): Program {
  const opsOrigin = `http://${LOOPBACK}:${options.opsPort}`
  const skew = options.clockAheadMs === 0 ? [] : ['--import', join(import.meta.dirname, 'skewed-clock.ts')]
  const part = createPart(options.name, async () => {
    const { main, env } = options.substitute?.() ?? { main: options.main, env: {} }
    const started = await startProcess({
      name: options.name,
      command: process.execPath,
      args: [...skew, join(REPOSITORY, main)],
      env: {
        PATH: process.env['PATH'],
        HOST: LOOPBACK,
        LOG_PER_MILLE: '0',
        CLOCK_AHEAD_MS: String(options.clockAheadMs),
        ...options.env,
        ...env,
      },
      logPath: options.logPath,
      stopMs: STOP_MS,
    })
    options.track(started)
    await waitUntilReady(started, () => answersWell(`${opsOrigin}/livez`), { limitMs: ALIVE_MS, everyMs: 50, logPath: options.logPath })
    return started
  })
  return { ...part, opsOrigin }
}

export async function isReady(program: Program): Promise<boolean> {
  return await answersWell(`${program.opsOrigin}/readyz`)
}

async function answersWell(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).ok
  } catch {
    return false
  }
}
