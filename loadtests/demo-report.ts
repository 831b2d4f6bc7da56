/** What the demo found: each figure with what was aimed for beside it, and whether a must was broken. */
import type { EditFigures } from './edit-while-reading.ts'
import { PROMISE_MS, type ReadTally } from './read-watch.ts'
import type { ImportFigures } from './run-import.ts'

export interface Finding {
  readonly name: string
  readonly value: string
  /** What was aimed for, in words; empty: just so that it is known. */
  readonly goal: string
  /** null: there is no goal. */
  readonly met: boolean | null
  /** A goal that is missed is a pity; a must that is missed fails the demo. */
  readonly isMust: boolean
}

const IMPORT_PER_SECOND = 1_200
/** Of a shorter import the start is most of what is measured. */
const RATED_PRODUCTS = 10_000
/** From an edit's acknowledgement to the first answer that shows it. */
export const VISIBLE_P50_MS = 10
export const VISIBLE_P99_MS = 100

export const whole = (n: number) => Math.round(n).toLocaleString('en')
/** A figure without a goal. */
export const fact = (name: string, value: string): Finding => ({ name, value, goal: '', met: null, isMust: false })
/** A count that has to be 0. */
export const must = (name: string, count: number, detail = ''): Finding => ({
  name,
  value: whole(count) + detail,
  goal: 'must be 0',
  met: count === 0,
  isMust: true,
})

export function importFindings(figures: ImportFigures): readonly Finding[] {
  const perSecond = figures.done / figures.seconds
  const rate = fact(
    `import of ${figures.name}`,
    `${whole(perSecond)} products/s (${whole(figures.done)} in ${figures.seconds.toFixed(1)} s)`,
  )
  const goal = { goal: `>= ${whole(IMPORT_PER_SECOND)}, aim 3,000`, met: perSecond >= IMPORT_PER_SECOND }
  return [figures.done < RATED_PRODUCTS ? rate : { ...rate, ...goal }, must(`  lines that failed (${figures.state})`, figures.failed)]
}

export function editFindings(figures: EditFigures): readonly Finding[] {
  const { edits, visible, reads, looks, elapsedMs } = figures
  const both = (of: (tally: ReadTally) => number) => of(reads) + of(looks)
  const share = (n: number) => `${((100 * n) / Math.max(reads.reads, 1)).toFixed(2)} %`
  const from = [...reads.from].toSorted((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${share(n)}`)
  return [
    fact(
      'edits',
      `${whole(edits.count)}, answered in p50 ${edits.percentileMs(50).toFixed(1)} ms, p99 ${edits.percentileMs(99).toFixed(1)} ms`,
    ),
    latencyGoal('edit -> visible, p50', visible.percentileMs(50), VISIBLE_P50_MS),
    latencyGoal('edit -> visible, p99', visible.percentileMs(99), VISIBLE_P99_MS),
    fact(
      'reads',
      `${whole(reads.reads)} (${whole(reads.reads / (elapsedMs / 1_000))}/s), p50 ${reads.latencies.percentileMs(50).toFixed(1)} ms, p99 ${reads.latencies.percentileMs(99).toFixed(1)} ms`,
    ),
    fact('hit rate', `${share(reads.hits)} (${from.join(', ')})`),
    fact(
      'answers that missed a write',
      `${whole(both((tally) => tally.stale))}, by at most ${Math.max(reads.maxStalenessMs, looks.maxStalenessMs).toFixed(1)} ms`,
    ),
    must(
      `answers older than ${PROMISE_MS / 1_000} s`,
      both((tally) => tally.tooOld),
      ` of ${whole(both((tally) => tally.reads))}`,
    ),
    must(
      'stated bounds understated',
      both((tally) => tally.understated),
    ),
    must('reads with a token that missed the write', figures.tokenMisses, ` of ${whole(figures.tokenReads)}`),
    must('wrong answers', both((tally) => tally.wrong) + figures.wrongContents),
    must('edits refused or never seen', figures.failedEdits),
  ]
}

function latencyGoal(name: string, ms: number, goalMs: number): Finding {
  return { name, value: `${ms.toFixed(1)} ms`, goal: `<= ${goalMs} ms`, met: ms <= goalMs, isMust: false }
}

export function printFindings(findings: readonly Finding[]): void {
  const width = (of: (finding: Finding) => string) => Math.max(...findings.map((finding) => of(finding).length))
  const [names, values] = [width((finding) => finding.name), width((finding) => finding.value)]
  for (const { name, value, goal, met, isMust } of findings) {
    const verdict = met === null ? '' : met ? 'met' : isMust ? 'FAILED' : 'missed'
    process.stdout.write(`  ${`${name.padEnd(names)}  ${value.padEnd(values)}  ${goal.padEnd(20)}  ${verdict}`.trimEnd()}\n`)
  }
}

/** @returns the exit code */
export function exitCode(findings: readonly Finding[]): number {
  return findings.some((finding) => finding.isMust && finding.met === false) ? 1 : 0
}
