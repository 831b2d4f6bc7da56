/** The processes of one start: ended together, and written down so that the next start finds what a kill -9 left. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, startTime, waitUntilGone } from './process-identity.ts'
import { signalGroup, type RunningProcess, type TrackProcess } from './process.ts'

/** Programs use parts, so they end first. */
type Stage = 'program' | 'part'

export interface ProcessBook {
  track(stage: Stage): TrackProcess
  /** Aborted when the end begins: nothing is started again from then on. */
  readonly stopping: AbortSignal
  /** Ends everything, within 9.5 s. Safe to call twice. */
  stop(): Promise<void>
  /** Ends everything at once, for a process that can wait for nothing. */
  killNow(): void
}

interface Entry {
  readonly name: string
  readonly pid: number
  readonly begun: string
  readonly stopSignal: NodeJS.Signals
}

const TOTAL_STOP_MS = 9_000
const LEFTOVER_STOP_MS = 6_000

/** @param folder where the processes are written down, a file each */
export function createProcessBook(folder: string): ProcessBook {
  const running: Record<Stage, Set<RunningProcess>> = { program: new Set(), part: new Set() }
  const abort = new AbortController()
  let stopped: Promise<void> | null = null

  function track(stage: Stage, started: RunningProcess): void {
    running[stage].add(started)
    const path = join(folder, String(started.pid))
    const entry: Entry = { name: started.name, pid: started.pid, begun: startTime(started.pid), stopSignal: started.stopSignal }
    writeFileSync(path, JSON.stringify(entry))
    void started.exited.then(() => {
      running[stage].delete(started)
      rmSync(path, { force: true })
    })
    // Whoever waits for it to be ready sees it end.
    if (abort.signal.aborted) void started.stop()
  }

  async function stopAll(): Promise<void> {
    abort.abort()
    const ended = (async () => {
      for (const stage of ['program', 'part'] as const) await Promise.all([...running[stage]].map((part) => part.stop()))
    })()
    await Promise.race([ended, sleep(TOTAL_STOP_MS, undefined, { ref: false })])
    killNow()
  }

  function killNow(): void {
    abort.abort()
    for (const part of [...running.program, ...running.part]) signalGroup(part.pid, 'SIGKILL', true)
  }

  return {
    track: (stage) => (started) => track(stage, started),
    stopping: abort.signal,
    stop: () => (stopped ??= stopAll()),
    killNow,
  }
}

/** Ends what an earlier start, killed, left running. @returns how many there were */
export async function endLeftovers(folder: string): Promise<number> {
  const left = readdirSync(folder)
    .map((name) => readEntry(join(folder, name)))
    .filter((entry) => entry !== null)
    .filter(({ pid, begun }) => begun !== '' && startTime(pid) === begun && isAlive(pid))
  for (const { pid, stopSignal } of left) {
    // One that was frozen hears no signal.
    signalGroup(pid, 'SIGCONT', true)
    signalGroup(pid, stopSignal, false)
  }
  const pids = left.map(({ pid }) => pid)
  for (const pid of await waitUntilGone(pids, LEFTOVER_STOP_MS)) signalGroup(pid, 'SIGKILL', true)
  await waitUntilGone(pids, LEFTOVER_STOP_MS)
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true })
  return left.length
}

/** @returns null for a file that the kill left half written: its process had just begun */
function readEntry(path: string): Entry | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Entry
  } catch {
    return null
  }
}
