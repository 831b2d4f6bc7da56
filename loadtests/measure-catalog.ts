/** What each kind of request costs in one catalog: times and CPU where no cache answers, and the plans of its statements. */
import { browsingKinds, type BrowsingKind } from './browsing-paths.ts'
import { createHttpClient } from './http-client.ts'
import type { KeptCatalog } from './kept-catalog.ts'
import { createLatencies } from './latency.ts'
import { cpuMs } from './process-cpu.ts'
import { createRandom } from './random.ts'
import { logLength, readPlans } from './statement-plans.ts'

/** Asked beforehand, of every kind: connections are there, and code is compiled. */
const WARM_UP = 5

export interface MeasuredKind {
  readonly name: string
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of PostgreSQL and of the query process, a request, milliseconds. */
  readonly postgresCpuMs: number
  readonly queryCpuMs: number
  /** In the answer to a request, on average: a larger catalog fills more pages. */
  readonly products: number
  /** Of 8 KiB that PostgreSQL looked at, a request. */
  readonly blocks: number
  /** Statements that read a table from end to end, and which. */
  readonly scans: readonly string[]
  readonly failures: readonly string[]
}

/** Kind by kind, a request at a time. */
export async function measureCatalog(catalog: KeptCatalog, options: { requests: number; seed: number }): Promise<readonly MeasuredKind[]> {
  const kinds = await makeKinds(catalog, options)
  // First the plans, then the times: what the plans cost is in no time, and files are in the machine's memory as they are in a catalog that is used.
  const plans = await explainKinds(catalog, kinds)
  const times = await timeKinds(catalog, kinds)
  return kinds.map(({ name }, i) => ({ name, ...times[i]!, ...plans[i]! }))
}

async function makeKinds(catalog: KeptCatalog, { requests, seed }: { requests: number; seed: number }): Promise<readonly BrowsingKind[]> {
  const query = await catalog.startQuery()
  try {
    await using client = createHttpClient(query.origin, 1)
    return await browsingKinds(client, createRandom(seed), requests + WARM_UP)
  } finally {
    await query.process.stop()
  }
}

type Plans = Pick<MeasuredKind, 'products' | 'blocks' | 'scans'>

async function explainKinds(catalog: KeptCatalog, kinds: readonly BrowsingKind[]): Promise<readonly Plans[]> {
  const large = await largeTables(catalog)
  const explained: Plans[] = []
  const query = await catalog.startQuery({ plans: true })
  try {
    await using client = createHttpClient(query.origin, 1)
    for (const kind of kinds) {
      const paths = kind.once === true ? kind.paths.slice(0, 1) : kind.paths
      const from = logLength(catalog.planLog)
      let products = 0
      for (const path of paths) products += productsIn((await client.send({ path })).body)
      const plans = await readPlans(catalog.planLog, from)
      const blocks = plans.reduce((sum, plan) => sum + plan.blocks, 0) / paths.length
      const scans = plans.flatMap(({ name, scanned }) => scanned.filter((table) => large.has(table)).map((table) => `${name}: ${table}`))
      explained.push({ products: products / paths.length, blocks, scans: [...new Set(scans)] })
    }
    return explained
  } finally {
    await query.process.stop()
  }
}

/** Of a list or of suggestions: nothing else in an answer has a key. */
function productsIn(body: string): number {
  const { data = [], products = data } = JSON.parse(body) as { data?: readonly object[]; products?: readonly object[] }
  return products.filter((item) => 'key' in item).length
}

/** A table of a few pages is read faster than its index is. */
const LARGE_TABLE_ROWS = 5_000

async function largeTables({ database }: KeptCatalog): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and reltuples >= ${LARGE_TABLE_ROWS}`,
  )
  return new Set(rows.map(({ name }) => name))
}

type Times = Omit<MeasuredKind, 'name' | keyof Plans>

async function timeKinds(catalog: KeptCatalog, kinds: readonly BrowsingKind[]): Promise<readonly Times[]> {
  const warm = kinds.map((kind) => ({ ...kind, paths: kind.paths.slice(0, WARM_UP) }))
  const cold = kinds.map((kind) => (kind.once === true ? kind : { ...kind, paths: kind.paths.slice(WARM_UP) }))
  const timed: Times[] = []
  let query = await catalog.startQuery()
  try {
    for (const kind of warm) await timeKind(catalog, query, kind)
    for (const kind of cold) {
      if (kind.once !== true) {
        timed.push(await timeKind(catalog, query, kind))
        continue
      }
      const each: Times[] = []
      for (const path of kind.paths) {
        await query.process.stop()
        query = await catalog.startQuery()
        for (const other of warm) if (other.once !== true) await timeKind(catalog, query, other)
        each.push(await timeKind(catalog, query, { ...kind, paths: [path] }))
      }
      timed.push(together(each))
    }
    return timed
  } finally {
    await query.process.stop()
  }
}

async function timeKind(
  catalog: KeptCatalog,
  query: { origin: string; process: { pid: number } },
  { paths }: BrowsingKind,
): Promise<Times> {
  await using client = createHttpClient(query.origin, 1)
  const latencies = createLatencies()
  const failures: string[] = []
  const before = [cpuMs(catalog.postgres.pid), cpuMs(query.process.pid)] as const
  for (const path of paths) {
    const { status, headers, body, sentMs, receivedMs } = await client.send({ path })
    if (status !== 200) failures.push(`${path} answered ${status}: ${body.slice(0, 300)}`)
    // Two wordings may be one query.
    if (!String(headers['cache-status']).includes('; hit')) latencies.recordMs(receivedMs - sentMs)
  }
  const cpu = (pid: number, was: number) => (cpuMs(pid) - was) / Math.max(1, latencies.count)
  return {
    count: latencies.count,
    p50Ms: latencies.percentileMs(50),
    p99Ms: latencies.percentileMs(99),
    postgresCpuMs: cpu(catalog.postgres.pid, before[0]),
    queryCpuMs: cpu(query.process.pid, before[1]),
    failures,
  }
}

/** One request each. */
function together(each: readonly Times[]): Times {
  const latencies = createLatencies()
  for (const { p50Ms } of each) latencies.recordMs(p50Ms)
  const mean = (of: (times: Times) => number) => each.reduce((sum, times) => sum + of(times), 0) / each.length
  return {
    count: each.length,
    p50Ms: latencies.percentileMs(50),
    p99Ms: latencies.percentileMs(99),
    postgresCpuMs: mean((times) => times.postgresCpuMs),
    queryCpuMs: mean((times) => times.queryCpuMs),
    failures: each.flatMap(({ failures }) => failures),
  }
}
