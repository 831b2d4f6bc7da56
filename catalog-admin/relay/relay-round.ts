/** One round of the relay: a page of the outbox to the log, then perhaps a heartbeat. Its stores are passed in, so that the model runs it too. */
import type { ProductEvent } from '../../shared/event-log.ts'
import type { Stamp } from '../../shared/stamp.ts'

export interface OutboxPage {
  /** Of the outbox rows it covers: to be marked once their events are acknowledged. */
  readonly rowIds: readonly string[]
  /** One for each product, as the page's snapshot shows it, in the order of their first rows. */
  readonly products: readonly Omit<ProductEvent, 'stamp'>[]
  /** More rows may be waiting than these. */
  readonly full: boolean
}

/** All of them but `publish` and `heartbeat` run in the session that holds the leader's lock: a lost lock cannot go on marking. */
export interface RelayPorts {
  /** Commits a new time of the catalog clock, synchronously. */
  tick(): Promise<Stamp>
  /** The oldest unpublished rows, in one snapshot with their products. */
  selectPage(): Promise<OutboxPage>
  /** P: the primary's time now, not before any tick that has begun. */
  readPosition(): Promise<Stamp>
  /** Resolves when all of them are acknowledged by all in-sync replicas. */
  publish(events: readonly ProductEvent[]): Promise<void>
  mark(rowIds: readonly string[]): Promise<void>
  /** One T to every partition. */
  heartbeat(stamp: Stamp): Promise<void>
}

export interface RelayRound {
  /** Outbox rows published and marked. */
  readonly rows: number
  readonly events: number
  readonly full: boolean
  /** T, when it was sent. */
  readonly heartbeat: Stamp | null
}

/**
 * The order of these lines is the protocol (docs/consistency.md, point 2).
 * T before the page: a commit acknowledged before T is visible to the select, so after the heartbeat all of them have been published.
 * P after the page: whatever the page shows was visible before P, so a snapshot that lacks it shows a clock of at most P.
 * @param isTickDue a new leader's first round, and every 100 ms
 * @throws whatever a port throws: nothing that follows in the round has happened, no heartbeat least of all
 */
export async function relayRound(ports: RelayPorts, isTickDue: boolean): Promise<RelayRound> {
  const ticked = isTickDue ? await ports.tick() : null
  const page = await ports.selectPage()
  if (page.rowIds.length > 0) {
    const stamp = await ports.readPosition()
    await ports.publish(page.products.map((product) => ({ ...product, stamp })))
    // Before the mark: a crash between the two publishes twice, never zero times.
    await ports.mark(page.rowIds)
  }
  // A full page may have left older commits than T behind.
  const heartbeat = page.full ? null : ticked
  if (heartbeat !== null) await ports.heartbeat(heartbeat)
  return { rows: page.rowIds.length, events: page.products.length, full: page.full, heartbeat }
}
