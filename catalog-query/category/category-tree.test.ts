import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nowUs, stampTimeUs, toStamp } from '../../shared/stamp.ts'
import type { ReadSnapshot, Snapshot, SnapshotStatement } from '../cache/product-read.ts'
import { TRUST_US } from '../cache/trust.ts'
import { createCategoryTrees } from './category-tree.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('names are no older than B when a tree leaves, however long its products were counted', async () => {
  const counting = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const rowsOf: Record<string, readonly unknown[]> = {
    'tree-categories': [{ id: 1, parentId: null, slug: 'jackets', name: 'Jackets', i18n: {} }],
    'find-category-parts': [{ parts: 1 }],
    'count-categories': [{ id: 1, products: 3 }],
  }
  const readSnapshot: ReadSnapshot = async <Row>({ name, values }: SnapshotStatement): Promise<Snapshot<Row>> => {
    const asOf = toStamp(1, nowUs())
    if (name === 'count-categories' && values[0] === 'slow') {
      begun.resolve()
      await counting.promise
    }
    return { rows: rowsOf[name] as Row[], asOf, contained: asOf, tier: 'replica', marked: false }
  }
  const readTree = createCategoryTrees(readSnapshot, 1_000_000)
  await readTree({ channel: 'default', locales: ['en'] }, null)
  vi.advanceTimersByTime(900)
  const slow = readTree({ channel: 'slow', locales: ['en'] }, null)
  await begun.promise
  vi.advanceTimersByTime(1_500)
  counting.resolve()
  const { tree, parts } = await slow
  expect(tree.bySlug.get('jackets')).toMatchObject({ name: 'Jackets', productCount: 3 })
  expect(nowUs() - stampTimeUs(parts[0].vouched)).toBeLessThanOrEqual(TRUST_US)
})
