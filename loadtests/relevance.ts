/** `npm run relevance`: asks the judged queries of a catalog with the real products in it, and compares nDCG@10 with plain full text search. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { loopbackOrigin, runTool, UsageError } from './command-line.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { startPrivateStack } from './private-stack.ts'
import { startBaseline } from './relevance/baseline.ts'
import { readJudgedProducts, type JudgedProduct } from './relevance/judged-product.ts'
import { JUDGED_QUERIES, type JudgedQuery } from './relevance/judged-queries.ts'
import { ndcg } from './relevance/ndcg.ts'
import { DATA_FOLDER, fileSource, runImport } from './run-import.ts'
import { printTable } from './table.ts'

const USAGE = `npm run relevance -- [--query URL] [--data FOLDER] [--each]
Without --query a catalog of its own is started, the three files are imported, and it is removed at the end. --each: a line for each query.`

const FILES = ['icecat.ndjson.gz', 'bestbuy.ndjson.gz', 'pcparts.ndjson.gz']
const DEPTH = 10
/** Better than the baseline by at least this. */
const GOAL = 0.05
const CONNECTIONS = 2
const LEARNT_MS = 120_000
const POLL_MS = 500

async function main(args: readonly string[]): Promise<number> {
  const options = {
    query: { type: 'string' },
    data: { type: 'string', default: DATA_FOLDER },
    each: { type: 'boolean', default: false },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  const paths = FILES.map((name) => join(values.data, name))
  const products = (await Promise.all(paths.map(readProducts))).flat()
  await using baseline = await startBaseline(products)
  if (values.query !== undefined) {
    await using client = createHttpClient(loopbackOrigin('--query', values.query), CONNECTIONS)
    return report(await judgeAll(products, { ours: searchOver(client), baseline: baseline.search }), values.each)
  }
  await using stack = await startPrivateStack()
  await using admin = createHttpClient(stack.adminOrigin, CONNECTIONS, { 'x-api-key': stack.adminKey })
  await using client = createHttpClient(stack.queryOrigin, CONNECTIONS)
  for (const path of paths) process.stdout.write(`${JSON.stringify(await runImport(admin, fileSource(path)))}\n`)
  await untilWordsAreLearnt(client)
  return report(await judgeAll(products, { ours: searchOver(client), baseline: baseline.search }), values.each)
}

async function readProducts(path: string): Promise<readonly JudgedProduct[]> {
  try {
    return await readJudgedProducts(path)
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
  }
}

interface SearchAnswer {
  readonly data: readonly { readonly key: string }[]
  readonly repaired: string | null
}

type Search = (q: string, limit: number) => Promise<readonly string[]>

const pathOf = (q: string, limit: number) => `/v1/products?q=${encodeURIComponent(q)}&limit=${limit}`

function searchOver(client: HttpClient): Search {
  return async (q, limit) => {
    const { data } = await client.getJson<SearchAnswer>({ path: pathOf(q, limit) })
    return data.map(({ key }) => key.toLowerCase())
  }
}

/** The vocabulary follows an import by seconds. */
async function untilWordsAreLearnt(client: HttpClient): Promise<void> {
  const endMs = performance.now() + LEARNT_MS
  // Of the last file.
  while ((await client.getJson<SearchAnswer>({ path: pathOf('geforec', 1) })).repaired === null) {
    if (performance.now() > endMs) throw new Error(`The words were not learnt within ${LEARNT_MS / 1_000} s`)
    await sleep(POLL_MS)
  }
}

interface Judged {
  readonly query: JudgedQuery
  readonly ours: number
  readonly baseline: number
}

async function judgeAll(products: readonly JudgedProduct[], searches: { ours: Search; baseline: Search }): Promise<readonly Judged[]> {
  const byKey = new Map(products.map((product) => [product.key, product]))
  const judged: Judged[] = []
  for (const query of JUDGED_QUERIES) {
    const available = products.map(query.grade).filter((grade) => grade > 0)
    const scoreOf = async (search: Search) => {
      const found = (await search(query.q, DEPTH)).map((key) => byKey.get(key))
      const grades = found.map((product) => (product === undefined ? 0 : query.grade(product)))
      return ndcg(grades, available, DEPTH)
    }
    judged.push({ query, ours: await scoreOf(searches.ours), baseline: await scoreOf(searches.baseline) })
  }
  return judged
}

/** @returns the exit code */
function report(judged: readonly Judged[], each: boolean): number {
  const figure = (value: number) => value.toFixed(3)
  if (each)
    printTable(
      ['query', 'baseline', 'catalog'],
      judged.map(({ query, ours, baseline }) => [query.q, figure(baseline), figure(ours)]),
    )
  const groups = [...Map.groupBy(judged, ({ query }) => query.kind as string), ['all', judged] as const]
  const rows = groups.map(([kind, some]) => {
    const [ours, baseline] = [mean(some.map((one) => one.ours)), mean(some.map((one) => one.baseline))]
    return [kind, String(some.length), figure(baseline), figure(ours), figure(ours - baseline)]
  })
  printTable([`nDCG@${DEPTH}`, 'queries', 'baseline', 'catalog', 'difference'], rows)
  return mean(judged.map(({ ours, baseline }) => ours - baseline)) >= GOAL ? 0 : 1
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

runTool(USAGE, main)
