import { expect, test } from 'vitest'
import { ndcg } from './ndcg.ts'

test('the best order there is counts 1, nothing relevant 0', () => {
  expect(ndcg([3, 2, 1], [1, 2, 3], 10)).toBe(1)
  expect(ndcg([0, 0], [3], 10)).toBe(0)
  expect(ndcg([], [], 10)).toBe(1)
})

test('a gain counts less the later it comes, and none behind the depth', () => {
  expect(ndcg([0, 3], [3], 10)).toBeCloseTo(1 / Math.log2(3))
  expect(ndcg([0, 3], [3], 1)).toBe(0)
})
