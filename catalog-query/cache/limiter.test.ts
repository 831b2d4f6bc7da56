import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLimiter } from './limiter.ts'

/** Work that ends when the test says so. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { work: () => promise, open: resolve }
}

test('at most so many run at once, the others in the order they came', async () => {
  const limiter = createLimiter({ concurrency: 2, queue: 10, waitMs: 10_000 })
  const gates = Array.from({ length: 5 }, gate)
  const begun: number[] = []
  const runs = gates.map(({ work }, i) =>
    limiter.run(async () => {
      begun.push(i)
      await work()
    }),
  )
  await Promise.resolve()
  expect(begun).toEqual([0, 1])
  gates[1]?.open()
  await setImmediate()
  expect(begun).toEqual([0, 1, 2])
  for (const { open } of gates) open()
  await Promise.all(runs)
  expect(begun).toEqual([0, 1, 2, 3, 4])
})

test('one more than the queue holds is refused at once, with Retry-After', async () => {
  const limiter = createLimiter({ concurrency: 1, queue: 1, waitMs: 10_000 })
  const { work, open } = gate()
  const runs = [limiter.run(work), limiter.run(work)]
  await expect(limiter.run(work)).rejects.toMatchObject({ problem: 'overloaded', headers: { 'retry-after': '1' } })
  open()
  await Promise.all(runs)
})

test('whoever waits too long is refused, and its place goes to the next', async () => {
  const limiter = createLimiter({ concurrency: 1, queue: 10, waitMs: 20 })
  const { work, open } = gate()
  const first = limiter.run(work)
  await expect(limiter.run(() => Promise.resolve())).rejects.toMatchObject({ problem: 'overloaded' })
  open()
  await first
  expect(await limiter.run(() => Promise.resolve('in'))).toBe('in')
})

test('work that fails gives its place back', async () => {
  const limiter = createLimiter({ concurrency: 1, queue: 0, waitMs: 10 })
  await expect(limiter.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await limiter.run(() => Promise.resolve('in'))).toBe('in')
})
