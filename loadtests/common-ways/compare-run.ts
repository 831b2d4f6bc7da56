/** Runs scenarios with one way after another on one cluster: the same databases, broker, products, rates and judge for all. */
import type { Cluster } from '../cluster/cluster.ts'
import type { Part } from '../cluster/part.ts'
import type { Substitute } from '../cluster/program.ts'
import { createRandom } from '../random.ts'
import { currentRevs, prepareGround, QUERY_COUNT, warmUp, type Ground, type RunOptions } from '../scenario/fault-run.ts'
import { redisCommand } from '../scenario/redis-faults.ts'
import { runCycle } from '../scenario/run-scenario.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { createTrafficLogs } from '../traffic/traffic.ts'
import { compare, type Comparison } from './comparison.ts'
import { COMMON_WAY_NAMES, type CommonWayName } from './ways.ts'

/** The catalog's own query processes and invalidators. */
export const OURS = 'catalog-query'
export type ComparedWay = CommonWayName | typeof OURS
export const COMPARED_WAYS: readonly ComparedWay[] = [...COMMON_WAY_NAMES, OURS]

export interface CompareOptions extends RunOptions {
  readonly ways: readonly ComparedWay[]
}

export interface Comparer extends AsyncDisposable {
  /** Each way in turn, one cycle. */
  run(scenario: Scenario): Promise<readonly Comparison[]>
}

export function createComparer(options: CompareOptions): Comparer {
  let preparing: Promise<Ground> | null = null
  let way: ComparedWay = OURS
  let runs = 0

  function substitute(role: 'query' | 'invalidator'): Substitute | null {
    if (way === OURS) return null
    // A group of its own: nothing is left to do of a run before.
    return { main: `loadtests/common-ways/${role}/main.ts`, env: { COMMON_WAY: way, COMMON_WAY_GROUP: `common-way.${runs}` } }
  }

  async function runOne(scenario: Scenario): Promise<Comparison> {
    runs++
    // The same draws for every way.
    const random = createRandom(options.seed)
    preparing ??= prepareGround({ ...options, substitute }, scenario, random)
    const { cluster, traffic: trafficOf } = await preparing
    options.tell(`${scenario.name}: ${way}, ${scenario.seconds} s`)
    await startAfresh(cluster)
    await warmUp({ ...trafficOf(createTrafficLogs(QUERY_COUNT)), random })
    const logs = createTrafficLogs(QUERY_COUNT)
    const firstRevs = await currentRevs(cluster)
    const cycle = await runCycle(scenario, cluster, { traffic: { ...trafficOf(logs), random }, rates: options.rates })
    return compare(way, { cycle, logs, firstRevs })
  }

  return {
    run: async (scenario) => {
      const compared: Comparison[] = []
      for (way of options.ways) compared.push(await runOne(scenario))
      return compared
    },
    // Also one that is still being prepared: what it goes on to start would outlive us.
    [Symbol.asyncDispose]: async () => {
      const ground = await preparing?.catch(() => null)
      await ground?.[Symbol.asyncDispose]()
    },
  }
}

/** Another way's programs in the place of the last one's, and nothing in any cache. */
async function startAfresh(cluster: Cluster): Promise<void> {
  const isReplaced = ({ name }: Part) => name.startsWith('query-') || name.startsWith('invalidator-')
  const programs = cluster.parts.filter(isReplaced)
  await Promise.all(programs.map((program) => program.kill()))
  await redisCommand(cluster.ports.redis, ['flushall'])
  await Promise.all(programs.map((program) => program.start()))
  await cluster.allReady()
}
