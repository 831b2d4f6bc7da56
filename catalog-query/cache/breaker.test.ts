import { expect, test } from 'vitest'
import { createBreaker } from './breaker.ts'

function openBreaker() {
  let nowMs = 0
  const breaker = createBreaker({ failures: 3, openMs: 1_000, nowMs: () => nowMs })
  const advance = (ms: number) => (nowMs += ms)
  for (let i = 0; i < 3; i++) breaker.failed()
  return { breaker, advance }
}

test('three failures in a row open it, a success between them does not', () => {
  const breaker = createBreaker({ failures: 3, openMs: 1_000, nowMs: () => 0 })
  breaker.failed()
  breaker.failed()
  breaker.succeeded()
  breaker.failed()
  breaker.failed()
  expect([breaker.allow(), breaker.state()]).toEqual([true, 'closed'])
  breaker.failed()
  expect([breaker.allow(), breaker.state()]).toEqual([false, 'open'])
})

test('while it is open nobody passes; after that one probe, and nobody else until it reported', () => {
  const { breaker, advance } = openBreaker()
  advance(999)
  expect(breaker.allow()).toBe(false)
  advance(1)
  expect(breaker.state()).toBe('half-open')
  expect([breaker.allow(), breaker.allow(), breaker.allow()]).toEqual([true, false, false])
})

test('a probe that succeeds closes it, one that fails opens it for another period', () => {
  const { breaker, advance } = openBreaker()
  advance(1_000)
  expect(breaker.allow()).toBe(true)
  breaker.failed()
  advance(999)
  expect(breaker.allow()).toBe(false)
  advance(1)
  expect(breaker.allow()).toBe(true)
  breaker.succeeded()
  expect([breaker.allow(), breaker.allow(), breaker.state()]).toEqual([true, true, 'closed'])
})

test('a probe that never reports holds it up for one period, not for ever', () => {
  const { breaker, advance } = openBreaker()
  advance(1_000)
  breaker.allow()
  advance(1_000)
  expect(breaker.allow()).toBe(true)
})
