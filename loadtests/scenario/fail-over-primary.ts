/** PostgreSQL fails over to a standby that has not heard of the last commits: they were acknowledged, and are lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster/cluster.ts'
import type { CommitLog } from '../oracle/commit-log.ts'

export interface PrimaryFailOver {
  readonly commits: CommitLog
  /** How long the standbys hear nothing before the primary dies. */
  readonly behindMs: number
  readonly note: (what: string) => void
}

/** The other standby must not be ahead of the one that is promoted, or it could not follow it. */
const FIRST_CUT_OFF_MS = 150
const CLIENTS = ['query>primary', 'relay>primary', 'admin>primary', 'auditor>primary']

/** Cut the standbys off, fence and kill the primary, promote standby-1, write down what survived, and only then let anybody reach it. */
export async function failOverPrimary(
  { edges, parts, ports, databases }: Cluster,
  { commits, behindMs, note }: PrimaryFailOver,
): Promise<void> {
  await edges.setMode('standby-2>primary', { kind: 'freeze' })
  await sleep(FIRST_CUT_OFF_MS)
  await edges.setMode('standby-1>primary', { kind: 'freeze' })
  await sleep(behindMs)
  for (const edge of CLIENTS) await edges.setMode(edge, { kind: 'refuse' })
  await parts.find((part) => part.name === 'primary')!.kill()

  await databases.query('standby-1', 'select pg_promote(true, 30)')
  const rows = await databases.query('standby-1', 'select product_id, rev from read.product')
  const survived = new Map(rows.map((row) => [String(row['product_id']), Number(row['rev'])]))
  const lost = commits.truncated(survived, performance.now())
  note(`${lost} acknowledged edits were lost with the old primary`)

  // The new target resets what the freeze still held of the old primary's WAL.
  for (const edge of [...CLIENTS, 'standby-2>primary']) {
    await edges.setTarget(edge, ports['standby-1'])
    await edges.setMode(edge, { kind: 'pass' })
  }
}
