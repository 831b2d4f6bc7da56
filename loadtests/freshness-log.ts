/**
 * What the writer knows, to judge every read by: the staleness of a read is the time it was sent minus the
 * acknowledgement of the oldest commit that its answer misses (docs/consistency.md). All times are of one clock,
 * performance.now() of the process that both writes and reads, so no two hosts' clocks are compared.
 */

export interface FreshnessLog {
  /** A write was answered. @param atMs when the answer arrived, which is after the commit: staleness is never overstated */
  acknowledged(id: string, rev: number, atMs: number): void
  /** 0 when the answer misses nothing that was acknowledged before the read was sent. */
  stalenessMs(id: string, rev: number, sentMs: number): number
}

export function createFreshnessLog(): FreshnessLog {
  const commits = new Map<string, { readonly rev: number; readonly atMs: number }[]>()
  return {
    acknowledged: (id, rev, atMs) => {
      const known = commits.get(id)
      if (known === undefined) commits.set(id, [{ rev, atMs }])
      else known.push({ rev, atMs })
    },
    // In order of acknowledgement: the first that is missed is the oldest. Two writers may be answered in another order than they committed.
    stalenessMs: (id, rev, sentMs) => {
      const missed = commits.get(id)?.find((commit) => commit.rev > rev)
      return missed === undefined ? 0 : Math.max(0, sentMs - missed.atMs)
    },
  }
}
