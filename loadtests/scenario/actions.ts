/** What a step does to the cluster. Each resolves when it is done, with what undoes it. */
import { rmSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster/cluster.ts'
import type { ServerName } from '../cluster/databases.ts'
import { freezePart, wakePart, type Part } from '../cluster/part.ts'
import type { Program } from '../cluster/program.ts'
import { isEdge, matching } from '../cluster/target.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { dropEvent, holdTransaction, republish } from './data-faults.ts'
import { failOverPrimary } from './fail-over-primary.ts'
import { greatestOf, scrape, sumOf } from './metrics.ts'
import { redeliver } from './redeliver.ts'
import { failOverRedis, memoryFor, redisCommand } from './redis-faults.ts'
import type { Step } from './scenario.ts'

export interface Scene {
  readonly cluster: Cluster
  readonly traffic: Traffic
  /** Something that was expected and did not come. */
  readonly miss: (what: string) => void
  /** Something a reader of the report wants to know. */
  readonly note: (what: string) => void
}

export type Undo = (() => Promise<void>) | null
type Action = (scene: Scene, step: Step) => Promise<Undo>

export const ACTIONS: Readonly<Record<Step['do'], Action>> = {
  freeze: async ({ cluster }, step) => {
    const target = await named(cluster, step)
    if (isEdge(target)) return await setEdge(cluster, target, { kind: 'freeze' })
    const parts = partsOf(cluster, target)
    await Promise.all(parts.map(freezePart))
    return async () => parts.forEach(wakePart)
  },
  delay: async ({ cluster }, { target = '', ms = 0 }) => await setEdge(cluster, target, { kind: 'delay', ms }),
  refuse: async ({ cluster }, { target = '' }) => await setEdge(cluster, target, { kind: 'refuse' }),
  cut: async ({ cluster }, { target = '' }) => {
    await cluster.edges.cut(target)
    return null
  },
  kill: async ({ cluster }, step) => {
    const parts = partsOf(cluster, await named(cluster, step))
    await Promise.all(parts.map((part) => part.kill()))
    if (step.restart !== undefined) prepareDump(cluster, step.restart)
    return async () => void (await Promise.all(parts.map((part) => part.start())))
  },
  lag: async ({ cluster }, { target = '', ms = 0 }) => {
    const set = (delayMs: number) => onStandbys(cluster, target, [`alter system set recovery_min_apply_delay = ${delayMs}`, RELOAD])
    await set(ms)
    return () => set(0)
  },
  'pause-replay': async ({ cluster }, { target = '' }) => {
    await onStandbys(cluster, target, ['select pg_wal_replay_pause()'])
    return () => onStandbys(cluster, target, ['select pg_wal_replay_resume()'])
  },
  'save-dump': async ({ cluster }) => {
    await redisCommand(cluster.ports.redis, ['save'])
    copyFileSync(dumpPath(cluster, 'dump.rdb'), dumpPath(cluster, 'kept.rdb'))
    return null
  },
  squeeze: async ({ cluster, note }, { share = 1 }) => {
    const before = await redisCommand(cluster.ports.redis, ['config', 'get', 'maxmemory'])
    const bytes = await memoryFor(cluster.ports.redis, share)
    await redisCommand(cluster.ports.redis, ['config', 'set', 'maxmemory', String(bytes)])
    return async () => {
      const evicted = /evicted_keys:(\d+)/.exec(String(await redisCommand(cluster.ports.redis, ['info', 'stats'])))?.[1]
      note(`${evicted} keys were evicted`)
      await redisCommand(cluster.ports.redis, ['config', 'set', 'maxmemory', String((before as string[])[1])])
    }
  },
  'fail-over-redis': async ({ cluster, note }, { ms = 0 }) => {
    await failOverRedis(cluster, { behindMs: ms, note })
    return null
  },
  redeliver: async ({ cluster, note }, { count = 100 }) => {
    note(`${await redeliver(cluster.ports.kafka, count)} old events were delivered again`)
    return null
  },
  republish: async ({ cluster, note }, { count = 100 }) => {
    note(`${await republish(cluster, count)} rows of the outbox were published again`)
    return null
  },
  'drop-event': async ({ cluster, traffic }) => {
    await dropEvent(cluster, traffic)
    return null
  },
  'hold-transaction': ({ cluster, traffic }) => holdTransaction(cluster, traffic),
  'fail-over-primary': async ({ cluster, traffic, note }, { ms = 0 }) => {
    await failOverPrimary(cluster, { commits: traffic.logs.commits, behindMs: ms, note })
    return null
  },
  'expect-metric': async ({ cluster, miss, note }, step) => {
    const names = matching(step.target ?? '', cluster.programs.map(nameOf))
    const programs = cluster.programs.filter(({ name }) => names.includes(name))
    await Promise.all(programs.map(async (program) => await expectMetric(program, step, { miss, note })))
    return null
  },
}

const LOOK_AGAIN_MS = 100

/** Looks until it is so, or its time is over. */
async function expectMetric(
  program: Program,
  { metric = '', label = '', atLeast = 0, within = 0 }: Step,
  { miss, note }: Pick<Scene, 'miss' | 'note'>,
): Promise<void> {
  const begunMs = performance.now()
  for (;;) {
    const greatest = greatestOf(await scrape(program), metric, label)
    const seconds = (performance.now() - begunMs) / 1_000
    if (greatest >= atLeast || seconds > within) {
      const after = within === 0 ? '' : ` after ${seconds.toFixed(1)} s`
      note(`${program.name}: ${metric}${label === '' ? '' : `{${label}}`} ${greatest.toFixed(2)}${after}`)
      if (greatest < atLeast) miss(`${program.name} must show ${metric} of at least ${atLeast} within ${within} s, not ${greatest}`)
      return
    }
    await sleep(LOOK_AGAIN_MS)
  }
}

const RELOAD = 'select pg_reload_conf()'
const TRIES = 10
const TRY_AGAIN_MS = 100
const nameOf = ({ name }: { readonly name: string }) => name
const dumpPath = ({ folder }: Cluster, file: string) => join(folder, 'redis', file)

function partsOf({ parts }: Cluster, target: string): readonly Part[] {
  const names = matching(target, parts.map(nameOf))
  return parts.filter((part) => names.includes(part.name))
}

/** `relay-leader` is whichever relay leads now. */
async function named({ programs }: Cluster, { target = '' }: Step): Promise<string> {
  if (target !== 'relay-leader') return target
  for (let n = 0; n < 50; n++) {
    for (const relay of programs.filter(({ name }) => name.startsWith('relay-')))
      if (sumOf(await scrape(relay), 'catalog_relay_leader') === 1) return relay.name
    await sleep(100)
  }
  throw new Error('Expected one of the relays to lead, got none for 5 s')
}

async function setEdge({ edges }: Cluster, target: string, mode: Parameters<Cluster['edges']['setMode']>[1]): Promise<Undo> {
  await edges.setMode(target, mode)
  return () => edges.setMode(target, { kind: 'pass' })
}

async function onStandbys({ databases }: Cluster, target: string, statements: readonly string[]): Promise<void> {
  for (const server of matching(target, ['standby-1', 'standby-2']))
    for (const statement of statements) await persistently(() => databases.query(server as ServerName, statement))
}

/** A standby cancels statements that are in the way of its replay. */
async function persistently(work: () => Promise<unknown>): Promise<void> {
  for (let n = 1; ; n++) {
    try {
      return void (await work())
    } catch (error) {
      if (n === TRIES) throw error
      await sleep(TRY_AGAIN_MS)
    }
  }
}

function prepareDump(cluster: Cluster, restart: 'empty' | 'dump'): void {
  rmSync(dumpPath(cluster, 'dump.rdb'), { force: true })
  if (restart === 'dump') copyFileSync(dumpPath(cluster, 'kept.rdb'), dumpPath(cluster, 'dump.rdb'))
}
