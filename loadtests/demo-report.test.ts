/** A broken must fails the demo; a missed goal does not. */
import { expect, test } from 'vitest'
import { editFindings, exitCode, importFindings } from './demo-report.ts'
import type { EditFigures } from './edit-while-reading.ts'
import { createLatencies } from './latency.ts'
import { createTally } from './read-watch.ts'

function figures(more: Partial<EditFigures> = {}): EditFigures {
  const counts = { failedEdits: 0, tokenReads: 10, tokenMisses: 0, wrongContents: 0, failures: [], elapsedMs: 1_000 }
  return { edits: createLatencies(), visible: createLatencies(), reads: createTally(), looks: createTally(), ...counts, ...more }
}

function slow() {
  const latencies = createLatencies()
  latencies.recordMs(5_000)
  return latencies
}

test('nothing broken: exit code 0, also when every goal of speed is missed', () => {
  const slowImport = importFindings({ name: 'a', done: 20_000, failed: 0, state: 'succeeded', seconds: 1_000 })
  const findings = [...slowImport, ...editFindings(figures({ visible: slow() }))]
  expect(findings.filter((finding) => finding.met === false).map((finding) => finding.name)).toEqual([
    'import of a',
    'edit -> visible, p50',
    'edit -> visible, p99',
  ])
  expect(exitCode(findings)).toBe(0)
})

test.each<[string, Partial<EditFigures>]>([
  ['an answer that is too old', { reads: { ...createTally(), tooOld: 1 } }],
  ['one seen by those who look', { looks: { ...createTally(), tooOld: 1 } }],
  ['an understated bound', { looks: { ...createTally(), understated: 1 } }],
  ['a token that was not honoured', { tokenMisses: 1 }],
  ['a wrong answer', { reads: { ...createTally(), wrong: 1 } }],
  ['a wrong content', { wrongContents: 1 }],
  ['an edit that was never seen', { failedEdits: 1 }],
])('%s fails the demo', (_what, more) => {
  expect(exitCode(editFindings(figures(more)))).toBe(1)
})

test('a line that was not imported fails the demo', () => {
  expect(exitCode(importFindings({ name: 'a', done: 10, failed: 1, state: 'partial', seconds: 1 }))).toBe(1)
})
