/** A few at a time, a short queue, then a clear refusal. */
import { overloaded } from '../../shared/problem.ts'

export interface LimiterOptions {
  /** What is waited for, as its refusal names it; default: the primary database. */
  readonly what?: string
  readonly concurrency: number
  /** Waiting callers at most; one more is refused at once. */
  readonly queue: number
  /** Longest wait in the queue, milliseconds. */
  readonly waitMs: number
}

export interface Limiter {
  /** @throws CatalogError overloaded when the queue is full or the wait too long */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createLimiter({ what = 'the primary database', concurrency, queue, waitMs }: LimiterOptions): Limiter {
  const waiting = new Set<() => void>()
  let running = 0

  async function enter(): Promise<void> {
    if (running < concurrency) {
      running++
      return
    }
    if (waiting.size >= queue) throw overloaded(`Too many requests wait for ${what}`)
    await turn()
  }

  // The place of a caller that ends is handed on: `running` stays as it is.
  async function turn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const go = () => resolve()
    const timer = setTimeout(() => {
      waiting.delete(go)
      reject(overloaded(`Waited ${waitMs} ms for ${what}`))
    }, waitMs)
    waiting.add(go)
    try {
      await promise
    } finally {
      clearTimeout(timer)
    }
  }

  function leave(): void {
    const [next] = waiting
    if (next === undefined) {
      running--
      return
    }
    waiting.delete(next)
    next()
  }

  return {
    async run(work) {
      await enter()
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
