/** One run of the whole protocol: the functions that run in production, between a model of everything they talk to. */
import type { Scheduler } from 'fast-check'
import { relayRound, type RelayPorts, type RelayRound } from '../../catalog-admin/relay/relay-round.ts'
import type { ApplyInput, ApplyResult, CacheStore } from '../../catalog-query/cache/cache-store.ts'
import { createCopySource } from '../../catalog-query/cache/copy-source.ts'
import { createLimiter } from '../../catalog-query/cache/limiter.ts'
import { createMemoryStore, type MemoryStore } from '../../catalog-query/cache/memory-store.ts'
import { createMemoryTier } from '../../catalog-query/cache/memory-tier.ts'
import { createProductLoader } from '../../catalog-query/cache/product-loader.ts'
import { createProductReader, type ProductReader } from '../../catalog-query/cache/product-reader.ts'
import { UNOBSERVED } from '../../catalog-query/cache/reader-observer.ts'
import { createReadReplicaRows, createReadRows } from '../../catalog-query/cache/replicas.ts'
import { answerToken } from '../../catalog-query/cache/token-rule.ts'
import { createRunApplier } from '../../catalog-query/invalidator/run-applier.ts'
import { startAt } from '../../catalog-query/invalidator/start-at.ts'
import { BUCKET_COUNT, bucketOf, slotOf } from '../../shared/bucket.ts'
import { CatalogError } from '../../shared/problem.ts'
import type { ProductState } from '../../shared/product-document.ts'
import { representationCode, type Representation } from '../../shared/representation.ts'
import { createModelCache, type ModelCache } from './model-cache.ts'
import { createCluster, documentOf, toLsn, type ModelCluster } from './model-cluster.ts'
import { LostConnection, type Commit } from './model-database.ts'
import { createModelLog, type ModelLog } from './model-log.ts'
import { createOracle, type Chain, type Oracle } from './model-oracle.ts'
import { createWorld, type World } from './model-world.ts'

/** What may go wrong, as the chance of it at each occasion. */
export interface Faults {
  readonly cacheCalls: number
  readonly evictions: number
  readonly cacheFailovers: number
  readonly log: number
  readonly relayCrashes: number
  /** They fall behind, die, or are handed the same records again. */
  readonly invalidators: number
  readonly databaseFailovers: number
  /** Clocks of hosts differ by up to 250 ms. */
  readonly skew: boolean
}

export interface RunOptions {
  readonly seed: number
  readonly faults: Faults
  /** Where the scripts run; default: their twins in TypeScript. */
  readonly store?: (memory: MemoryStore) => CacheStore
  readonly commits?: number
  readonly reads?: number
}

const STATES: readonly ProductState[] = ['visible', 'visible', 'visible', 'visible', 'hidden', 'deleted']
const REPRESENTATIONS: readonly Representation[] = [
  { channel: 'default', locales: ['en'] },
  { channel: 'eu', locales: ['de', 'en'] },
]
const CODES = REPRESENTATIONS.map(representationCode)
export const PRODUCTS = productIds()
const BUCKETS = [...new Set(PRODUCTS.map(bucketOf))]

/** Four products: two of one slot, a third of the same bucket, a fourth elsewhere. */
function productIds(): readonly string[] {
  const id = (n: number) => `0197a000-0000-7000-8000-${String(n).padStart(12, '0')}`
  const first = id(0)
  const find = (fits: (other: string) => boolean) => {
    for (let n = 1; ; n++) if (fits(id(n))) return id(n)
  }
  const sameSlot = find((other) => bucketOf(other) === bucketOf(first) && slotOf(other) === slotOf(first))
  const sameBucket = find((other) => bucketOf(other) === bucketOf(first) && slotOf(other) !== slotOf(first))
  const elsewhere = find((other) => bucketOf(other) !== bucketOf(first))
  return [first, sameSlot, sameBucket, elsewhere]
}

interface Model {
  readonly world: World
  readonly cluster: ModelCluster
  readonly cache: ModelCache
  readonly log: ModelLog
  readonly oracle: Oracle
  readonly faults: Faults
}

/** @throws Error on the first broken promise, with what was answered */
export async function runModel(scheduler: Scheduler, options: RunOptions): Promise<Oracle['figures']> {
  const world = createWorld(scheduler, options.seed)
  const { faults } = options
  const offsets = faults.skew ? [world.random(), world.random()].map((part) => Math.floor((part - 0.5) * 250_000)) : [0, 0]
  const cluster = createCluster(world, offsets)
  const memory = createMemoryStore()
  const cache = createModelCache(world, faults.cacheCalls, options.store?.(memory) ?? memory, memory)
  const oracle = createOracle(cluster, world.nowUs)
  const model: Model = { world, cluster, cache, log: createModelLog(world, faults.log), oracle, faults }
  const writers = [0, 1].map(() => write(model, options.commits ?? 10))
  const readers = [0, 1].flatMap(() => {
    const offsetUs = faults.skew ? Math.floor((world.random() - 0.5) * 250_000) : 0
    const nowUs = () => world.nowUs() + offsetUs
    const reader = createProcess(model, nowUs)
    return [0, 1].map(() => readOn(model, reader, { nowUs, count: options.reads ?? 20 }))
  })
  const background = [
    world.passTime(),
    relay(model),
    relay(model),
    ...[0, 1].map(() => tickOn(model)),
    ...[0, 1].map(() => invalidate(model)),
    ...cluster.standbys.map((standby) => replayOn(model, standby)),
    watchCopies(model),
    goWrong(model, offsets[1] ?? 0),
  ]
  const all = (async () => {
    try {
      await Promise.all([...readers, ...writers])
    } finally {
      world.end()
    }
    await Promise.all(background)
  })()
  await scheduler.waitFor(all)
  return oracle.figures
}

async function write({ world, cluster }: Model, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await world.step('writer')
    await survive(cluster.primary().commit(world.pick(PRODUCTS), world.pick(STATES)))
  }
}

/** A connection that is lost, or a server that is away, is everybody's everyday. */
async function survive<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (error instanceof LostConnection) return null
    throw error
  }
}

async function tickOn({ world, cluster }: Model): Promise<void> {
  while (!world.ended) {
    await world.step('ticker')
    const primary = cluster.primary()
    if (primary.nowUs() - primary.state.clock.atUs >= 200_000) await survive(primary.tick())
  }
}

async function replayOn({ world }: Model, standby: ModelCluster['standbys'][number]): Promise<void> {
  while (!world.ended) {
    await world.step('standby')
    // Mostly close behind, now and then standing still for a while.
    if (world.chance(0.1)) for (let i = 0; i < 15 && !world.ended; i++) await world.step('standby stands still')
    standby.replay(world.chance(0.5) ? 1 : 20)
  }
}

/** Two of them: one leads, or both believe so for a while. Crashes anywhere; begins anew with a tick. */
async function relay(model: Model): Promise<void> {
  const { world, cluster, faults } = model
  let isTickDue = true
  while (!world.ended) {
    await world.step('relay')
    const round: RelayRound | null = await survive(relayRound(relayPorts(model), isTickDue))
    isTickDue = round === null || world.chance(0.5)
    if (world.chance(faults.relayCrashes)) for (let i = 0; i < 30 && !world.ended; i++) await world.step('relay is paused')
  }

  function relayPorts({ log }: Model): RelayPorts {
    const primary = cluster.primary()
    const dies = async <T>(work: Promise<T>): Promise<T> => {
      if (!world.chance(faults.relayCrashes)) return await work
      // What it had asked for may happen all the same.
      work.catch(() => {})
      throw new LostConnection('the relay died')
    }
    return {
      tick: async () => await dies(primary.tick()),
      readPosition: async () => await dies(primary.readPosition()),
      mark: async (rowIds) => await dies(primary.mark(rowIds.map(Number))),
      publish: async (events) => await dies(log.publish(events)),
      heartbeat: async (stamp) => await dies(log.heartbeat(stamp)),
      selectPage: async () => {
        await world.step('relay: page')
        primary.check()
        const rows = [...primary.state.outbox].toSorted(([a], [b]) => a - b).slice(0, PAGE_ROWS)
        const ids = [...new Set(rows.map(([, id]) => id))]
        const products = ids.map((id) => eventOf(primary.state.products.get(id) as Commit))
        await world.step('relay: page answered')
        return { rowIds: rows.map(([rowId]) => String(rowId)), products, full: rows.length === PAGE_ROWS }
      },
    }
  }
}

const PAGE_ROWS = 3

function eventOf(commit: Commit) {
  const doc = commit.state === 'visible' ? JSON.stringify(documentOf(commit)) : null
  return { productId: commit.id, rev: commit.rev, state: commit.state, doc, omitted: false, changedAtMs: 0 }
}

/**
 * One of two without a group: each applies everything, run by run, cut into pieces as small as single events. It falls behind, dies
 * between two pieces and begins where the watermark stands, or is handed again what it had applied, while the other goes on.
 */
async function invalidate({ world, cache, log, faults }: Model): Promise<void> {
  const places = new Map<number, number>()
  const position = (partition: number) => Promise.resolve({ earliest: 0, end: log.end(partition) })
  const apply = createRunApplier({
    store: { ...cache.store, apply: applyOrDie },
    position,
    nowUs: world.nowUs,
    eventsPerCall: 1 + Math.floor(world.random() * 3),
    newGeneration: () =>
      Math.floor(world.random() * 1e15)
        .toString(36)
        .padStart(16, '0')
        .slice(0, 16),
    ttlMs: () => 900_000,
  })

  async function applyOrDie(input: ApplyInput): Promise<ApplyResult> {
    const work = cache.store.apply(input)
    if (!world.chance(faults.invalidators)) return await work
    // What it had sent may arrive all the same.
    work.catch(() => {})
    places.clear()
    throw new Error('the invalidator died')
  }

  async function placeOf(bucket: number): Promise<number> {
    const place = places.get(bucket) ?? (await startAt(bucket, cache.store, position)).offset
    return world.chance(faults.invalidators) ? Math.floor(world.random() * place) : place
  }

  while (!world.ended) {
    await world.step('invalidator')
    const bucket = world.chance(0.9) ? world.pick(BUCKETS) : Math.floor(world.random() * BUCKET_COUNT)
    if (world.chance(faults.invalidators)) for (let i = 0; i < 30 && !world.ended; i++) await world.step('invalidator is paused')
    try {
      const run = log.read(bucket, await placeOf(bucket), 1 + Math.floor(world.random() * LONGEST_RUN))
      if (run !== null) places.set(bucket, (await apply(run)).next)
    } catch {
      // The same run is handed in again, or the one that the watermark asks for.
    }
  }
}

/** Records: room for heartbeats in front of more events than a piece holds. */
const LONGEST_RUN = 12

function createProcess({ world, cluster, cache }: Model, nowUs: () => number): ProductReader {
  const replicas = [cluster.replicaSource(0, nowUs), cluster.replicaSource(1, nowUs)]
  const limiter = createLimiter({ concurrency: 100, queue: 100, waitMs: 60_000 })
  const pause = async () => await world.step('token waits for a replica')
  const parts = { replicas, primary: cluster.primarySource(nowUs), limiter, nowUs, pause }
  const defer = (send: () => void) => void world.step('turn').then(send)
  return createProductReader({
    memory: createMemoryTier(1_000_000),
    store: cache.store,
    loader: createProductLoader({ readRows: createReadRows(parts), readReplicaRows: createReadReplicaRows(parts), defer }),
    nowUs,
    pause: async () => await world.step('herd'),
    defer,
    random: world.random,
    observe: UNOBSERVED,
  })
}

/** Reads, now and then with the token of an own write or of the answers before. */
async function readOn(model: Model, reader: ProductReader, options: { nowUs: () => number; count: number }): Promise<void> {
  const { world, oracle } = model
  let chain: Chain | null = null
  for (let i = 0; i < options.count; i++) {
    await world.step('reader')
    if (world.chance(0.15)) chain = await ownWrite(model)
    else if (world.chance(0.1)) chain = null
    const id = chain === null || world.chance(0.5) ? world.pick(PRODUCTS) : world.pick([...chain.seen.keys(), ...PRODUCTS])
    const read = await refusedOr(async () => await reader.readProduct(id, world.pick(REPRESENTATIONS), chain?.token ?? null))
    if (read === null) continue
    oracle.check(read, chain, options.nowUs())
    if (chain === null || chain.token === null) continue
    chain.token = answerToken(chain.token, read)
    if (read.rev !== 0) chain.seen.set(read.id, { id: read.id, rev: read.rev, state: read.state, ackedUs: null })
  }
}

/** With a token that no database satisfies now, 503 is the right answer. */
async function refusedOr<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CatalogError && error.status === 503) return null
    throw error
  }
}

async function ownWrite({ world, cluster }: Model): Promise<Chain | null> {
  const primary = cluster.primary()
  const commit = await survive(primary.commit(world.pick(PRODUCTS), world.pick(STATES)))
  const position = primary.wal.length
  const stamp = commit === null ? null : await survive(primary.readPosition())
  if (commit === null || stamp === null) return null
  const token = { stamp, lsn: toLsn(position), product: world.chance(0.5) ? { id: commit.id, rev: commit.rev } : null }
  return { token, seen: new Map([[commit.id, commit]]) }
}

/** Few copies are read before they are replaced: at any moment every one that would be served as it is is judged as if it were. */
async function watchCopies({ world, cache, oracle }: Model): Promise<void> {
  const copies = createCopySource({ store: cache.memory, nowUs: world.nowUs, defer: queueMicrotask })
  while (!world.ended) {
    await world.step('watcher')
    for (const id of PRODUCTS)
      for (const code of CODES) {
        const { state, copy, vouched } = await copies.read({ productId: id, code })
        if (state !== 'trusted' || copy === null) continue
        oracle.checkCopy({ ...copy, id, vouched, marked: false, tier: 'redis', forward: 'none' }, world.nowUs())
      }
  }
}

async function goWrong({ world, cluster, cache, faults }: Model, offsetUs: number): Promise<void> {
  while (!world.ended) {
    await world.step('fate')
    if (world.chance(faults.evictions)) cache.evict()
    if (world.chance(faults.cacheFailovers)) cache.remember()
    if (world.chance(faults.cacheFailovers)) cache.failOver()
    if (world.chance(faults.cacheFailovers / 4)) cache.restartEmpty()
    if (world.chance(faults.databaseFailovers)) cluster.failOver(offsetUs)
  }
}
