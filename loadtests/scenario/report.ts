/** The report page of fault runs: a table of all scenarios, then each with its picture and figures. What each showed is kept as JSON beside it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { exitCode, type Finding } from '../demo-report.ts'
import { PROMISE_MS } from '../oracle/judge.ts'
import type { Rates } from '../traffic/traffic.ts'
import { shownSpan, slowest, type Figures } from './figures.ts'
import { drawPicture } from './picture.ts'
import { readScenarios, type Scenario } from './scenario.ts'

export interface ScenarioReport {
  readonly scenario: Scenario
  readonly figures: Figures
  readonly findings: readonly Finding[]
  readonly evidence: readonly string[]
}

/** What a scenario showed, as its file keeps it. Times in milliseconds. */
interface Shown {
  /** The day it ran, and on what: `2026-11-25`, `2 cores, 24 GB`. */
  readonly ran: string
  readonly machine: string
  readonly rates: Rates
  readonly reads: number
  readonly soonAfterWrite: number
  readonly editsInFault: number
  readonly stale: number
  readonly maxStalenessMs: number
  readonly understated: number
  readonly brokenTokens: number
  readonly wrongAtRest: number
  readonly statedP50Ms: number
  readonly visibleP50Ms: number
  readonly visibleP99Ms: number
  readonly hits: number
  readonly refusedEarly: number
  readonly failed: number
  readonly broken: boolean
  readonly findings: readonly Finding[]
  readonly evidence: readonly string[]
}

interface ShownScenario {
  readonly scenario: Scenario
  readonly shown: Shown
}

const whole = (n: number) => Math.round(n).toLocaleString('en')

/** Adds a scenario to a folder, in place of what an earlier run of it showed: NAME.json, NAME.svg, and the page of all that are there. */
export async function addToReport(folder: string, report: ScenarioReport, rates: Rates): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const { name } = report.scenario
  writeFileSync(join(folder, `${name}.svg`), await pictureOf(report.figures))
  writeFileSync(fileOf(folder, name), `${JSON.stringify(shownBy(report, rates), null, 2)}\n`)
  writeFileSync(join(folder, 'README.md'), pageOf(readShown(folder)))
}

const fileOf = (folder: string, name: string): string => join(folder, `${name}.json`)

function readShown(folder: string): readonly ShownScenario[] {
  const there = readScenarios().filter(({ name }) => existsSync(fileOf(folder, name)))
  return there.map((scenario) => ({ scenario, shown: JSON.parse(readFileSync(fileOf(folder, scenario.name), 'utf8')) as Shown }))
}

function shownBy({ figures, findings, evidence }: ScenarioReport, rates: Rates): Shown {
  const { verdict, chains, cycles, visible, errors, refusedEarly, editsInFault } = figures
  const atRest = cycles.map(({ finalCheck }) => finalCheck.wrongAnswers + finalCheck.wrongCopies + finalCheck.unanswered)
  const sum = (counts: Iterable<number>) => [...counts].reduce((all, n) => all + n, 0)
  return {
    ran: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GB`,
    rates,
    reads: verdict.reads,
    soonAfterWrite: verdict.soonAfterWrite,
    editsInFault,
    stale: verdict.staler[3]!,
    maxStalenessMs: verdict.maxStalenessMs,
    understated: verdict.understated,
    brokenTokens: chains.missedOwnWrite + chains.wentBack + chains.missedEarlier,
    wrongAtRest: sum(atRest),
    statedP50Ms: verdict.stated.percentileMs(50),
    visibleP50Ms: slowest(visible, 50),
    visibleP99Ms: slowest(visible, 99),
    hits: verdict.hits,
    refusedEarly,
    failed: sum(errors.values()),
    broken: exitCode(findings) !== 0,
    findings,
    evidence,
  }
}

async function pictureOf({ scenario, points, cycles }: Figures): Promise<string> {
  const { fromMs, toMs } = shownSpan(scenario, cycles[0]!)
  const faults = cycles[0]!.faults.filter((fault) => fault.fromMs < toMs)
  const seconds = (atMs: number) => Math.max(0, Math.min(atMs, toMs) - fromMs) / 1_000
  return await drawPicture({
    title: scenario.title,
    points,
    // A fault of a moment is shown all the same.
    faults: faults.map((fault) => ({ from: seconds(fault.fromMs), to: seconds(Math.max(fault.toMs, fault.fromMs + 100)) })),
    promiseMs: PROMISE_MS,
  })
}

function pageOf(all: readonly ShownScenario[]): string {
  return `# What happens when parts fail

Made by \`npm run faults\` (loadtests/faults.ts says how): the real programs (three query processes, two relays, two invalidators, an admin server
and an auditor) on a real PostgreSQL with two standbys, Redis and Kafka, all on one machine, every connection (but for the first scenario, in which nothing is done to the network) through a proxy. Open-loop readers ask for products by Zipf's law, a quarter
of them after one that was just written, while writers edit; each scenario says how many a second. Every answer
is judged: how stale it was (the time it was sent minus the acknowledgement of the oldest commit it misses), and whether its
\`Catalog-Staleness\` was an upper bound of that. Scenarios are the JSON files of \`loadtests/faults/\`; \`npm run faults -- NAME\` runs one, \`--reads full\` runs them for as many reads as their files say.

Writers, readers and judge are one process, so all times are of one clock. Staleness, invalidation and latency are what a client sees on this machine while
everything else runs on it too. In the pictures the fault is shaded, the dashed line is the promise of 2.5 s, red must stay below grey: what the answers
said of themselves. A run repeats its steps until it has its reads; a picture shows the first time through, the figures are of all. A process that is too busy refuses a read before
it does anything for it (503, Retry-After): such reads are counted apart, as are those that the driver did not send because too many were unanswered, and how late
the driver itself was: on one machine readers and servers take each other's time. An answer that is marked as unverified is judged only while the promise holds, that is while the primary is up and a database can be reached.

${totalsOf(all)}

${tableOf(all)}

${all.map(sectionOf).join('\n')}`
}

function totalsOf(all: readonly ShownScenario[]): string {
  const promised = all.filter(({ scenario }) => scenario.expectsStale === undefined)
  const sum = (of: (shown: Shown) => number) => whole(promised.reduce((total, { shown }) => total + of(shown), 0))
  return `**${promised.length} scenarios that promise something, ${sum(({ reads }) => reads)} reads, ${sum(({ soonAfterWrite }) => soonAfterWrite)} of them within 5 s after a write to the
same product, ${sum(({ editsInFault }) => editsInFault)} edits inside faults: ${sum(({ stale }) => stale)} staler than 2.5 s, ${sum(({ understated }) => understated)} understated bounds, ${sum(({ brokenTokens }) => brokenTokens)} broken tokens.**`
}

const TITLES = [
  'scenario',
  'reads',
  'within 5 s after a write',
  'edits inside the fault',
  'staler than 2.5 s',
  'greatest staleness',
  'bound understated',
  'token broken',
  'wrong after the silence',
  'stated p50',
  'invalidation p50 / p99',
  'hit rate',
  'refused early',
  'failed',
  '',
]

function tableOf(all: readonly ShownScenario[]): string {
  const rows = all.map(({ scenario, shown }) => {
    const percent = (n: number, digits: number) => `${((100 * n) / Math.max(shown.reads, 1)).toFixed(digits)} %`
    return [
      `[${scenario.title}](#${scenario.name})`,
      whole(shown.reads),
      percent(shown.soonAfterWrite, 0),
      whole(shown.editsInFault),
      whole(shown.stale),
      `${whole(shown.maxStalenessMs)} ms`,
      whole(shown.understated),
      whole(shown.brokenTokens),
      whole(shown.wrongAtRest),
      `${whole(shown.statedP50Ms)} ms`,
      `${shown.visibleP50Ms.toFixed(0)} / ${shown.visibleP99Ms.toFixed(0)} ms`,
      percent(shown.hits, 1),
      whole(shown.refusedEarly),
      whole(shown.failed),
      shown.broken ? '**broken**' : scenario.expectsStale === undefined ? 'kept' : 'stale, as expected',
    ]
  })
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(TITLES), line(TITLES.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

function sectionOf({ scenario, shown }: ShownScenario): string {
  const lines = shown.findings.map(({ name, value, goal, met, isMust }) => {
    const verdict = met === null ? '' : met ? 'met' : isMust ? '**FAILED**' : 'missed'
    return `| ${name} | ${value} | ${goal} | ${verdict} |`
  })
  const found = shown.evidence.length === 0 ? '' : `\n${shown.evidence.map((line) => `- ${line}`).join('\n')}\n`
  const { readsPerSecond, editsPerSecond } = shown.rates
  return `## ${scenario.name}

${scenario.about}

${whole(readsPerSecond)} reads and ${whole(editsPerSecond)} edits a second asked for; ${shown.machine}; ${shown.ran}.

![${scenario.title}: staleness and stated bound over time](${scenario.name}.svg)

| | | goal | |
|---|---|---|---|
${lines.join('\n')}
${found}`
}
