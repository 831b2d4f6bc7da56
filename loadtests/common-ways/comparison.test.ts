import { expect, test } from 'vitest'
import type { Cycle } from '../scenario/run-scenario.ts'
import { createTrafficLogs, type TrafficLogs } from '../traffic/traffic.ts'
import { compare, comparisonCells } from './comparison.ts'

const finalCheck = { asked: 9, wrongAnswers: 2, unanswered: 0, copies: 0, wrongCopies: 0, violations: [] }
const read = { product: 'a', process: 0, rev: 1, edit: 0, statedMs: 0, hit: true, source: 'other', receivedMs: 0 } as const

/** Product `a` was at rev 1 and became rev 2 just before; the traffic lasted as long as `toMs` from then. */
function wayRun(toMs: number, add: (logs: TrafficLogs, writtenMs: number) => void) {
  const logs = createTrafficLogs(1)
  const edit = logs.commits.begun('a')
  logs.commits.acknowledged(edit, 2)
  const writtenMs = edit.acknowledgedMs!
  add(logs, writtenMs)
  const cycle = { traffic: { fromMs: writtenMs, toMs: writtenMs + toMs }, suspended: [], finalCheck, originReads: 1 } as unknown as Cycle
  return { cycle, logs, firstRevs: new Map([['a', 1]]) }
}

test('what was staler than the promise is counted, of the reads of the traffic', () => {
  const run = wayRun(5_000, (logs, writtenMs) => {
    logs.reads.add({ ...read, sentMs: writtenMs + 1_000 })
    logs.reads.add({ ...read, sentMs: writtenMs + 4_000 })
    logs.reads.add({ ...read, rev: 2, sentMs: writtenMs + 4_500, hit: false })
    logs.reads.add({ ...read, sentMs: writtenMs + 9_000 })
  })
  expect(compare('a way', run)).toMatchObject({ reads: 3, stale: 1, stillWrong: 2, hitRate: 2 / 3, originPerThousand: 1_000 / 3 })
  expect(compare('a way', run).maxStalenessMs).toBeCloseTo(4_000)
  expect(compare('a way', run).longestLifeMs).toBeCloseTo(3_000)
})

test('an edit that was never seen is no short time', () => {
  const run = wayRun(1, (logs) => {
    for (let n = 0; n < 90; n++) logs.visible[0]!.recordMs(5)
    logs.neverVisible = 10
  })
  expect(compare('a way', run).visibleMs).toEqual({ p50: expect.closeTo(5, 1), p99: Infinity })
  expect(comparisonCells(compare('a way', run))).toContain('> 10 s')
})
