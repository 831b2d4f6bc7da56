/** `npm run faults [-- SCENARIO…]`: breaks a running catalog in every listed way and judges every answer it gives meanwhile. */
import { parseArgs } from 'node:util'
import { positiveInteger, runTool, UsageError } from './command-line.ts'
import { exitCode, printFindings, type Finding } from './demo-report.ts'
import { evidenceOf, faultFindings } from './scenario/fault-findings.ts'
import { createFaultRunner, type FaultRunner } from './scenario/fault-run.ts'
import { readScenarios, type Scenario } from './scenario/scenario.ts'
import { writeReport, type ScenarioReport } from './scenario/report.ts'

const USAGE = `npm run faults [-- SCENARIO…] [--short] [--list] [--reads N] [--rate 900] [--edits 45] [--products 300] [--seed 1] [--report FOLDER]
Without names: every scenario, for one cycle each. --reads: for as many cycles as so many reads of a scenario take; \`full\`: as many as each
scenario's file says (hours). --short: the eight that CI runs, at least 20,000 reads each. --rate and --edits are per second.
Exit code 1 when a figure that must be zero is not.`

const MAX_RATE = 20_000
const SHORT_READS = 20_000

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      reads: { type: 'string', default: '' },
      rate: { type: 'string', default: '900' },
      edits: { type: 'string', default: '45' },
      products: { type: 'string', default: '300' },
      seed: { type: 'string', default: '1' },
      report: { type: 'string', default: '' },
    },
  })
  const scenarios = chooseScenarios(positionals, values.short)
  if (values.list) {
    for (const { name, about } of scenarios) process.stdout.write(`${name.padEnd(28)} ${about}\n`)
    return 0
  }
  const rates = {
    readsPerSecond: positiveInteger('--rate', values.rate, MAX_RATE),
    editsPerSecond: positiveInteger('--edits', values.edits, MAX_RATE),
  }
  await using runner = createFaultRunner({
    rates,
    productCount: positiveInteger('--products', values.products, 10_000),
    seed: positiveInteger('--seed', values.seed),
    reads: readsOf(values.reads, values.short),
    tell: (line) => process.stderr.write(`${line}\n`),
  })
  endOnSignals(runner)
  const reports: ScenarioReport[] = []
  for (const scenario of scenarios) reports.push(await runOne(runner, scenario))
  if (values.report !== '') await writeReport(values.report, { reports, rates })
  return printSummary(reports)
}

function chooseScenarios(names: readonly string[], short: boolean): readonly Scenario[] {
  const known = readScenarios()
  const unknown = names.find((name) => !known.some((scenario) => scenario.name === name))
  if (unknown !== undefined) throw new UsageError(`No scenario "${unknown}". There are: ${known.map(({ name }) => name).join(', ')}`)
  return known.filter((scenario) => (names.length === 0 ? !short || scenario.short === true : names.includes(scenario.name)))
}

function readsOf(reads: string, short: boolean): (scenario: Scenario) => number {
  if (reads === 'full') return (scenario) => scenario.reads
  const count = reads === '' ? (short ? SHORT_READS : 1) : positiveInteger('--reads', reads)
  return () => count
}

function endOnSignals(runner: FaultRunner): void {
  const end = async () => {
    await runner[Symbol.asyncDispose]()
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end())
}

async function runOne(runner: FaultRunner, scenario: Scenario): Promise<ScenarioReport> {
  const figures = await runner.run(scenario)
  const findings = faultFindings(figures)
  process.stdout.write(`\n${scenario.name}: ${scenario.title}\n`)
  printFindings(findings)
  const evidence = exitCode(findings) === 0 ? [] : evidenceOf(figures)
  for (const line of evidence) process.stdout.write(`    ${line}\n`)
  return { scenario, figures, findings, evidence }
}

function printSummary(reports: readonly ScenarioReport[]): number {
  const all: readonly Finding[] = reports.flatMap(({ findings }) => findings)
  const failed = reports.filter(({ findings }) => exitCode(findings) !== 0).map(({ scenario }) => scenario.name)
  process.stdout.write(`\n${reports.length} scenarios, ${failed.length === 0 ? 'every promise kept' : `broken: ${failed.join(', ')}`}\n`)
  return exitCode(all)
}

runTool(USAGE, main)
