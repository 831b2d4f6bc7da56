import { expect, test } from 'vitest'
import { createSpareTime } from './spare-time.ts'
import { TRUST_US } from './trust.ts'

const MINUTE_US = 60_000_000

function open() {
  let nowMs = 5_000
  const spare = createSpareTime(() => nowMs)
  const pass = (ms: number) => void (nowMs += ms)
  return { spare, pass, work: (ms: number) => spare.spend(() => Promise.resolve(pass(ms))) }
}

test('what costs much is trusted for B until it takes more than a twentieth of the time', async () => {
  const { spare, pass, work } = open()
  expect(spare.trustUs()).toBe(TRUST_US)
  await work(10)
  expect(spare.trustUs()).toBe(MINUTE_US)
  pass(199)
  expect(spare.trustUs()).toBe(MINUTE_US)
  pass(1)
  expect(spare.trustUs()).toBe(TRUST_US)
  // What is read one after the other adds up.
  for (let n = 0; n < 5; n++) await work(10)
  pass(5 * 200 - 5 * 10 - 1)
  expect(spare.trustUs()).toBe(MINUTE_US)
  pass(60)
  expect(spare.trustUs()).toBe(TRUST_US)
})

test('while one is being read no other is read again, also when it fails, and a rest lasts a minute at most', async () => {
  const { spare, pass, work } = open()
  const reading = Promise.withResolvers<void>()
  const failed = spare.spend(() => reading.promise)
  expect(spare.trustUs()).toBe(MINUTE_US)
  reading.reject(new Error('the database is away'))
  await expect(failed).rejects.toThrow('the database is away')
  expect(spare.trustUs()).toBe(TRUST_US)
  await work(1_000_000)
  pass(59_999)
  expect(spare.trustUs()).toBe(MINUTE_US)
  pass(1)
  expect(spare.trustUs()).toBe(TRUST_US)
})
