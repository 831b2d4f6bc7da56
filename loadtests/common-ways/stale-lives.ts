/** How long what is stale lives: from the first to the last answer of a process that showed it while it was known to be replaced. */
import type { ReadEntry } from '../oracle/read-log.ts'

export interface StaleLives {
  /** Told of each read in the order of the log, as judged. */
  add(read: ReadEntry, stalenessMs: number): void
  longestMs(): number
}

export function createStaleLives(): StaleLives {
  const lives = new Map<string, { firstMs: number; lastMs: number }>()
  return {
    add: ({ product, process, rev, sentMs }, stalenessMs) => {
      if (stalenessMs <= 0) return
      const key = `${process}/${product}/${rev}`
      const life = lives.get(key)
      if (life === undefined) lives.set(key, { firstMs: sentMs, lastMs: sentMs })
      else {
        // Answers are logged as they arrive, which is not the order in which they were asked for.
        life.firstMs = Math.min(life.firstMs, sentMs)
        life.lastMs = Math.max(life.lastMs, sentMs)
      }
    },
    longestMs: () => {
      let longestMs = 0
      for (const { firstMs, lastMs } of lives.values()) longestMs = Math.max(longestMs, lastMs - firstMs)
      return longestMs
    },
  }
}
