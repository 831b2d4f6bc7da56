/** `npm run load`: a browse mix on Zipf keys, closed loop by autocannon, against a running stack; fails on any wrong answer. */
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { fetchBrowseKeys } from './browse-keys.ts'
import {
  BROWSE_KINDS,
  type BrowseKind,
  type BrowseMix,
  type BrowseRequest,
  checkAnswer,
  createBrowseMix,
  USUAL_WEIGHTS,
} from './browse-mix.ts'
import { loopbackOrigin, positiveInteger, positiveNumber, runTool, UsageError } from './command-line.ts'
import { createLatencies, type Latencies } from './latency.ts'
import { createHttpClient } from './http-client.ts'
import { type PrivateStack, startPrivateStack } from './private-stack.ts'
import { createRandom } from './random.ts'
import { generatedSource, runImport } from './run-import.ts'
import { printTable } from './table.ts'

const USAGE = `npm run load -- [--url http://127.0.0.1:3000] [--duration 10] [--connections 32] [--zipf 1.0] [--products 5000] [--seed 1]
  [--mix ${BROWSE_KINDS.map((kind) => `${kind}=${USUAL_WEIGHTS[kind]}`).join(',')}]
The address may also be in QUERY_URL; with --start it starts a catalog of its own, fills it with generated products, and removes it at the end. Seconds at most 600. It capacity-tests one machine: for latency at a given rate there is open-loop.ts.`

const MAX_DURATION_S = 600
const MAX_CONNECTIONS = 1_000
const MAX_PRODUCTS = 100_000
const TIMEOUT_S = 10
const KEPT_FAILURES = 5

interface KindResult {
  readonly latencies: Latencies
  wrong: number
}

interface LoadResult {
  readonly byKind: Readonly<Record<BrowseKind, KindResult>>
  readonly all: Latencies
  readonly failures: readonly string[]
  /** Requests without an answer: refused, reset, timed out. */
  readonly errors: number
  readonly seconds: number
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string', default: process.env['QUERY_URL'] || 'http://127.0.0.1:3000' },
      duration: { type: 'string', default: '10' },
      connections: { type: 'string', default: '32' },
      zipf: { type: 'string', default: '1.0' },
      products: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      mix: { type: 'string', default: '' },
      start: { type: 'boolean', default: false },
    },
  })
  await using stack = values.start ? await startFilledStack() : null
  const origin = stack?.queryOrigin ?? loopbackOrigin('--url', values.url)
  const durationS = positiveInteger('--duration', values.duration, MAX_DURATION_S)
  const connections = positiveInteger('--connections', values.connections, MAX_CONNECTIONS)
  const mix: BrowseMix = {
    weights: parseWeights(values.mix),
    exponent: positiveNumber('--zipf', values.zipf, 3),
    random: createRandom(positiveInteger('--seed', values.seed)),
  }
  const keys = await fetchBrowseKeys(origin, positiveInteger('--products', values.products, MAX_PRODUCTS))
  const next = createBrowseMix(keys, mix)
  process.stdout.write(
    `${origin}: ${keys.products.length} products, ${keys.categories.length} categories, Zipf ${mix.exponent}, ${connections} connections, ${durationS} s\n`,
  )
  return report(await run({ origin, durationS, connections, next }))
}

const GENERATED_PRODUCTS = 3_000

async function startFilledStack(): Promise<PrivateStack> {
  // A closed loop takes all that there is: what is refused early under such a load would be counted as wrong.
  const stack = await startPrivateStack({ QUERY_MAX_DELAY_MS: '0' })
  try {
    await using admin = createHttpClient(stack.adminOrigin, 1, { 'x-api-key': stack.adminKey })
    const { done, failed } = await runImport(admin, generatedSource(GENERATED_PRODUCTS))
    if (failed > 0) throw new Error(`${failed} of ${done} generated products were refused`)
    return stack
  } catch (error) {
    await stack[Symbol.asyncDispose]()
    throw error
  }
}

function parseWeights(list: string): BrowseMix['weights'] {
  if (list === '') return USUAL_WEIGHTS
  const weights: Record<BrowseKind, number> = { id: 0, slug: 0, list: 0, batch: 0 }
  for (const item of list.split(',')) {
    const [name = '', weight = ''] = item.split('=')
    const kind = BROWSE_KINDS.find((known) => known === name)
    if (kind === undefined) throw new UsageError(`--mix must name kinds of ${BROWSE_KINDS.join(', ')}, not "${item}"`)
    weights[kind] = positiveNumber(`--mix ${kind}`, weight, 1_000)
  }
  return weights
}

interface Run {
  readonly origin: string
  readonly durationS: number
  readonly connections: number
  readonly next: () => BrowseRequest
}

async function run({ origin, durationS, connections, next }: Run): Promise<LoadResult> {
  const newKind = (): KindResult => ({ latencies: createLatencies(), wrong: 0 })
  const byKind = { id: newKind(), slug: newKind(), list: newKind(), batch: newKind() }
  const all = createLatencies()
  const failures: string[] = []
  let answered: KindResult | null = null

  // One request that is made anew each time: a list of thousands would be walked by every connection in the same order.
  const request: autocannon.Request = {
    setupRequest: (base, context) => {
      const asked = next()
      // With one request in flight a connection's context holds the one that is being answered.
      Object.assign(context, { asked })
      const headers = { ...base.headers, ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }) }
      return { ...base, method: asked.method, path: asked.path, headers, ...(asked.body === undefined ? {} : { body: asked.body }) }
    },
    onResponse: (status, body, context) => {
      const { asked } = context as { asked: BrowseRequest }
      answered = byKind[asked.kind]
      const problem = checkAnswer(asked, status, body)
      if (problem === null) return
      answered.wrong++
      if (failures.length < KEPT_FAILURES) failures.push(`${asked.method} ${asked.path} ${problem}`)
    },
  }
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>()
  const instance = autocannon(
    { url: origin, connections, duration: durationS, timeout: TIMEOUT_S, pipelining: 1, requests: [request] },
    (error: Error | null, result) => (error === null ? resolve(result) : reject(error)),
  )
  // Emitted for the same answer right after its onResponse; autocannon's own histogram knows whole milliseconds only.
  instance.on('response', (_client, _status, _bytes, latencyMs) => {
    answered?.latencies.recordMs(latencyMs)
    all.recordMs(latencyMs)
  })
  const stop = () => instance.stop()
  process.once('SIGINT', stop)
  const result = await promise
  process.off('SIGINT', stop)
  return { byKind, all, failures, errors: result.errors, seconds: result.duration }
}

/** @returns the exit code */
function report({ byKind, all, failures, errors, seconds }: LoadResult): number {
  const row = (name: string, latencies: Latencies, wrong: number) => [
    name,
    latencies.count.toLocaleString('en'),
    Math.round(latencies.count / seconds).toLocaleString('en'),
    latencies.percentileMs(50).toFixed(2),
    latencies.percentileMs(99).toFixed(2),
    latencies.maxMs.toFixed(1),
    String(wrong),
  ]
  const wrong = BROWSE_KINDS.reduce((sum, kind) => sum + byKind[kind].wrong, 0)
  printTable(
    ['kind', 'answers', 'req/s', 'p50 ms', 'p99 ms', 'max ms', 'wrong'],
    [
      ...BROWSE_KINDS.filter((kind) => byKind[kind].latencies.count > 0).map((kind) =>
        row(kind, byKind[kind].latencies, byKind[kind].wrong),
      ),
      row('all', all, wrong),
    ],
  )
  for (const failure of failures) process.stderr.write(`wrong: ${failure}\n`)
  if (errors > 0) process.stderr.write(`${errors} requests got no answer\n`)
  if (all.count === 0) process.stderr.write('Nothing was answered\n')
  return wrong + errors === 0 && all.count > 0 ? 0 : 1
}

runTool(USAGE, main)
