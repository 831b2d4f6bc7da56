/** A part of the cluster that can be frozen, killed and started again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup, type RunningProcess } from '../../stack/process.ts'

export interface Part {
  readonly name: string
  /** Starts it and waits until it serves. */
  start(): Promise<void>
  /** Of every process it consists of, now. */
  pids(): readonly number[]
  /** SIGKILL, as a host that loses power; resolves when it is gone. */
  kill(): Promise<void>
}

const ROUNDS = 3
const ROUND_MS = 5

/** SIGSTOP: it accepts connections and does nothing. A process that it forked meanwhile is caught by another round. */
export async function freezePart(part: Part): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    signalAll(part, 'SIGSTOP')
    await sleep(ROUND_MS)
  }
}

export function wakePart(part: Part): void {
  signalAll(part, 'SIGCONT')
}

export function signalAll(part: Part, signal: NodeJS.Signals): void {
  for (const pid of part.pids()) signalGroup(pid, signal, false)
}

/** A part that is one process. @param start starts it and waits until it serves @param first when it runs already */
export function createPart(name: string, start: () => Promise<RunningProcess>, first: RunningProcess | null = null): Part {
  let running = first
  return {
    name,
    start: async () => {
      running = await start()
    },
    pids: () => (running === null || running.hasExited() ? [] : [running.pid]),
    kill: async () => {
      if (running === null || running.hasExited()) return
      signalGroup(running.pid, 'SIGKILL', true)
      await running.exited
    },
  }
}
