import { expect, test } from 'vitest'
import type { ProductEvent } from './event-log.ts'
import { toHeartbeatMessage, toProductMessage, type EventMessage } from './event-message.ts'
import { toRuns } from './kafka-runs.ts'
import { toStamp } from './stamp.ts'

const ID = '0198c0de-0000-7000-8000-000000000001'
const event = (timeUs: number, doc: string | null = null): ProductEvent => ({
  productId: ID,
  rev: timeUs,
  stamp: toStamp(2, timeUs),
  state: doc === null ? 'hidden' : 'visible',
  doc,
  omitted: false,
  changedAtMs: 1,
})
const at = (offset: number, message: EventMessage) => ({
  offset: String(offset),
  key: message.key === null ? null : Buffer.from(message.key),
  headers: message.headers,
  value: Buffer.from(message.value ?? ''),
})
const poison = (offset: number) => ({ offset: String(offset), key: Buffer.from(ID), headers: {}, value: Buffer.from('?') })

test('a run holds its events in order and the greatest heartbeat in it', () => {
  const messages = [
    at(7, toProductMessage(event(10))),
    at(8, toHeartbeatMessage(toStamp(2, 12), 3)),
    at(9, toHeartbeatMessage(toStamp(2, 11), 3)),
    at(10, toProductMessage(event(13))),
  ]
  const [only, ...more] = [...toRuns(3, messages, 1)]
  expect(more).toEqual([])
  expect(only?.run).toEqual({
    partition: 3,
    from: 7,
    to: 11,
    events: [event(10), event(13)],
    offsets: [7, 10],
    heartbeat: toStamp(2, 12),
    newestTimeline: 2,
  })
})

test('runs are bounded in messages and in bytes, and each begins where the last one ended', () => {
  const small = Array.from({ length: 300 }, (_, n) => at(n, toHeartbeatMessage(toStamp(2, n + 1), 0)))
  expect([...toRuns(0, small, 0)].map(({ run }) => [run.from, run.to])).toEqual([
    [0, 256],
    [256, 300],
  ])
  const large = Array.from({ length: 3 }, (_, n) => at(n, toProductMessage(event(n + 1, JSON.stringify({ text: 'x'.repeat(700_000) })))))
  expect([...toRuns(0, large, 0)].map(({ run }) => [run.from, run.to])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ])
})

test('an unreadable message gets the newest timeline, and a time that nothing in front of it can exceed', () => {
  const [only] = [...toRuns(0, [at(0, toProductMessage(event(5))), poison(1)], 0)]
  expect(only?.unreadable).toBe(1)
  const stamp = only?.run.events[1]?.stamp ?? ''
  expect(stamp.startsWith('0002')).toBe(true)
  expect(stamp > toStamp(2, Date.now() * 1000)).toBe(true)
  expect([...toRuns(0, [poison(0)], 4)][0]?.run.events[0]?.stamp.slice(0, 4)).toBe('0004')
})
