/** `npm run measure:browsing`: what a request costs that no cache can answer, kind by kind, in the real catalog and in a generated one of a million products. */
import { parseArgs } from 'node:util'
import type { RunningProcess } from '../stack/process.ts'
import { OF_THE_WHOLE } from './browsing-paths.ts'
import { positiveInteger, runTool, UsageError } from './command-line.ts'
import { openKeptCatalog, type CatalogContents, type KeptCatalog } from './kept-catalog.ts'
import { measureCatalogs, type MeasuredKind } from './measure-catalog.ts'
import { findSources, generatedSource } from './run-import.ts'
import { endOnSignals } from './run-options.ts'
import { printTable } from './table.ts'

const USAGE = `npm run measure:browsing -- --data FOLDER [--catalogs real,generated:86524,generated:1000000] [--requests 100] [--seed 1]
FOLDER keeps the catalogs, which are imported once (a million products take a quarter of an hour and some 14 GB). They are measured in turns; the last is compared with each of the others.
Measure on a machine that does nothing else.`

const MAX_REQUESTS = 1_000
const GENERATED_SEED = 7
/** How much more a request may cost of the last catalog than of the one before it. */
const GOAL = 2

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      catalogs: { type: 'string', default: 'real,generated:86524,generated:1000000' },
      requests: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
    },
  })
  const { data } = values
  if (data === undefined) throw new UsageError('--data names the folder that keeps the catalogs')
  const requests = positiveInteger('--requests', values.requests, MAX_REQUESTS)
  const seed = positiveInteger('--seed', values.seed)
  const contents = values.catalogs.split(',').map(contentsOf)
  const started: RunningProcess[] = []
  endOnSignals({
    [Symbol.asyncDispose]: async () => {
      for (const one of started.toReversed()) await one.stop()
    },
  })
  await using opened = new AsyncDisposableStack()
  const catalogs: KeptCatalog[] = []
  for (const wanted of contents) catalogs.push(opened.use(await openKeptCatalog(data, wanted, (one) => started.push(one))))
  return report(
    contents.map(({ name }) => name),
    await measureCatalogs(catalogs, { requests, seed }),
  )
}

/** `real`, or `generated:86524` */
function contentsOf(text: string): CatalogContents {
  if (text === 'real') return { name: text, sources: findSources() }
  const [, count] = /^generated:(\d+)$/.exec(text) ?? []
  if (count === undefined) throw new UsageError(`--catalogs must be a list of real and generated:NUMBER, not "${text}"`)
  return { name: `generated-${count}`, sources: [generatedSource(positiveInteger('--catalogs', count), GENERATED_SEED)] }
}

/** @returns the exit code */
function report(names: readonly string[], catalogs: readonly (readonly MeasuredKind[])[]): number {
  for (const [i, kinds] of catalogs.entries()) {
    process.stdout.write(`\n${names[i]}\n`)
    printTable(
      ['kind', 'requests', 'p50 ms', 'p99 ms', 'products', 'PostgreSQL CPU ms', 'query CPU ms', 'blocks', 'scans', 'failed'],
      kinds.map((kind) => [kind.name, String(kind.count), ...figuresOf(kind), String(kind.scans.length), String(kind.failures.length)]),
    )
  }
  const last = catalogs.at(-1) ?? []
  const missed = catalogs.slice(0, -1).map((kinds, i) => {
    process.stdout.write(`\n${names.at(-1)} ÷ ${names[i]}\n`)
    return printRatios(kinds, last)
  })
  const findings = catalogs.flat().flatMap(({ name, scans, failures }) => [...scans.map((scan) => `${name} scans ${scan}`), ...failures])
  for (const finding of findings.slice(0, 10)) process.stderr.write(`${finding}\n`)
  // The goal is about how many products there are: it counts beside the catalog that is most like the last.
  return findings.length > 0 || (missed.at(-1) ?? 0) > 0 ? 1 : 0
}

/** @returns how many kinds cost more of the last catalog than the goal says */
function printRatios(kinds: readonly MeasuredKind[], last: readonly MeasuredKind[]): number {
  const cpu = (one: MeasuredKind) => one.postgresCpuMs + one.queryCpuMs
  const compared = kinds.flatMap((kind) => {
    const other = last.find(({ name }) => name === kind.name)
    if (other === undefined) return []
    const ratios = [other.p50Ms / kind.p50Ms, cpu(other) / cpu(kind), other.blocks / kind.blocks]
    const hasGoal = !OF_THE_WHOLE.includes(kind.name)
    // A kind of which nothing was asked has shown nothing.
    const isMet = other.p50Ms <= GOAL * kind.p50Ms
    return [{ name: kind.name, ratios, hasGoal, missed: hasGoal && !isMet }]
  })
  printTable(
    ['kind', 'p50', 'CPU', 'blocks', 'goal'],
    compared.map(({ name, ratios, hasGoal, missed }) => [
      name,
      ...ratios.map((value) => value.toFixed(1)),
      !hasGoal ? '' : missed ? 'missed' : 'met',
    ]),
  )
  return compared.filter(({ missed }) => missed).length
}

function figuresOf({ p50Ms, p99Ms, products, postgresCpuMs, queryCpuMs, blocks }: MeasuredKind): readonly string[] {
  return [...[p50Ms, p99Ms, products, postgresCpuMs, queryCpuMs].map((value) => value.toFixed(1)), String(Math.round(blocks))]
}

runTool(USAGE, main)
