/**
 * What the writer knows: of every edit when it was sent, whether and when it was acknowledged, and with which rev. All times
 * are of one clock, performance.now() of the process that both writes and reads.
 */

export interface Edit {
  /** Unique in a run; the product's document carries it. */
  readonly number: number
  readonly product: string
  readonly sentMs: number
  /** Microseconds since 1970, for whoever compares with the logs of a server. */
  readonly sentWallUs: number
  /** null: not answered, or by an error. It may have been committed all the same. */
  rev: number | null
  /** When the answer arrived, which is after the commit: staleness is never overstated. */
  acknowledgedMs: number | null
  /** A failover lost it: from this moment on it never was. */
  lostMs: number | null
}

export interface CommitLog {
  begun(product: string): Edit
  acknowledged(edit: Edit, rev: number): void
  /**
   * A primary was promoted that has these revs and nothing later.
   * @param survived rev by product @returns how many acknowledged edits were lost
   */
  truncated(survived: ReadonlyMap<string, number>, atMs: number): number
  edits(): readonly Edit[]
}

export function createCommitLog(): CommitLog {
  const edits: Edit[] = []
  return {
    begun: (product) => {
      const sentMs = performance.now()
      const edit: Edit = {
        number: edits.length + 1,
        product,
        sentMs,
        sentWallUs: Math.round((performance.timeOrigin + sentMs) * 1_000),
        rev: null,
        acknowledgedMs: null,
        lostMs: null,
      }
      edits.push(edit)
      return edit
    },
    acknowledged: (edit, rev) => {
      edit.rev = rev
      edit.acknowledgedMs = performance.now()
    },
    truncated: (survived, atMs) => {
      const lost = edits.filter((edit) => edit.rev !== null && edit.lostMs === null && edit.rev > (survived.get(edit.product) ?? Infinity))
      for (const edit of lost) edit.lostMs = atMs
      return lost.length
    },
    edits: () => edits,
  }
}
