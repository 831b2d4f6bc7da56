import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CELL_EDGES, toBuckets, type ValueCell } from './value-cells.ts'

/** As PostgreSQL counts them. */
function cellsOf(numbers: readonly number[]): readonly ValueCell[] {
  const cells = new Map<string, { cell: number; atEdge: boolean; count: number }>()
  for (const number of numbers) {
    const cell = CELL_EDGES.filter((edge) => edge <= number).length
    const atEdge = CELL_EDGES[cell - 1] === number
    const known = cells.get(`${cell} ${atEdge}`) ?? { cell, atEdge, count: 0 }
    cells.set(`${cell} ${atEdge}`, { ...known, count: known.count + 1 })
  }
  return [...cells.values()]
}

const number = fc.oneof(
  fc.constantFrom(...CELL_EDGES, 0.1 + 0.2, 1e15),
  fc.integer({ min: -50, max: 500 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e4 }),
)

test('a bucket counts what its range lets through, both ends included; none is empty and no number is outside', () => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 200 }), (numbers) => {
      const buckets = toBuckets(cellsOf(numbers), [])
      for (const { from, to, count } of buckets) {
        expect(count).toBe(numbers.filter((value) => (from === null || value >= from) && (to === null || value <= to)).length)
        expect(count).toBeGreaterThan(0)
      }
      const edges = buckets.flatMap(({ to }) => to ?? [])
      expect(edges).toEqual(edges.toSorted((a, b) => a - b))
      expect(buckets.slice(1).map(({ from }) => from)).toEqual(edges)
      expect([buckets[0]?.from ?? null, buckets.at(-1)?.to ?? null]).toEqual([null, null])
    }),
  )
})

test('a product with several numbers in a bucket counts once in it', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(number, { maxLength: 6 }), { maxLength: 60 }), (products) => {
      const sorted = products.map((numbers) => numbers.toSorted((a, b) => a - b))
      const neighbours = sorted.flatMap((numbers) => numbers.slice(1).map((high, i) => ({ low: numbers[i] ?? 0, high, count: 1 })))
      for (const { from, to, count } of toBuckets(cellsOf(products.flat()), neighbours)) {
        const within = (value: number) => (from === null || value >= from) && (to === null || value <= to)
        expect(count).toBe(products.filter((numbers) => numbers.some(within)).length)
      }
    }),
  )
})

test('buckets are round and of about equal weight', () => {
  const prices = Array.from({ length: 10_000 }, (_, n) => Math.round(500 * 1.0006 ** n))
  const buckets = toBuckets(cellsOf(prices), [])
  expect(buckets.map(({ to }) => to)).toEqual([2_000, 5_000, 20_000, 50_000, null])
  for (const { count } of buckets) expect(count).toBeGreaterThan(1_500)
})

test('numbers of one cell are no ranges', () => {
  expect(toBuckets([], [])).toEqual([])
  expect(toBuckets(cellsOf([7, 7, 7]), [])).toEqual([])
})

test('edges are what a client would write: no 0.0012000000000000001', () => {
  expect(CELL_EDGES.map(String).filter((text) => text.length > 11)).toEqual([])
  expect(CELL_EDGES).toEqual(CELL_EDGES.toSorted((a, b) => a - b))
})
