/** Looks for a write on every query process until it is there: how long invalidation takes, as a reader sees it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readOnce, type Traffic } from './traffic.ts'
import type { WrittenEdit } from './writers.ts'

const LIMIT_MS = 10_000
/** Nobody is to take a core from what is measured by looking for it in vain. What is there sooner counts as this late: never understated. */
const FIRST_LOOK_MS = 5
/** The next look comes after this share of the time it has taken so far: a long wait is measured as exactly as a short one. */
const PACE = 0.1
const SHORTEST_PAUSE_MS = 1

export async function probe(traffic: Traffic, written: WrittenEdit): Promise<void> {
  await Promise.all(traffic.queries.map((_, process) => look(traffic, written, process)))
}

async function look(traffic: Traffic, { edit, rev, acknowledgedMs }: WrittenEdit, process: number): Promise<void> {
  const { logs } = traffic
  await sleep(FIRST_LOOK_MS)
  while (performance.now() - acknowledgedMs < LIMIT_MS) {
    const answer = await readOnce(traffic, { product: edit.product, process })
    if (answer !== null && answer.entry.rev >= rev) {
      logs.visible[process]!.recordMs(answer.entry.receivedMs - acknowledgedMs)
      return
    }
    await sleep(Math.max(SHORTEST_PAUSE_MS, (performance.now() - acknowledgedMs) * PACE))
  }
  // A failover may have lost it.
  if (edit.lostMs === null) logs.neverVisible++
}
