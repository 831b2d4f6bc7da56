/** A scenario's figures beside their goals; a goal of zero that is missed fails the run. */
import { fact, must, VISIBLE_P50_MS, VISIBLE_P99_MS, whole, type Finding } from '../demo-report.ts'
import { STALENESS_LIMITS_MS } from '../oracle/judge.ts'
import { slowest, type Figures } from './figures.ts'

const SOON_SHARE = 0.2
const STATED_P50_MS = 600

const ms = (n: number) => (n < 100 ? n.toFixed(1) : whole(n))

export function faultFindings(figures: Figures): readonly Finding[] {
  return [
    ...readFindings(figures),
    ...(figures.scenario.expectsStale === undefined ? zeroFindings(figures) : expectedFindings(figures)),
    ...tokenFindings(figures),
    ...speedFindings(figures),
    ...costFindings(figures),
    ...figures.cycles.flatMap(({ notes }) => notes).map((note) => fact('note', note)),
    ...figures.cycles.flatMap(({ misses }) => misses).map((miss) => ({ ...must('expected', 1), value: miss, goal: '' })),
  ]
}

function readFindings({ verdict, readsInFault, acknowledged, edits, editsInFault, editLatencies, scenario }: Figures): readonly Finding[] {
  const soon = verdict.soonAfterWrite / Math.max(verdict.reads, 1)
  const inFault = scenario.steps.some((step) => step.do !== 'expect-metric')
  return [
    fact('reads', `${whole(verdict.reads)}${inFault ? `, ${whole(readsInFault)} inside the fault` : ''}`),
    {
      name: 'within 5 s after a write to the same product',
      value: `${(100 * soon).toFixed(0)} %`,
      goal: `>= ${SOON_SHARE * 100} %`,
      met: soon >= SOON_SHARE,
      isMust: true,
    },
    {
      name: 'edits acknowledged',
      value: `${whole(acknowledged)} of ${whole(edits)}${inFault ? `, ${whole(editsInFault)} sent or acknowledged inside the fault` : ''}`,
      goal: inFault ? 'some inside' : '',
      met: inFault ? editsInFault > 0 : null,
      isMust: true,
    },
    fact('edits answered in, p50, p99, max', `${[50, 99, 100].map((percent) => ms(slowest(editLatencies, percent))).join(', ')} ms`),
  ]
}

function staleShares({ verdict }: Figures): Finding {
  const shares = STALENESS_LIMITS_MS.map((limitMs, i) => `${((100 * verdict.staler[i]!) / Math.max(verdict.reads, 1)).toFixed(2)} %`)
  return fact('staler than 0, 0.1, 1, 2.5, 5 s', `${shares.join(', ')}; at most ${ms(verdict.maxStalenessMs)} ms`)
}

function zeroFindings(figures: Figures): readonly Finding[] {
  const { verdict, wrong, cycles } = figures
  const atRest = sumAtRest(figures)
  return [
    staleShares(figures),
    must('staler than 2.5 s while the promise holds', verdict.staler[3]!, ` of ${whole(verdict.reads)}`),
    must('stated bound below the true staleness', verdict.understated),
    must('wrong after the silence', atRest.wrong, ` of ${whole(atRest.asked)} answers and ${whole(atRest.copies)} trusted copies`),
    must('revs that nobody committed', verdict.ghosts),
    must('answers wrong in themselves', wrong),
    ...(cycles.some((cycle) => cycle.suspended.length > 0) ? [fact('reads of lost revs', whole(verdict.lostRevs))] : []),
  ]
}

function expectedFindings(figures: Figures): readonly Finding[] {
  const { verdict, scenario } = figures
  const stale = verdict.staler[3]! + sumAtRest(figures).wrong
  return [
    staleShares(figures),
    {
      name: 'staler than 2.5 s, as expected',
      value: `${whole(stale)}: ${scenario.expectsStale}`,
      goal: 'must be seen',
      met: stale > 0,
      isMust: true,
    },
    must('answers wrong in themselves', figures.wrong),
  ]
}

function sumAtRest({ cycles }: Figures): { asked: number; copies: number; wrong: number } {
  const sum = { asked: 0, copies: 0, wrong: 0 }
  for (const { finalCheck } of cycles) {
    sum.asked += finalCheck.asked
    sum.copies += finalCheck.copies
    sum.wrong += finalCheck.wrongAnswers + finalCheck.wrongCopies + finalCheck.unanswered
  }
  return sum
}

function tokenFindings({ chains }: Figures): readonly Finding[] {
  return [
    must('token: own write missed', chains.missedOwnWrite, ` of ${whole(chains.reads)} reads with a token`),
    must('token: went back', chains.wentBack),
    must('token: missed what was committed before it', chains.missedEarlier),
  ]
}

function speedFindings({ verdict, visible, neverVisible, scenario }: Figures): readonly Finding[] {
  const steady = scenario.steps.length === 0
  const at = (percent: number) => slowest(visible, percent)
  const goal = (name: string, value: number, limit: number): Finding =>
    steady ? { name, value: `${ms(value)} ms`, goal: `<= ${limit} ms`, met: value <= limit, isMust: false } : fact(name, `${ms(value)} ms`)
  return [
    goal('stated bound, p50', verdict.stated.percentileMs(50), STATED_P50_MS),
    fact('stated bound, p99, max', `${ms(verdict.stated.percentileMs(99))}, ${ms(verdict.stated.maxMs)} ms`),
    goal('invalidation, p50 of the slowest process', at(50), VISIBLE_P50_MS),
    goal('invalidation, p99 of the slowest process', at(99), VISIBLE_P99_MS),
    fact('invalidation, max', `${ms(at(100))} ms of ${whole(visible.reduce((sum, each) => sum + each.count, 0))} probes`),
    must('edits never seen within 10 s', neverVisible),
  ]
}

function costFindings({ verdict, cycles, errors, refusedEarly, dropped, sentLate }: Figures): readonly Finding[] {
  const perThousand = (n: number) => ((1_000 * n) / Math.max(verdict.reads, 1)).toFixed(1)
  const sum = (of: 'originReads' | 'primaryReads' | 'primaryTokenReads' | 'audited' | 'auditorViolations') =>
    cycles.reduce((all, cycle) => all + cycle[of], 0)
  const [onPrimary, ofTokens] = [sum('primaryReads'), sum('primaryTokenReads')]
  const failures = [...errors].toSorted((a, b) => b[1] - a[1]).map(([what, n]) => `${what} ×${whole(n)}`)
  return [
    fact('hit rate', `${((100 * verdict.hits) / Math.max(verdict.reads, 1)).toFixed(2)} %`),
    fact(
      'database statements per 1,000 reads',
      `${perThousand(sum('originReads'))}, on the primary ${perThousand(onPrimary)}: ${perThousand(onPrimary - ofTokens)} without a token, ${perThousand(ofTokens)} with one`,
    ),
    fact('marked as unverified', `${whole(verdict.marked)}, ${whole(verdict.markedWhileHeld)} while the promise holds`),
    fact('refused early: 503 overloaded, Retry-After', `${whole(refusedEarly)} (${perThousand(refusedEarly)} per 1,000 answered)`),
    fact('failed', failures.length === 0 ? 'none' : failures.slice(0, 6).join(', ')),
    fact('auditor', `${whole(sum('auditorViolations'))} violations in ${whole(sum('audited'))} changes that it is done with`),
    fact('not sent: too many unanswered', whole(dropped)),
    fact(
      'sent after it was due, by the driver, p50, p99, max',
      `${[50, 99].map((percent) => ms(sentLate.percentileMs(percent))).join(', ')}, ${ms(sentLate.maxMs)} ms`,
    ),
  ]
}

/** The first violations in words, for a person who looks for the cause. */
export function evidenceOf({ verdict, chains, cycles, wrongAnswers }: Figures): readonly string[] {
  return [...verdict.violations, ...chains.violations, ...cycles.flatMap(({ finalCheck }) => finalCheck.violations), ...wrongAnswers]
}
