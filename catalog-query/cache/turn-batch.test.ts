import { expect, test } from 'vitest'
import { createTurnBatch } from './turn-batch.ts'

function countedBatch(maxItems: number) {
  const batches: (readonly number[])[] = []
  const ask = createTurnBatch(
    (items: readonly number[]) => {
      batches.push(items)
      return Promise.resolve(items.map((item) => item * 10))
    },
    { maxItems },
  )
  return { ask, batches }
}

test('the calls of one turn, those of its promise callbacks included, are one batch, answered in order', async () => {
  const { ask, batches } = countedBatch(100)
  const later = Promise.resolve().then(() => ask(3))
  expect(await Promise.all([ask(1), ask(2), later])).toEqual([10, 20, 30])
  expect(batches).toEqual([[1, 2, 3]])
  expect(await ask(4)).toBe(40)
  expect(batches).toHaveLength(2)
})

test('more than a batch holds make another at the same time', async () => {
  const { ask, batches } = countedBatch(2)
  expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual([10, 20, 30, 40, 50])
  expect(batches).toEqual([[1, 2], [3, 4], [5]])
})

test('a batch that fails fails for each of its callers, and for nobody after them', async () => {
  let fails = true
  const ask = createTurnBatch((items: readonly number[]) => (fails ? Promise.reject(new Error('away')) : Promise.resolve(items)), {
    maxItems: 10,
  })
  const outcomes = await Promise.allSettled([ask(1), ask(2)])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await ask(3)).toBe(3)
})
