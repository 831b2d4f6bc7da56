/** `npm run faults [-- SCENARIO…]`: breaks a running catalog in every listed way and judges every answer it gives meanwhile. */
import { parseArgs } from 'node:util'
import { positiveInteger, runTool, UsageError } from './command-line.ts'
import { exitCode, printFindings } from './demo-report.ts'
import { endOnSignals, readRunOptions, RUN_FLAGS } from './run-options.ts'
import { evidenceOf, faultFindings } from './scenario/fault-findings.ts'
import { createFaultRunner, type FaultRunner } from './scenario/fault-run.ts'
import type { Figures } from './scenario/figures.ts'
import { readScenarios, type Scenario } from './scenario/scenario.ts'
import { addToReport, type ScenarioReport } from './scenario/report.ts'

const USAGE = `npm run faults [-- SCENARIO…] [--short] [--list] [--reads N] [--rate 900] [--edits 45] [--products 300] [--seed 1] [--report FOLDER] [--logs FOLDER]
Without names: every scenario, once through. --reads: its steps again and again until so many reads of it are answered; \`full\`: as many as each
scenario's file says, 10,200,000 in all: \`--reads full --rate 4000 --edits 30 --products 200 --report docs/faults\` is the committed report, and takes about an
hour of two cores that do nothing else; a scenario at a time will do: the report keeps what earlier runs of others showed. --short: the eight
that CI runs, at least 20,000 reads each. --rate and --edits are per second.
Exit code 1 when a figure that must be zero is not.`

const SHORT_READS = 20_000

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      reads: { type: 'string', default: '' },
      report: { type: 'string', default: '' },
      ...RUN_FLAGS,
    },
  })
  const scenarios = chooseScenarios(positionals, values.short)
  if (values.list) {
    for (const { name, about } of scenarios) process.stdout.write(`${name.padEnd(28)} ${about}\n`)
    return 0
  }
  const options = readRunOptions(values)
  await using runner = createFaultRunner({ ...options, reads: readsOf(values.reads, values.short) })
  endOnSignals(runner)
  const reports: ScenarioReport[] = []
  const failed: string[] = []
  for (const scenario of scenarios) {
    const report = await runOne(runner, scenario)
    if (report === null) failed.push(scenario.name)
    else reports.push(report)
    // After each: hours of work are not lost with the last of them, and can be done in parts.
    if (report !== null && values.report !== '') await addToReport(values.report, report, options.rates)
  }
  return printSummary(reports, failed)
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

/** @returns null when it could not be carried out, which is told, and fails the run: it has shown nothing */
async function runOne(runner: FaultRunner, scenario: Scenario): Promise<ScenarioReport | null> {
  let figures: Figures
  try {
    figures = await runner.run(scenario)
  } catch (error) {
    process.stdout.write(`\n${scenario.name}: could not be carried out: ${(error as Error).message}\n`)
    return null
  }
  const findings = faultFindings(figures)
  process.stdout.write(`\n${scenario.name}: ${scenario.title}\n`)
  printFindings(findings)
  const evidence = exitCode(findings) === 0 ? [] : evidenceOf(figures)
  for (const line of evidence) process.stdout.write(`    ${line}\n`)
  return { scenario, figures, findings, evidence }
}

/** @returns the exit code */
function printSummary(reports: readonly ScenarioReport[], failed: readonly string[]): number {
  const broken = reports.filter(({ findings }) => exitCode(findings) !== 0).map(({ scenario }) => scenario.name)
  const kept = reports.length - broken.length
  process.stdout.write(`\n${kept} scenarios as promised${listed('broken', broken)}${listed('not carried out', failed)}\n`)
  return broken.length + failed.length === 0 ? 0 : 1
}

function listed(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `; ${what}: ${names.join(', ')}`
}

runTool(USAGE, main)
