import { expect, test } from 'vitest'
import { createLifecycle, pause, withTimeout } from './lifecycle.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }

test('parts end in reverse order, once, also when one of them fails', async () => {
  const lifecycle = createLifecycle(silent)
  const ended: string[] = []
  lifecycle.onStop('pool', () => ended.push('pool'))
  lifecycle.onStop('cache', () => {
    throw new Error('already closed')
  })
  lifecycle.onStop('server', () => ended.push('server'))
  await Promise.all([lifecycle.stop(), lifecycle.stop()])
  expect(ended).toEqual(['server', 'pool'])
  expect(lifecycle.signal.aborted).toBe(true)
})

test('a pause ends at once when the program stops', async () => {
  const abort = new AbortController()
  const begunMs = performance.now()
  const paused = pause(60_000, abort.signal)
  abort.abort()
  await paused
  await pause(60_000, abort.signal)
  expect(performance.now() - begunMs).toBeLessThan(5_000)
})

test('work that never ends is given up after its limit, and says what it was', async () => {
  const never = Promise.withResolvers<never>()
  await expect(withTimeout(20, 'the test', () => never.promise)).rejects.toThrow('the test took longer than 20 ms')
})
