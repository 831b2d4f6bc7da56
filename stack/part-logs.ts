/** A log for each part, bounded: the last start's is kept beside this one's, and one that grows too long gives way. */
import { copyFileSync, readdirSync, renameSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

const LONGEST_BYTES = 32 * 1024 * 1024
const CHECK_MS = 30_000

/** `NAME.log` becomes `NAME.log.1`; the parts make new ones. */
export function setLogsAside(folder: string): void {
  for (const name of logNames(folder)) renameSync(join(folder, name), join(folder, `${name}.1`))
}

/** Looks every 30 s until `stopping`. Parts append to their files, so they go on at the new beginning. */
export function boundLogs(folder: string, stopping: AbortSignal): void {
  const timer = setInterval(() => {
    for (const path of logNames(folder).map((name) => join(folder, name))) {
      if (statSync(path).size < LONGEST_BYTES) continue
      copyFileSync(path, `${path}.1`)
      truncateSync(path)
    }
  }, CHECK_MS)
  timer.unref()
  stopping.addEventListener('abort', () => clearInterval(timer), { once: true })
}

function logNames(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.log'))
}
