import { expect, test } from 'vitest'
import { toStamp } from '../../shared/stamp.ts'
import { contentOf, encodePayload } from './copy.ts'
import { createMemoryTier } from './memory-tier.ts'
import type { ProductRead } from './product-read.ts'

const NOW = 1_790_000_000_000_000
const SECOND = 1_000_000
const ID = '0197a000-0000-7000-8000-000000000001'
const at = (timeUs: number, timeline = 1) => toStamp(timeline, timeUs)

function entry(text: string, changes: Partial<ProductRead> = {}): [ProductRead, Buffer] {
  const known = { state: 'visible', contained: at(NOW), locale: 'en', changedAtMs: 1, renderedAtMs: 2 } as const
  const payload = encodePayload({ ...known, names: '', body: text, card: '{}' })
  const read: ProductRead = {
    ...contentOf(payload),
    id: ID,
    rev: 1,
    tier: 'replica',
    forward: 'miss',
    vouched: at(NOW),
    marked: false,
    ...changes,
  }
  return [read, payload]
}

test('an entry answers for 0.7 s, and never beyond what vouches for it', () => {
  const memory = createMemoryTier(1e6)
  memory.put('en', ...entry('new'), NOW)
  expect(memory.get(ID, 'en', null, NOW + 700_000)).toMatchObject({ tier: 'memory', forward: 'none' })
  expect(memory.get(ID, 'en', null, NOW + 700_001)).toBeNull()
  memory.put('de', ...entry('old', { vouched: at(NOW - 1_900_000) }), NOW)
  expect(memory.get(ID, 'de', null, NOW + 100_000)).not.toBeNull()
  expect(memory.get(ID, 'de', null, NOW + 100_001)).toBeNull()
})

test('what nothing vouches for, or is marked, is not kept', () => {
  const memory = createMemoryTier(1e6)
  memory.put('en', ...entry('x', { vouched: at(NOW - 2 * SECOND) }), NOW)
  memory.put('de', ...entry('x', { marked: true }), NOW)
  expect([memory.get(ID, 'en', null, NOW), memory.get(ID, 'de', null, NOW)]).toEqual([null, null])
})

test('of two reads that end in the wrong order the newer content stays', () => {
  const memory = createMemoryTier(1e6)
  memory.put('en', ...entry('rev 2', { rev: 2, vouched: at(NOW - 10) }), NOW)
  memory.put('en', ...entry('rev 1', { rev: 1, vouched: at(NOW) }), NOW)
  expect(memory.get(ID, 'en', null, NOW)?.rev).toBe(2)
  // Another timeline decides before the rev: what the old one's lost tail wrote is not newer.
  memory.put('en', ...entry('rev 1 of the new primary', { rev: 1, vouched: at(NOW - 20, 2) }), NOW)
  expect(memory.get(ID, 'en', null, NOW)?.rev).toBe(1)
})

test('the same content vouched for later lives longer, whichever came first', () => {
  const memory = createMemoryTier(1e6)
  memory.put('en', ...entry('x', { vouched: at(NOW - 1_500_000) }), NOW)
  memory.put('en', ...entry('x', { vouched: at(NOW) }), NOW)
  memory.put('en', ...entry('x', { vouched: at(NOW - 1_500_000) }), NOW)
  expect(memory.get(ID, 'en', null, NOW + 600_000)).not.toBeNull()
})

test('an entry that does not satisfy the token is not answered', () => {
  const memory = createMemoryTier(1e6)
  memory.put('en', ...entry('x'), NOW)
  const token = { stamp: at(NOW), lsn: null, product: null }
  expect(memory.get(ID, 'en', token, NOW)).toBeNull()
  expect(memory.get(ID, 'en', { ...token, product: { id: ID, rev: 1 } }, NOW)).not.toBeNull()
})

test('a drop ends every representation of the product, but leaves it as the last known', () => {
  const memory = createMemoryTier(1e6)
  memory.put('en', ...entry('x'), NOW)
  memory.put('de', ...entry('x'), NOW)
  memory.drop(ID)
  expect([memory.get(ID, 'en', null, NOW), memory.get(ID, 'de', null, NOW)]).toEqual([null, null])
  expect(memory.lastKnown(ID, 'en', NOW)?.rev).toBe(1)
  expect(memory.lastKnown(ID, 'en', NOW + 600 * SECOND)).not.toBeNull()
  expect(memory.lastKnown(ID, 'en', NOW + 600 * SECOND + 1)).toBeNull()
})

test('its bytes are counted, every representation of them, and bounded', () => {
  const memory = createMemoryTier(20_000)
  memory.put('en', ...entry('x'.repeat(3_000)), NOW)
  const one = memory.sizeBytes()
  memory.put('de', ...entry('x'.repeat(3_000)), NOW)
  expect(memory.sizeBytes()).toBe(2 * one)
  memory.put('de', ...entry('x'.repeat(3_000)), NOW)
  expect(memory.sizeBytes()).toBe(2 * one)
  for (let i = 0; i < 50; i++) memory.put('en', ...entry('x'.repeat(3_000), { id: `product ${i}` }), NOW)
  expect(memory.sizeBytes()).toBeLessThanOrEqual(20_000)
  expect(memory.get(ID, 'en', null, NOW)).toBeNull()
})

test('a payload that is the whole of its memory is kept as it is', () => {
  const memory = createMemoryTier(1e6)
  const [read, payload] = entry('{"a":1}')
  memory.put('en', read, payload, NOW)
  expect(memory.get(ID, 'en', null, NOW)?.body.buffer).toBe(payload.buffer)
})

test('an entry keeps bytes of its own: the chunk it came in may be used again', () => {
  const memory = createMemoryTier(1e6)
  const [read, payload] = entry('{"a":1}')
  const chunk = Buffer.concat([Buffer.alloc(100), payload])
  memory.put('en', read, chunk.subarray(100), NOW)
  chunk.fill(0)
  expect(memory.get(ID, 'en', null, NOW)?.body.toString()).toBe('{"a":1}')
})
