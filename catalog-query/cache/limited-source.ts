/** A database that is asked only so much at a time: beyond that it counts as not available, and the next one is asked. */
import { CatalogError } from '../../shared/problem.ts'
import { createLimiter, type LimiterOptions } from './limiter.ts'
import type { SnapshotSource } from './snapshot-source.ts'

export function limitSource(source: SnapshotSource, options: LimiterOptions): SnapshotSource {
  const limiter = createLimiter(options)

  async function runOr<T>(refused: T, work: () => Promise<T>): Promise<T> {
    let begun = false
    try {
      return await limiter.run(() => {
        begun = true
        return work()
      })
    } catch (error) {
      // Refused by the queue, that is: what the database itself refuses as too much, it would be for the next one too.
      if (!begun && error instanceof CatalogError && error.problem === 'overloaded') return refused
      throw error
    }
  }

  return {
    ...source,
    read: (statement) => runOr(null, () => source.read(statement)),
    hasReplayed: (lsn) => runOr(false, () => source.hasReplayed(lsn)),
  }
}
