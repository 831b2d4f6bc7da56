/** What each kind of request costs in several catalogs: times and CPU where no cache answers, and the plans of its statements. */
import { browsingKinds, type BrowsingKind } from './browsing-paths.ts'
import { createHttpClient } from './http-client.ts'
import type { KeptCatalog } from './kept-catalog.ts'
import { createLatencies, type Latencies } from './latency.ts'
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

/**
 * Kind by kind, a request at a time.
 * @returns the kinds of each catalog, in their order
 */
export async function measureCatalogs(
  catalogs: readonly KeptCatalog[],
  options: { requests: number; seed: number },
): Promise<readonly (readonly MeasuredKind[])[]> {
  const asked: AskedCatalog[] = []
  const plans: (readonly Plans[])[] = []
  // First the plans, then the times: what the plans cost is in no time, and files are in the machine's memory as they are in a catalog that is used.
  for (const catalog of catalogs) {
    const kinds = await makeKinds(catalog, options)
    asked.push({ catalog, kinds })
    plans.push(await explainKinds(catalog, kinds))
  }
  const times = await timeKinds(asked)
  return asked.map(({ kinds }, i) => kinds.map(({ name }, n) => ({ name, ...times[i]![n]!, ...plans[i]![n]! })))
}

interface AskedCatalog {
  readonly catalog: KeptCatalog
  readonly kinds: readonly BrowsingKind[]
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

/**
 * The requests of a kind are asked in so many turns, of one catalog after the other: what slows the machine for a while slows all of them. Few, since
 * the first of a turn finds nothing of its catalog in the processor's caches.
 */
const TURNS = 5

async function timeKinds(asked: readonly AskedCatalog[]): Promise<readonly (readonly Times[])[]> {
  await using timed = new AsyncDisposableStack()
  const each: { readonly process: TimedProcess; readonly kinds: readonly BrowsingKind[]; readonly times: Times[] }[] = []
  for (const one of asked) each.push({ process: timed.use(await startTimed(one)), kinds: one.kinds, times: [] })
  for (let n = 0; n < Math.max(...asked.map(({ kinds }) => kinds.length)); n++) {
    const tallies = each.map(() => createTally())
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, { process, kinds }] of each.entries()) await process.ask(kinds[n]!, turn, tallies[i]!)
    }
    for (const [i, { times }] of each.entries()) times.push(timesOf(tallies[i]!))
  }
  return each.map(({ times }) => times)
}

interface TimedProcess extends AsyncDisposable {
  ask(kind: BrowsingKind, turn: number, tally: Tally): Promise<void>
}

async function startTimed({ catalog, kinds }: AskedCatalog): Promise<TimedProcess> {
  const startWarm = async () => {
    await using starting = new AsyncDisposableStack()
    const query = starting.use(await startAsked(catalog))
    for (const { paths, once } of kinds) if (once !== true) await query.ask(paths.slice(0, WARM_UP), createTally())
    starting.move()
    return query
  }
  let query = await startWarm()
  return {
    ask: async ({ paths, once = false }, turn, tally) => {
      const part = once ? paths.slice(turn, turn + 1) : turnOf(paths.slice(WARM_UP), turn)
      if (once && part.length > 0) {
        await query[Symbol.asyncDispose]()
        query = await startWarm()
      }
      await query.ask(part, tally)
    },
    [Symbol.asyncDispose]: () => query[Symbol.asyncDispose](),
  }
}

/** Equal parts but for one. */
function turnOf(paths: readonly string[], turn: number): readonly string[] {
  return paths.slice(Math.floor((turn * paths.length) / TURNS), Math.floor(((turn + 1) * paths.length) / TURNS))
}

interface Tally {
  readonly latencies: Latencies
  postgresCpuMs: number
  queryCpuMs: number
  readonly failures: string[]
}

function createTally(): Tally {
  return { latencies: createLatencies(), postgresCpuMs: 0, queryCpuMs: 0, failures: [] }
}

interface AskedQuery extends AsyncDisposable {
  ask(paths: readonly string[], tally: Tally): Promise<void>
}

async function startAsked(catalog: KeptCatalog): Promise<AskedQuery> {
  const query = await catalog.startQuery()
  const client = createHttpClient(query.origin, 1)
  const send = async (path: string, { failures, latencies }: Tally) => {
    const { status, headers, body, sentMs, receivedMs } = await client.send({ path })
    if (status !== 200) failures.push(`${path} answered ${status}: ${body.slice(0, 300)}`)
    // Two wordings may be one query.
    if (!String(headers['cache-status']).includes('; hit')) latencies.recordMs(receivedMs - sentMs)
  }
  return {
    ask: async (paths, tally) => {
      const [postgresMs, queryMs] = [cpuMs(catalog.postgres.pid), cpuMs(query.process.pid)]
      for (const path of paths) await send(path, tally)
      tally.postgresCpuMs += cpuMs(catalog.postgres.pid) - postgresMs
      tally.queryCpuMs += cpuMs(query.process.pid) - queryMs
    },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]()
      await query.process.stop()
    },
  }
}

function timesOf({ latencies, postgresCpuMs, queryCpuMs, failures }: Tally): Times {
  const each = Math.max(1, latencies.count)
  return {
    count: latencies.count,
    p50Ms: latencies.percentileMs(50),
    p99Ms: latencies.percentileMs(99),
    postgresCpuMs: postgresCpuMs / each,
    queryCpuMs: queryCpuMs / each,
    failures,
  }
}
