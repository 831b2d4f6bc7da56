/** CPU time of processes, from /proc (Linux): in steps of 10 ms, so it is worth something over many requests only. */
import { readdirSync, readFileSync } from 'node:fs'

const TICK_MS = 10

/** Of a process and of all its children, those that have ended included, milliseconds. */
export function cpuMs(pid: number): number {
  const own = statOf(pid)
  if (own === null) return 0
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== null && stat.parent === pid)
  return (own.ticks + own.endedTicks + children.reduce((sum, child) => sum + (child?.ticks ?? 0), 0)) * TICK_MS
}

interface Stat {
  readonly parent: number
  readonly ticks: number
  /** Of children that were waited for. */
  readonly endedTicks: number
}

/** @returns null for one that has ended */
function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name, in parentheses, may hold blanks; what follows has none (proc(5)): state, parent, …, utime, stime, cutime, cstime.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const at = (i: number) => fields[i] ?? 0
    return { parent: at(1), ticks: at(11) + at(12), endedTicks: at(13) + at(14) }
  } catch {
    return null
  }
}
