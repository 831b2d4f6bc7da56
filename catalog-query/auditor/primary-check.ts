/** Asks the primary about one product: the last word on a suspicion, and the only thing that the auditor asks of it. */
import { revTimeline, stampTimeline, type Stamp } from '../../shared/stamp.ts'
import type { SnapshotSource } from '../cache/snapshot-source.ts'
import type { Change, HeldCopy } from './judge-copy.ts'

interface PrimaryRow {
  /** 0: no such product. */
  readonly rev: number
  readonly timeline: number
  /** Any position strictly later contains the row. */
  readonly contained: Stamp
}

/** @returns null when the primary does not answer */
export type ReadPrimary = (productId: string) => Promise<PrimaryRow | null>

/**
 * `confirmed`: the change is in the primary's history and the copy lacks it. `dismissed`: the copy is what the primary has (the change was
 * lost in a failover). `unknown`: the primary does not answer, or has moved on since over a failover.
 */
export interface Confirmation {
  readonly verdict: 'confirmed' | 'dismissed' | 'unknown'
  /** null when it did not answer. */
  readonly primaryRev: number | null
}

export type AskPrimary = (change: Change, copy: HeldCopy) => Promise<Confirmation>

const READ_REV = /* sql */ `
  select rev
  from read.product
  where product_id = $1`

export function createReadPrimary(primary: SnapshotSource): ReadPrimary {
  return async (productId) => {
    if (!primary.breaker.allow()) return null
    const snapshot = await primary.read({ name: 'audit-rev', text: READ_REV, values: [productId] })
    if (snapshot === null) return null
    return { rev: Number(snapshot.rows[0]?.['rev'] ?? 0), timeline: stampTimeline(snapshot.asOf), contained: snapshot.contained }
  }
}

export function createAskPrimary(readPrimary: ReadPrimary): AskPrimary {
  return async (change, copy) => {
    const row = await readPrimary(change.productId)
    if (row === null) return { verdict: 'unknown', primaryRev: null }
    return { verdict: verdictOf(change, copy, row), primaryRev: row.rev }
  }
}

function verdictOf(change: Change, copy: HeldCopy, row: PrimaryRow): Confirmation['verdict'] {
  if (row.rev === copy.rev) return 'dismissed'
  if (row.rev < change.rev) return 'unknown'
  // A change of an older timeline with a later one on top of it may have been in the tail that was lost.
  return row.rev === change.rev || revTimeline(change.rev) === row.timeline ? 'confirmed' : 'unknown'
}
