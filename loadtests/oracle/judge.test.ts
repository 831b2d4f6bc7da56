import { expect, test } from 'vitest'
import { checkChains } from './chain-check.ts'
import type { Edit } from './commit-log.ts'
import { judge } from './judge.ts'
import { createReadLog, type ReadEntry } from './read-log.ts'
import { createTruth } from './truth.ts'

const FIRST = new Map([['a', 10]])
const edit = (number: number, rev: number, acknowledgedMs: number, lostMs: number | null = null): Edit => {
  return { number, product: 'a', sentMs: 0, sentWallUs: 0, rev, acknowledgedMs, lostMs }
}
const read = (more: Partial<ReadEntry>): ReadEntry => {
  const entry = {
    product: 'a',
    process: 0,
    rev: 10,
    edit: 0,
    statedMs: 9_000,
    hit: true,
    source: 'redis',
    sentMs: 0,
    receivedMs: 0,
  } as const
  return { ...entry, ...more }
}
const truth = createTruth([edit(1, 11, 1_000)], FIRST)

test('a read is counted under every limit that it exceeds', () => {
  const verdict = judge({ truth, reads: [read({ sentMs: 1_000 }), read({ sentMs: 2_200 }), read({ sentMs: 4_000 })], suspended: [] })
  expect(verdict.staler).toEqual([2, 2, 2, 1, 0])
  expect(verdict.maxStalenessMs).toBe(3_000)
  expect(verdict.violations).toHaveLength(1)
})

test('a stated bound below the true staleness is found, equal is enough', () => {
  const reads = [read({ sentMs: 1_400, statedMs: 399 }), read({ sentMs: 1_400, statedMs: 400 })]
  expect(judge({ truth, reads, suspended: [] }).understated).toBe(1)
})

test('a marked answer is excused only while the promise is suspended, an unmarked one never', () => {
  const suspended = [{ fromMs: 3_000, toMs: 5_000 }]
  const stale = (more: Partial<ReadEntry>) => judge({ truth, reads: [read(more)], suspended }).staler[3]
  expect(stale({ sentMs: 4_000, source: 'marked' })).toBe(0)
  expect(stale({ sentMs: 6_000, source: 'marked' })).toBe(1)
  expect(stale({ sentMs: 4_000 })).toBe(1)
})

test('a rev that nobody committed is a ghost, and so is one that carries another edit', () => {
  const reads = [read({ rev: 11, edit: 1 }), read({ rev: 12, edit: 7 }), read({ rev: 11, edit: 2 })]
  expect(judge({ truth, reads, suspended: [] }).ghosts).toBe(2)
})

test('the share of reads soon after a write counts writes before the read only', () => {
  const reads = [read({ sentMs: 900 }), read({ sentMs: 1_100 }), read({ sentMs: 6_500 })]
  expect(judge({ truth, reads, suspended: [] }).soonAfterWrite).toBe(1)
})

test('a log gives back what was added, also when it has grown', () => {
  const log = createReadLog()
  for (let n = 0; n < 70_000; n++) log.add(read({ rev: n, source: n % 2 === 0 ? 'marked' : 'memory' }))
  const entries = [...log.entries()]
  expect(entries[0]).toEqual(read({ rev: 0, source: 'marked' }))
  expect(entries[69_999]).toEqual(read({ rev: 69_999, source: 'memory' }))
})

test('a chain must not miss its own write, go back, or miss what was committed before it', () => {
  const chain = { product: 'a', coversMs: 0, ownWrite: false }
  const verdict = checkChains(
    [
      { ...chain, rev: 10, seenRev: 11, ownWrite: true },
      { ...chain, rev: 10, seenRev: 11 },
      { ...chain, rev: 10, seenRev: 0, coversMs: 1_001 },
      { ...chain, rev: 11, seenRev: 11, coversMs: 1_001 },
    ],
    truth,
  )
  expect(verdict).toMatchObject({ reads: 4, missedOwnWrite: 1, wentBack: 1, missedEarlier: 1 })
})

test('a chain may go back behind what a failover lost', () => {
  const failedOver = createTruth([edit(1, 11, 1_000, 2_000)], FIRST)
  const verdict = checkChains([{ product: 'a', rev: 10, seenRev: 11, coversMs: 0, ownWrite: true }], failedOver)
  expect(verdict.missedOwnWrite).toBe(0)
})
