/** A database that is asked only so much at a time: beyond that it counts as not available, and the next one is asked. */
import { CatalogError } from '../../shared/problem.ts'
import { createLimiter, type LimiterOptions } from './limiter.ts'
import type { SnapshotSource } from './snapshot-source.ts'

export function limitSource(source: SnapshotSource, options: LimiterOptions): SnapshotSource {
  const limiter = createLimiter(options)

  async function runOr<T>(refused: T, work: () => Promise<T>): Promise<T> {
    try {
      return await limiter.run(work)
    } catch (error) {
      if (error instanceof CatalogError && error.problem === 'overloaded') return refused
      throw error
    }
  }

  return {
    ...source,
    read: (statement) => runOr(null, () => source.read(statement)),
    hasReplayed: (lsn) => runOr(false, () => source.hasReplayed(lsn)),
  }
}
