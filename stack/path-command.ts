/** Finds a command on PATH, as a shell would. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** @returns the full path, or null when no folder of PATH has it */
export function findCommand(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      continue
    }
  }
  return null
}
