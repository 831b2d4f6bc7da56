/**
 * What the writer knows: of every edit when it was sent, whether and when it was acknowledged, and with which rev. All times
 * are of one clock, performance.now() of the process that both writes and reads.
 */
import { revTimeline } from '../../shared/stamp.ts'

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
   * A primary was promoted that has these revs and nothing later. That also goes for what the old one committed and is acknowledged only after this.
   * @param survived rev by product @returns how many acknowledged edits were lost
   */
  truncated(survived: ReadonlyMap<string, number>, atMs: number): number
  edits(): readonly Edit[]
}

interface Truncation {
  readonly survived: ReadonlyMap<string, number>
  /** The old primary's: what has a later one was committed by the new. */
  readonly timeline: number
  readonly atMs: number
}

export function createCommitLog(): CommitLog {
  const edits: Edit[] = []
  const truncations: Truncation[] = []

  function loseIfTruncated(edit: Edit): void {
    const { rev, product } = edit
    if (rev === null || edit.lostMs !== null) return
    const by = truncations.find(({ survived, timeline }) => rev > (survived.get(product) ?? Infinity) && revTimeline(rev) <= timeline)
    if (by !== undefined) edit.lostMs = by.atMs
  }

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
      loseIfTruncated(edit)
    },
    truncated: (survived, atMs) => {
      truncations.push({ survived, timeline: revTimeline(Math.max(...survived.values())), atMs })
      const kept = edits.filter(({ lostMs }) => lostMs === null)
      kept.forEach(loseIfTruncated)
      return kept.filter(({ lostMs }) => lostMs !== null).length
    },
    edits: () => edits,
  }
}
