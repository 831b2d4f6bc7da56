/** A primary and two standbys behind the ports that production reads and writes through. */
import { createBreaker } from '../../catalog-query/cache/breaker.ts'
import type { SnapshotSource, TextRow } from '../../catalog-query/cache/snapshot-source.ts'
import type { ProductDocument } from '../../shared/product-document.ts'
import { stampTimeUs, toStamp } from '../../shared/stamp.ts'
import {
  cloneState,
  createPrimary,
  createStandby,
  emptyState,
  type Commit,
  type DatabaseState,
  type ModelPrimary,
  type ModelStandby,
} from './model-database.ts'
import type { World } from './model-world.ts'

export interface ModelCluster {
  primary(): ModelPrimary
  readonly standbys: readonly [ModelStandby, ModelStandby]
  /** Primaries' clocks are at most this far ahead of true time. */
  readonly maxOffsetUs: number
  /** The better standby is promoted; what only the old primary had is lost. */
  failOver(offsetUs: number): void
  /** How often that happened. */
  failovers(): number
  /** @param nowUs of the process that reads */
  replicaSource(index: 0 | 1, nowUs: () => number): SnapshotSource
  primarySource(nowUs: () => number): SnapshotSource
}

export function createCluster(world: World, offsets: readonly number[]): ModelCluster {
  const begin = emptyState(1, world.nowUs())
  let primary = createPrimary(world, { timeline: 1, offsetUs: offsets[0] ?? 0, wal: [], state: begin, firstNumber: 0 })
  const standbys: [ModelStandby, ModelStandby] = [
    createStandby(primary.wal, 0, cloneState(begin)),
    createStandby(primary.wal, 0, cloneState(begin)),
  ]
  let failovers = 0

  function failOver(offsetUs: number): void {
    primary.alive = false
    failovers++
    const [promoted, other] = standbys[0].position >= standbys[1].position ? standbys : [standbys[1], standbys[0]]
    const wal = promoted.wal.slice(0, promoted.position)
    const timeline = primary.timeline + 1
    primary = createPrimary(world, { timeline, offsetUs, wal, state: cloneState(promoted.state), firstNumber: 1_000 * timeline })
    // The promoted one's place is taken by a fresh clone; the other follows the new primary, which it is not ahead of.
    Object.assign(promoted, { wal, state: cloneState(primary.state) })
    other.wal = wal
  }

  function source(tier: 'replica' | 'primary', index: number, now: () => number): SnapshotSource {
    let ageUs = Infinity
    let inFlight = 0
    const state = () => (tier === 'primary' ? primary.state : (standbys[index]?.state as DatabaseState))
    return {
      name: `${tier} ${index}`,
      tier,
      breaker: createBreaker({ failures: 3, openMs: 1_000, nowMs: () => now() / 1_000 }),
      ageUs: () => ageUs,
      inFlight: () => inFlight,
      isStruggling: () => false,
      async read(statement) {
        inFlight++
        const asked = primary
        await world.step(`${tier} ${index}: ${statement.name}`)
        const { products, clock } = state()
        const asOf = toStamp(clock.timeline, clock.atUs)
        const contained = tier === 'replica' ? asOf : toStamp(clock.timeline, Math.max(clock.atUs, primary.nowUs()))
        const rows = (statement.values[0] as readonly string[]).flatMap((id) => rowsOf(products.get(id)))
        await world.step(`${tier} ${index}: answer`)
        inFlight--
        if (tier === 'primary' && !asked.alive) return null
        ageUs = now() - stampTimeUs(asOf)
        return { rows, asOf, contained, isStandby: tier === 'replica' }
      },
      async hasReplayed(lsn) {
        await world.step(`${tier} ${index}: replayed?`)
        const replayed = tier === 'primary' || (standbys[index]?.position ?? 0) >= positionOf(lsn)
        await world.step(`${tier} ${index}: replayed, answer`)
        return replayed
      },
    }
  }

  return {
    primary: () => primary,
    standbys,
    maxOffsetUs: Math.max(0, ...offsets),
    failOver,
    failovers: () => failovers,
    replicaSource: (index, now) => source('replica', index, now),
    primarySource: (now) => source('primary', 0, now),
  }
}

/** A WAL position as PostgreSQL prints one. */
export const toLsn = (position: number): string => `0/${position.toString(16).toUpperCase()}`
const positionOf = (lsn: string): number => Number.parseInt(lsn.split('/')[1] ?? '0', 16)

function rowsOf(commit: Commit | undefined): readonly TextRow[] {
  if (commit === undefined) return []
  const doc = commit.state === 'visible' ? JSON.stringify(documentOf(commit)) : null
  return [{ id: commit.id, rev: String(commit.rev), state: commit.state, doc, changed_at_ms: '0' }]
}

/** Its title tells its rev, so that bytes and rev can be held against each other. */
export function documentOf({ id, rev }: Pick<Commit, 'id' | 'rev'>): ProductDocument {
  return {
    id,
    key: id.slice(-4),
    brand: null,
    categories: [],
    tags: [],
    popularity: 0,
    i18n: { en: { title: `rev ${rev}`, description: null, slug: 's' } },
    attributes: {},
    media: [],
    variants: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  }
}
