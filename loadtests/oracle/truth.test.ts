import { expect, test } from 'vitest'
import type { Edit } from './commit-log.ts'
import { createTruth } from './truth.ts'

const edit = (number: number, rev: number | null, acknowledgedMs: number | null, lostMs: number | null = null): Edit => ({
  number,
  product: 'a',
  sentMs: 0,
  sentWallUs: 0,
  rev,
  acknowledgedMs,
  lostMs,
})
const FIRST = new Map([['a', 10]])

test('an answer is as stale as the oldest commit it misses', () => {
  const truth = createTruth([edit(1, 11, 100), edit(2, 12, 300)], FIRST)
  expect(truth.stalenessMs('a', 10, 1_000)).toBe(900)
  expect(truth.stalenessMs('a', 11, 1_000)).toBe(700)
  expect(truth.stalenessMs('a', 12, 1_000)).toBe(0)
})

test('a commit acknowledged after the read was sent is not missed by it', () => {
  expect(createTruth([edit(1, 11, 100)], FIRST).stalenessMs('a', 10, 99)).toBe(0)
})

test('a later rev that was acknowledged earlier counts from then', () => {
  const truth = createTruth([edit(1, 11, 200), edit(2, 12, 100)], FIRST)
  expect(truth.stalenessMs('a', 10, 300)).toBe(200)
  expect(truth.stalenessMs('a', 11, 300)).toBe(200)
})

test('a lost rev is missed by nobody, and stale since it was lost', () => {
  const truth = createTruth([edit(1, 11, 100), edit(2, 12, 200, 500)], FIRST)
  expect(truth.stalenessMs('a', 11, 1_000)).toBe(0)
  expect(truth.stalenessMs('a', 12, 400)).toBe(0)
  expect(truth.stalenessMs('a', 12, 1_000)).toBe(500)
  expect(truth.lastRev('a')).toBe(11)
})

test('a rev is known by its edit: an acknowledged one, one of unknown fate, or none at the beginning', () => {
  const truth = createTruth([edit(1, 11, 100), edit(2, null, null)], FIRST)
  expect(truth.isKnown('a', 10, 0)).toBe(true)
  expect(truth.isKnown('a', 11, 1)).toBe(true)
  expect(truth.isKnown('a', 12, 2)).toBe(true)
  expect(truth.isKnown('a', 12, 1)).toBe(false)
  expect(truth.isKnown('a', 13, 9)).toBe(false)
})
