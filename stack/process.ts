/** Child processes under a supervisor: own process group, output in a file, an end within a time limit. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The user that a process runs as; null for our own. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

export interface ProcessOptions {
  /** For messages. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly runAs?: RunAs | null
  /** Takes stdout and stderr, appended. */
  readonly logPath: string
  readonly stopSignal?: NodeJS.Signals
  /** How long it may take to end after the signal, in milliseconds, before SIGKILL. */
  readonly stopMs?: number
  readonly track?: TrackProcess | undefined
}

/** Is told of a process as soon as it runs, long before it is ready. */
export type TrackProcess = (process: RunningProcess) => void

export interface RunningProcess {
  readonly name: string
  readonly pid: number
  readonly stopSignal: NodeJS.Signals
  /** Resolves, never rejects, with a few words on how it ended. */
  readonly exited: Promise<string>
  hasExited(): boolean
  stop(): Promise<void>
}

const STOP_MS = 5_000
const ENDED_WELL = 'ended with code 0'
const TAIL_BYTES = 4_000
const TAIL_LINES = 4

/** @throws Error when the command cannot be run at all */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const log = openSync(options.logPath, 'a')
  // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then ends the parts in order.
  const child = spawn(options.command, options.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.runAs,
  })
  closeSync(log)
  let ended = false
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) => reject(new Error(`${options.name} cannot be run: ${error.message}`, { cause: error })))
  })
  const pid = child.pid ?? 0
  const stopSignal = options.stopSignal ?? 'SIGTERM'
  const running: RunningProcess = {
    name: options.name,
    pid,
    stopSignal,
    exited,
    hasExited: () => ended,
    stop: async () => {
      if (ended) return
      signalGroup(pid, stopSignal, false)
      await Promise.race([exited, sleep(options.stopMs ?? STOP_MS, undefined, { ref: false })])
      if (!ended) signalGroup(pid, 'SIGKILL', true)
      await exited
    },
  }
  options.track?.(running)
  return running
}

/** Runs a command that ends by itself. @throws Error with the end of its log when it does not end well, or not within `limitMs` */
export async function runToEnd(options: ProcessOptions, limitMs: number): Promise<void> {
  const command = await startProcess(options)
  const limit = setTimeout(() => void command.stop(), limitMs)
  const how = await command.exited
  clearTimeout(limit)
  if (how !== ENDED_WELL) throw new Error(`${options.name} ${how}: ${logTail(options.logPath)}`)
}

/** @param wholeGroup postmasters end their own children and must be the only one told */
export function signalGroup(pid: number, signal: NodeJS.Signals, wholeGroup: boolean): void {
  try {
    process.kill(wholeGroup ? -pid : pid, signal)
  } catch {
    // It ended in the meantime.
  }
}

/** The end of a log in a line, for a message about a process that did not start: an uncaught error's own line where there is one. */
export function logTail(logPath: string, maxLines: number = TAIL_LINES): string {
  const lines = readOr(logPath, '').slice(-TAIL_BYTES).trim().split('\n').map(withoutJson)
  const uncaught = lines.findLast((line) => UNCAUGHT_ERROR.test(line))
  return uncaught ?? lines.slice(-maxLines).join(' | ')
}

const UNCAUGHT_ERROR = /^(Uncaught )?\w*Error( \[\w+\])?: /

/** A program's log has JSON lines; a person wants their words. */
function withoutJson(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const entry = JSON.parse(line) as { msg?: string; err?: { message?: string } }
    return [entry.msg, entry.err?.message].filter(Boolean).join(': ')
  } catch {
    return line
  }
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return fallback
  }
}

/**
 * Waits until `check` says true, asking every `everyMs`.
 * @throws Error when the process ends first, or after `limitMs`; both with the end of its log
 */
export async function waitUntilReady(
  process: RunningProcess,
  check: () => Promise<boolean>,
  options: { limitMs: number; everyMs: number; logPath: string },
): Promise<void> {
  const endMs = performance.now() + options.limitMs
  while (!(await check())) {
    if (process.hasExited()) throw new Error(`${process.name} ${await process.exited}: ${logTail(options.logPath)}`)
    if (performance.now() > endMs) {
      await process.stop()
      throw new Error(`${process.name} was not ready after ${options.limitMs / 1000} s: ${logTail(options.logPath)}`)
    }
    await sleep(options.everyMs)
  }
}
