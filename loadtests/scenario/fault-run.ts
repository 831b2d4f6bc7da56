/** Runs scenarios one after another, on one cluster as long as it can be used, each for as many cycles as its reads take. */
import { join } from 'node:path'
import { startCluster, type Cluster, type Substitutes } from '../cluster/cluster.ts'
import { createHttpClient } from '../http-client.ts'
import { createRandom, type Random } from '../random.ts'
import { createTrafficLogs, readOnce, type Rates, type Traffic, type TrafficLogs } from '../traffic/traffic.ts'
import { makeProducts } from './catalog.ts'
import { figuresOf, type Figures } from './figures.ts'
import { runCycle, type Cycle } from './run-scenario.ts'
import { stretched, type Scenario } from './scenario.ts'

/** What every run of scenarios is told. */
export interface RunOptions {
  readonly rates: Rates
  readonly productCount: number
  readonly seed: number
  readonly tell: (line: string) => void
  /** Takes the logs of every cluster, a folder each; null: they are not kept. */
  readonly logsTo: string | null
}

export interface FaultRunOptions extends RunOptions {
  /** In each scenario, at least; cycles are made longer, and added, until there are so many. */
  readonly reads: (scenario: Scenario) => number
  /** As in cluster.ts. */
  readonly substitute?: Substitutes
}

export const QUERY_COUNT = 3
const CLIENT_CONNECTIONS = 64
/** The product that a fault of a single one concerns: read often, written by nobody else. */
const UNTOUCHED_RANK = 9

/** A cluster with its products. */
export interface Ground extends AsyncDisposable {
  readonly cluster: Cluster
  readonly traffic: (logs: TrafficLogs) => Traffic
}

export interface FaultRunner extends AsyncDisposable {
  run(scenario: Scenario): Promise<Figures>
}

export function createFaultRunner(options: FaultRunOptions): FaultRunner {
  let ground: Ground | null = null
  const random = createRandom(options.seed)
  const isPeculiar = ({ clockAheadMs, redisCluster, direct }: Scenario) =>
    clockAheadMs !== undefined || redisCluster !== undefined || direct === true

  async function endGround(): Promise<void> {
    await ground?.[Symbol.asyncDispose]()
    ground = null
  }

  async function run(scenario: Scenario): Promise<Figures> {
    const logs = createTrafficLogs(QUERY_COUNT)
    const cycles: Cycle[] = []
    const firstRevs = new Map<string, number>()
    const missing = () => options.reads(scenario) - logs.reads.count
    while (missing() > 0 || cycles.length === 0) {
      if (scenario.fresh === true || (cycles.length === 0 && isPeculiar(scenario))) await endGround()
      ground ??= await prepareGround(options, scenario, random)
      await ground.cluster.allReady()
      for (const [product, rev] of await currentRevs(ground.cluster)) if (!firstRevs.has(product)) firstRevs.set(product, rev)
      const cycle = stretched(scenario, missing() / options.rates.readsPerSecond)
      const untilReads = logs.reads.count + cycle.seconds * options.rates.readsPerSecond
      options.tell(`${scenario.name}: cycle ${cycles.length + 1}, ${cycle.seconds} s`)
      cycles.push(
        await runCycle(cycle, ground.cluster, {
          traffic: ground.traffic(logs),
          rates: options.rates,
          untilReads: Math.min(untilReads, options.reads(scenario)),
        }),
      )
    }
    return figuresOf({ scenario, cycles, logs, firstRevs })
  }

  /** What was done to a cluster may be beyond repair, above all when a step failed. */
  async function runAndTidy(scenario: Scenario): Promise<Figures> {
    let usable = false
    try {
      const figures = await run(scenario)
      usable = scenario.fresh !== true && !isPeculiar(scenario)
      return figures
    } finally {
      if (!usable) await endGround()
    }
  }
  return { run: runAndTidy, [Symbol.asyncDispose]: endGround }
}

export async function currentRevs({ databases }: Cluster): Promise<ReadonlyMap<string, number>> {
  const rows = await databases.query('primary', 'select product_id, rev from read.product')
  return new Map(rows.map((row) => [String(row['product_id']), Number(row['rev'])]))
}

export async function prepareGround(
  { productCount, tell, logsTo, substitute }: Pick<FaultRunOptions, 'productCount' | 'tell' | 'logsTo' | 'substitute'>,
  scenario: Scenario,
  random: Random,
): Promise<Ground> {
  const cluster = await startCluster({
    clockAheadMs: scenario.clockAheadMs ?? {},
    redisCluster: scenario.redisCluster ?? null,
    direct: scenario.direct ?? false,
    tell,
    logsTo: logsTo === null ? null : join(logsTo, scenario.name),
    substitute,
  })
  const clients = cluster.queries.map(({ origin }) => createHttpClient(origin, CLIENT_CONNECTIONS))
  const dispose = async () => {
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
    await cluster[Symbol.asyncDispose]()
  }
  try {
    await using admin = createHttpClient(cluster.adminOrigin, 8)
    const products = await makeProducts(admin, cluster.adminKey, productCount)
    const traffic = (logs: TrafficLogs): Traffic => ({
      queries: cluster.queries.map(({ name, origin }, i) => ({ name, origin, client: clients[i]! })),
      adminOrigin: cluster.adminOrigin,
      adminKey: cluster.adminKey,
      products,
      untouched: products[Math.min(UNTOUCHED_RANK, products.length - 1)]!,
      random,
      logs,
    })
    await warmUp(traffic(createTrafficLogs(QUERY_COUNT)))
    return { cluster, traffic, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Everybody reads everything once: a scenario is not about a cold start. */
export async function warmUp(traffic: Traffic): Promise<void> {
  for (const product of traffic.products) await Promise.all(traffic.queries.map((_, process) => readOnce(traffic, { product, process })))
}
