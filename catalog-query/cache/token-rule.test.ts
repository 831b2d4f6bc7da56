import { expect, test } from 'vitest'
import { toStamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import { answerToken, answerTokenOfMany, isOnItsWay, positionSatisfies, replayedSatisfies, satisfies } from './token-rule.ts'

const at = (timeUs: number, timeline = 1) => toStamp(timeline, 1_790_000_000_000_000 + timeUs)
const ID = '0197a000-0000-7000-8000-000000000001'
const OTHER = '0197a000-0000-7000-8000-000000000002'
const token = (changes: Partial<ConsistencyToken> = {}): ConsistencyToken => ({ stamp: at(100), lsn: '0/1', product: null, ...changes })
const answer = (changes = {}) => ({ id: ID, rev: 5, vouched: at(200), contained: at(150), ...changes })

test('only a strictly later position satisfies a token: a commit acknowledged at its time need not be there', () => {
  expect([positionSatisfies(at(99), token()), positionSatisfies(at(100), token()), positionSatisfies(at(101), token())]).toEqual([
    false,
    false,
    true,
  ])
})

test('a later timeline satisfies whatever its time, an older one never', () => {
  expect(positionSatisfies(at(1, 2), token())).toBe(true)
  expect(positionSatisfies(at(999), token({ stamp: at(100, 2) }))).toBe(false)
})

test('a copy of the token’s product satisfies it by its rev alone; another product’s rev says nothing', () => {
  const written = token({ product: { id: ID, rev: 5 } })
  const old = { vouched: at(1) }
  expect(satisfies(answer({ ...old, rev: 5 }), written)).toBe(true)
  expect(satisfies(answer({ ...old, rev: 4 }), written)).toBe(false)
  expect(satisfies(answer({ ...old, id: OTHER, rev: 9 }), written)).toBe(false)
  expect(satisfies(answer(old), null)).toBe(true)
})

test('a replica that replayed the LSN counts only if its snapshot shows the token’s timeline or a later one', () => {
  expect(replayedSatisfies(at(1), token())).toBe(true)
  expect(replayedSatisfies(at(1), token({ stamp: at(100, 2) }))).toBe(false)
})

test('what a token stands for is on its way to a position that keeps up and does not claim it yet', () => {
  const now = 1_790_000_000_000_000 + 250_000
  expect(isOnItsWay(at(0), token(), now)).toBe(true)
  expect(isOnItsWay(at(-1), token(), now)).toBe(false)
  expect(isOnItsWay(at(101), token(), now)).toBe(false)
  expect(isOnItsWay(at(100), token({ stamp: at(500_000) }), now)).toBe(true)
  expect(isOnItsWay(at(100), token({ stamp: at(500_001) }), now)).toBe(false)
})

test('an answer that is the write itself gives the token back as it came', () => {
  const written = token({ product: { id: ID, rev: 5 } })
  expect(answerToken(written, answer({ rev: 5 }))).toEqual(written)
})

test('any other answer gives a token that is not older than its content, and drops the LSN', () => {
  expect(answerToken(token(), answer())).toEqual({ stamp: at(150), lsn: null, product: { id: ID, rev: 5 } })
  expect(answerToken(token(), answer({ contained: at(50) }))).toEqual({ stamp: at(100), lsn: null, product: null })
})

test('an answer of many gives a token that covers each of them', () => {
  const parts = [at(50), at(300), at(200)].map((contained) => ({ contained }))
  expect(answerTokenOfMany(token(), parts)).toEqual({ stamp: at(300), lsn: null, product: null })
  // The answer may have shown a later rev of the product than the token names.
  const written = token({ product: { id: ID, rev: 5 } })
  expect(answerTokenOfMany(written, [{ contained: at(50) }])).toEqual({ stamp: at(100), lsn: null, product: null })
})
