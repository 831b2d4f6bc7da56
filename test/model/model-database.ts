/** PostgreSQL as the protocol sees it: a WAL, a primary where commits become visible, standbys that replay it, and a failover that loses a tail. */
import type { ProductState } from '../../shared/product-document.ts'
import { toStamp, type Stamp } from '../../shared/stamp.ts'
import type { World } from './model-world.ts'

/** One visible change of one product, and what became of it. */
export interface Commit {
  readonly id: string
  readonly rev: number
  readonly state: ProductState
  /** True time when the writer heard that it is committed; null: never heard. */
  ackedUs: number | null
}

type WalRecord =
  | { readonly kind: 'commit'; readonly commit: Commit; readonly rowId: number }
  | { readonly kind: 'tick'; readonly timeline: number; readonly atUs: number }
  | { readonly kind: 'mark'; readonly rowIds: readonly number[] }

export interface DatabaseState {
  readonly products: Map<string, Commit>
  clock: { timeline: number; atUs: number }
  /** Unpublished rows by id. */
  readonly outbox: Map<number, string>
}

/** The connection broke: whatever was asked may or may not have happened. */
export class LostConnection extends Error {}

export interface ModelPrimary {
  readonly timeline: number
  readonly wal: WalRecord[]
  readonly state: DatabaseState
  alive: boolean
  /** This host's clock. */
  nowUs(): number
  commit(id: string, state: ProductState): Promise<Commit>
  tick(): Promise<Stamp>
  /** `for share`: waits for a tick in flight. */
  readPosition(): Promise<Stamp>
  mark(rowIds: readonly number[]): Promise<void>
  /** @throws LostConnection when it was replaced in the meantime */
  check(): void
}

export function emptyState(timeline: number, atUs: number): DatabaseState {
  return { products: new Map(), clock: { timeline, atUs }, outbox: new Map() }
}

export function cloneState(state: DatabaseState): DatabaseState {
  return { products: new Map(state.products), clock: { ...state.clock }, outbox: new Map(state.outbox) }
}

function replay(state: DatabaseState, record: WalRecord): void {
  if (record.kind === 'tick') state.clock = { timeline: record.timeline, atUs: record.atUs }
  else if (record.kind === 'mark') for (const rowId of record.rowIds) state.outbox.delete(rowId)
  else {
    state.products.set(record.commit.id, record.commit)
    state.outbox.set(record.rowId, record.commit.id)
  }
}

export interface PrimaryOptions {
  readonly timeline: number
  readonly offsetUs: number
  readonly wal: WalRecord[]
  readonly state: DatabaseState
  /** Revs and row ids go on above what the lost tail may have used. */
  readonly firstNumber: number
}

const REVS_PER_TIMELINE = 2 ** 40

export function createPrimary(world: World, options: PrimaryOptions): ModelPrimary {
  const { timeline, wal, state } = options
  const locks = new Map<string, Promise<void>>()
  let number = options.firstNumber

  async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = locks.get(name) ?? Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    locks.set(name, promise)
    await before
    try {
      return await work()
    } finally {
      resolve()
    }
  }

  /** A step of the server: a connection that was lost meanwhile gets nothing. */
  async function serverStep(label: string): Promise<void> {
    await world.step(label)
    primary.check()
  }

  /** The record is in the WAL before it is visible, and visible before it is acknowledged; ticks and commits of others may come between. */
  async function write(record: WalRecord): Promise<void> {
    await serverStep(`${record.kind}: to the WAL`)
    wal.push(record)
    await serverStep(`${record.kind}: visible`)
    replay(state, record)
    await serverStep(`${record.kind}: acknowledged`)
  }

  const primary: ModelPrimary = {
    timeline,
    wal,
    state,
    alive: true,
    nowUs: () => world.nowUs() + options.offsetUs,
    check() {
      if (!primary.alive) throw new LostConnection('the primary was replaced')
    },
    async commit(id, productState) {
      // The row's number is taken early and its commit comes late: ids are not in commit order.
      const rowId = ++number
      return await locked(id, async () => {
        await serverStep('commit: locked')
        const commit: Commit = { id, rev: timeline * REVS_PER_TIMELINE + ++number, state: productState, ackedUs: null }
        await write({ kind: 'commit', commit, rowId })
        commit.ackedUs = world.nowUs()
        return commit
      })
    },
    async tick() {
      return await locked('clock', async () => {
        await serverStep('tick: locked')
        world.moment()
        const atUs = Math.max(state.clock.atUs + 1, primary.nowUs())
        await write({ kind: 'tick', timeline, atUs })
        return toStamp(timeline, atUs)
      })
    },
    async readPosition() {
      return await locked('clock', async () => {
        await serverStep('position')
        const stamp = toStamp(timeline, Math.max(state.clock.atUs, primary.nowUs()))
        await serverStep('position: answered')
        return stamp
      })
    },
    mark: async (rowIds) => await write({ kind: 'mark', rowIds }),
  }
  return primary
}

export interface ModelStandby {
  wal: readonly WalRecord[]
  position: number
  state: DatabaseState
  /** Replays up to this many records more. */
  replay(count: number): void
}

export function createStandby(wal: readonly WalRecord[], position: number, state: DatabaseState): ModelStandby {
  const standby: ModelStandby = {
    wal,
    position,
    state,
    replay(count) {
      for (const record of standby.wal.slice(standby.position, standby.position + count)) {
        replay(standby.state, record)
        standby.position++
      }
    },
  }
  return standby
}

/** In the order of the WAL: the product's history as it stands. */
export function historyOf(wal: readonly WalRecord[], id: string): readonly Commit[] {
  return wal.flatMap((record) => (record.kind === 'commit' && record.commit.id === id ? [record.commit] : []))
}
