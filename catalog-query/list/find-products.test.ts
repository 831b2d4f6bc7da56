import { expect, test } from 'vitest'
import { toStamp } from '../../shared/stamp.ts'
import type { Vouched } from '../cache/snapshot-cache.ts'
import { createFinder, type FindRequest } from './find-products.ts'
import type { ListCount } from './list-count.ts'
import { DEFAULT_LIMIT, rowsRead } from './list-reader.ts'
import type { ListRow } from './list-row.ts'

const at = (us: number) => ({ vouched: toStamp(1, us), contained: toStamp(1, us), tier: 'replica' as const, marked: false })
const request: FindRequest = {
  channel: 'default',
  locales: ['en'],
  filters: new Map(),
  q: undefined,
  sort: 'newest',
  cursor: undefined,
  skip: 0,
  limit: DEFAULT_LIMIT,
  counted: true,
}

/** A list of so many products on the page that is read, of 5,000 in all. */
function openFinder(rowsOfPage: number) {
  let counted = 0
  const row = (n: number): ListRow => ({ id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, leg: 0, position: String(n) })
  const rows: Vouched<readonly ListRow[]> = { ...at(1), value: Array.from({ length: rowsOfPage }, (_, n) => row(n)) }
  const count: Vouched<ListCount> = { ...at(2), value: { value: 5_000, relation: 'eq' } }
  const unused = () => {
    throw new Error('nothing is searched for')
  }
  const find = createFinder({
    readList: () => rows,
    readCount: () => (counted++, count),
    interpret: unused,
    searchProducts: unused,
  })
  return { find, rows, count, statements: () => counted }
}

for (const ofPage of [0, 1, rowsRead(DEFAULT_LIMIT) - 1]) {
  test(`a list of ${ofPage} products is counted by the rows of its one page, and is as old as they are`, async () => {
    const { find, rows, statements } = openFinder(ofPage)
    const found = await find(request, null)
    expect(await found.readCount?.()).toEqual({ ...rows, value: { value: ofPage, relation: 'eq' } })
    expect(statements()).toBe(0)
  })
}

test('what may have more than is read is counted once it is asked for, and only where the request asks', async () => {
  const full = openFinder(rowsRead(DEFAULT_LIMIT))
  const found = await full.find(request, null)
  expect(full.statements()).toBe(0)
  expect(await found.readCount?.()).toEqual(full.count)
  expect(full.statements()).toBe(1)
  expect((await full.find({ ...request, counted: false }, null)).readCount).toBeNull()
})

test('a page behind a number of rows, or behind a cursor, is not the whole list', async () => {
  const rest = openFinder(3)
  expect(await (await rest.find({ ...request, skip: 24 }, null)).readCount?.()).toEqual(rest.count)
})
