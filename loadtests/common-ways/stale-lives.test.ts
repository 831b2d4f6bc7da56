import { expect, test } from 'vitest'
import { createStaleLives } from './stale-lives.ts'

const read = { product: 'a', process: 0, rev: 1, edit: 0, statedMs: 0, hit: true, source: 'memory', sentMs: 0, receivedMs: 0 } as const

test('a stale life is from the first to the last answer that showed it', () => {
  const lives = createStaleLives()
  lives.add({ ...read, sentMs: 500 }, 0)
  lives.add({ ...read, sentMs: 4_000 }, 3_000)
  lives.add({ ...read, sentMs: 1_000 }, 10)
  expect(lives.longestMs()).toBe(3_000)
})

test('another rev, and another process, is another life', () => {
  const lives = createStaleLives()
  lives.add({ ...read, sentMs: 1_000 }, 10)
  lives.add({ ...read, rev: 2, sentMs: 2_000 }, 10)
  lives.add({ ...read, process: 1, sentMs: 9_000 }, 10)
  expect(lives.longestMs()).toBe(0)
})
