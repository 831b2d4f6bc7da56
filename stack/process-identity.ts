/** What names a process for good: a pid is used again, a pid with the moment of its start is not. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The boot and the clock tick a process began in; empty when there is no such process. */
export function startTime(pid: number): string {
  const ticks = statFields(pid)[19]
  return ticks === undefined ? '' : `${bootId()}:${ticks}`
}

/** A zombie is not alive: it holds nothing any more. */
export function isAlive(pid: number): boolean {
  return !['Z', undefined].includes(statFields(pid)[0])
}

/** @returns those processes, ours or not, that work in a folder: every process of a PostgreSQL sits in its data folder */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => workingFolder(pid) === folder && isAlive(pid))
}

/** @returns those that still run after `limitMs` */
export async function waitUntilGone(pids: readonly number[], limitMs: number): Promise<number[]> {
  const endMs = performance.now() + limitMs
  let left = pids.filter(isAlive)
  while (left.length > 0 && performance.now() < endMs) {
    await sleep(20)
    left = left.filter(isAlive)
  }
  return left
}

/** What follows the name in /proc/PID/stat, the state first; empty when there is no such process. */
function statFields(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return []
  }
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
