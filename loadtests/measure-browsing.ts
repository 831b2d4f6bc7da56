/** `npm run measure:browsing`: what a request costs that no cache can answer, kind by kind, one at a time, against a running catalog. */
import { parseArgs } from 'node:util'
import { browsingKinds, type BrowsingKind } from './browsing-paths.ts'
import { loopbackOrigin, positiveInteger, runTool } from './command-line.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { createLatencies } from './latency.ts'
import { createRandom } from './random.ts'
import { printTable } from './table.ts'

const USAGE = `npm run measure:browsing -- [--url http://127.0.0.1:3000] [--requests 40] [--seed 1]
The address may also be in QUERY_URL. Measure on a machine that does nothing else, and each time with another seed: what was asked a moment ago is cached.`

const MAX_REQUESTS = 1_000

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string', default: process.env['QUERY_URL'] || 'http://127.0.0.1:3000' },
      requests: { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
    },
  })
  const origin = loopbackOrigin('--url', values.url)
  const requests = positiveInteger('--requests', values.requests, MAX_REQUESTS)
  const random = createRandom(positiveInteger('--seed', values.seed))
  await using client = createHttpClient(origin, 1)
  const kinds = await browsingKinds(client, random, requests)
  const measured: Measured[] = []
  for (const kind of kinds) measured.push(await measure(client, kind))
  printTable(
    ['kind', 'requests', 'p50 ms', 'p95 ms', 'max ms', 'from a cache', 'failed'],
    measured.map((kind) => kind.cells),
  )
  const failures = measured.flatMap((kind) => kind.failures)
  for (const failure of failures.slice(0, 5)) process.stderr.write(`failed: ${failure}\n`)
  return failures.length === 0 ? 0 : 1
}

interface Measured {
  readonly cells: readonly string[]
  readonly failures: readonly string[]
}

async function measure(client: HttpClient, { name, paths }: BrowsingKind): Promise<Measured> {
  const latencies = createLatencies()
  const failures: string[] = []
  let cached = 0
  for (const path of paths) {
    const { status, headers, body, sentMs, receivedMs } = await client.send({ path })
    latencies.recordMs(receivedMs - sentMs)
    if (status !== 200) failures.push(`${path} answered ${status}: ${body.slice(0, 300)}`)
    if (String(headers['cache-status']).includes('hit')) cached++
  }
  const ms = (value: number) => value.toFixed(1)
  const figures = [latencies.percentileMs(50), latencies.percentileMs(95), latencies.maxMs].map(ms)
  return { cells: [name, String(latencies.count), ...figures, String(cached), String(failures.length)], failures }
}

runTool(USAGE, main)
