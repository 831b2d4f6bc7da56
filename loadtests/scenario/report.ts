/** The report page of a fault run: a table of all scenarios, then each with its picture and figures. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { exitCode, type Finding } from '../demo-report.ts'
import { PROMISE_MS } from '../oracle/judge.ts'
import type { Rates } from '../traffic/traffic.ts'
import { shownSpan, slowest, type Figures } from './figures.ts'
import { drawPicture } from './picture.ts'
import type { Scenario } from './scenario.ts'

export interface ScenarioReport {
  readonly scenario: Scenario
  readonly figures: Figures
  readonly findings: readonly Finding[]
  readonly evidence: readonly string[]
}

export interface FaultReport {
  readonly reports: readonly ScenarioReport[]
  readonly rates: Rates
}

const whole = (n: number) => Math.round(n).toLocaleString('en')

/** Writes README.md and an SVG a scenario into the folder. */
export async function writeReport(folder: string, report: FaultReport): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const { scenario, figures } of report.reports) writeFileSync(join(folder, `${scenario.name}.svg`), await pictureOf(figures))
  writeFileSync(join(folder, 'README.md'), pageOf(report))
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

function pageOf({ reports, rates }: FaultReport): string {
  const memoryGb = Math.round(totalmem() / 1024 ** 3)
  return `# What happens when parts fail

Made by \`npm run faults\` (loadtests/faults.ts says how): the real programs (three query processes, two relays, two invalidators, an admin server
and an auditor) on a real PostgreSQL with two standbys, Redis and Kafka, all on one machine (${cpus().length} cores, ${memoryGb} GB), every connection through a proxy. Open-loop
readers ask for ${whole(rates.readsPerSecond)} products a second by Zipf's law, a quarter of them after one that was just written; writers edit ${whole(rates.editsPerSecond)} a second. Every answer
is judged: how stale it was (the time it was sent minus the acknowledgement of the oldest commit it misses), and whether its
\`Catalog-Staleness\` was an upper bound of that. Scenarios are the JSON files of \`loadtests/faults/\`; \`npm run faults -- NAME\` runs one, \`--reads full\` runs them for as many reads as their files say.

Writers, readers and judge are one process, so all times are of one clock. Staleness, invalidation and latency are what a client sees on this machine while
everything else runs on it too. In the pictures the fault is shaded, the dashed line is the promise of 2.5 s, red must stay below grey: what the answers
said of themselves. A run repeats its steps until it has its reads; a picture shows the first time through, the figures are of all. A process that is too busy refuses a read before
it does anything for it (503, Retry-After): such reads are counted apart, as are those that the driver did not send because too many were unanswered, and how late
the driver itself was: on one machine readers and servers take each other's time. An answer that is marked as unverified is judged only while the promise holds, that is while the primary is up and a database can be reached.

${totalsOf(reports)}

${tableOf(reports)}

${reports.map(sectionOf).join('\n')}`
}

function totalsOf(reports: readonly ScenarioReport[]): string {
  const promised = reports.filter(({ scenario }) => scenario.expectsStale === undefined)
  const sum = (of: (figures: Figures) => number) => whole(promised.reduce((all, { figures }) => all + of(figures), 0))
  const tokens = sum(({ chains }) => chains.missedOwnWrite + chains.wentBack + chains.missedEarlier)
  return `**${promised.length} scenarios that promise something, ${sum(({ verdict }) => verdict.reads)} reads, ${sum(({ verdict }) => verdict.soonAfterWrite)} of them within 5 s after a write to the
same product, ${sum(({ editsInFault }) => editsInFault)} edits inside faults: ${sum(({ verdict }) => verdict.staler[3]!)} staler than 2.5 s, ${sum(({ verdict }) => verdict.understated)} understated bounds, ${tokens} broken tokens.**`
}

function tableOf(reports: readonly ScenarioReport[]): string {
  const head = [
    'scenario',
    'reads',
    'within 5 s after a write',
    'edits inside the fault',
    'staler than 2.5 s',
    'greatest staleness',
    'bound understated',
    'token broken',
  ]
  const more = ['wrong after the silence', 'stated p50', 'invalidation p50 / p99', 'hit rate', 'refused early', 'failed', '']
  const rows = reports.map(({ figures, findings, scenario }) => {
    const { verdict, chains, cycles, visible, errors, refusedEarly, editsInFault } = figures
    const wrong = cycles.reduce((sum, { finalCheck }) => sum + finalCheck.wrongAnswers + finalCheck.wrongCopies + finalCheck.unanswered, 0)
    const verdictWord = exitCode(findings) !== 0 ? '**broken**' : scenario.expectsStale === undefined ? 'kept' : 'stale, as expected'
    return [
      `[${scenario.title}](#${scenario.name})`,
      whole(verdict.reads),
      `${((100 * verdict.soonAfterWrite) / Math.max(verdict.reads, 1)).toFixed(0)} %`,
      whole(editsInFault),
      whole(verdict.staler[3]!),
      `${whole(verdict.maxStalenessMs)} ms`,
      whole(verdict.understated),
      whole(chains.missedOwnWrite + chains.wentBack + chains.missedEarlier),
      whole(wrong),
      `${whole(verdict.stated.percentileMs(50))} ms`,
      `${slowest(visible, 50).toFixed(0)} / ${slowest(visible, 99).toFixed(0)} ms`,
      `${((100 * verdict.hits) / Math.max(verdict.reads, 1)).toFixed(1)} %`,
      whole(refusedEarly),
      whole([...errors.values()].reduce((sum, n) => sum + n, 0)),
      verdictWord,
    ]
  })
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const titles = [...head, ...more]
  return [line(titles), line(titles.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

function sectionOf({ scenario, findings, evidence }: ScenarioReport): string {
  const lines = findings.map(({ name, value, goal, met, isMust }) => {
    const verdict = met === null ? '' : met ? 'met' : isMust ? '**FAILED**' : 'missed'
    return `| ${name} | ${value} | ${goal} | ${verdict} |`
  })
  const found = evidence.length === 0 ? '' : `\n${evidence.map((line) => `- ${line}`).join('\n')}\n`
  return `## ${scenario.name}

${scenario.about}

![${scenario.title}: staleness and stated bound over time](${scenario.name}.svg)

| | | goal | |
|---|---|---|---|
${lines.join('\n')}
${found}`
}
