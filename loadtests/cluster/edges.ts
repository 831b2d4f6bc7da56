/** Every connection between two parts of the cluster goes through an edge, `FROM>TO`, which is a proxy that faults can be put on. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { matching } from './target.ts'
import type { ProxyMode } from './tcp-proxy.ts'

export type EdgeOrder =
  | { readonly act: 'open'; readonly edge: string; readonly port: number; readonly target: number }
  | { readonly act: 'mode'; readonly edge: string; readonly mode: ProxyMode }
  | { readonly act: 'target'; readonly edge: string; readonly target: number }
  | { readonly act: 'cut'; readonly edge: string }
  | { readonly act: 'close' }

export interface EdgeAnswer {
  readonly id: number
  readonly problem: string | null
}

export interface Edges extends AsyncDisposable {
  open(edge: string, port: number, target: number): Promise<void>
  /** @param pattern as in target.ts, here and below */
  setMode(pattern: string, mode: ProxyMode): Promise<void>
  setTarget(pattern: string, port: number): Promise<void>
  /** Resets the connections there are. */
  cut(pattern: string): Promise<void>
  names(): readonly string[]
}

const END_MS = 5_000

/** Resolves when the work is done or has failed, at the latest after 5 s. */
async function withinLimit(work: Promise<unknown>): Promise<void> {
  await Promise.race([work.catch(() => {}), sleep(END_MS, null, { ref: false })])
}

export function createEdges(): Edges {
  const worker = new Worker(join(import.meta.dirname, 'edge-worker.ts'))
  const waiting = new Map<number, PromiseWithResolvers<void>>()
  const edges: string[] = []
  let nextId = 1
  worker.on('message', ({ id, problem }: EdgeAnswer) => {
    if (problem === null) waiting.get(id)?.resolve()
    else waiting.get(id)?.reject(new Error(problem))
    waiting.delete(id)
  })
  worker.on('error', (error) => {
    for (const each of waiting.values()) each.reject(error)
  })

  async function send(order: EdgeOrder): Promise<void> {
    const id = nextId++
    const answered = Promise.withResolvers<void>()
    waiting.set(id, answered)
    worker.postMessage({ id, order })
    await answered.promise
  }
  const sendAll = async (pattern: string, order: (edge: string) => EdgeOrder) => {
    await Promise.all(matching(pattern, edges).map((edge) => send(order(edge))))
  }

  return {
    open: async (edge, port, target) => {
      await send({ act: 'open', edge, port, target })
      edges.push(edge)
    },
    setMode: (pattern, mode) => sendAll(pattern, (edge) => ({ act: 'mode', edge, mode })),
    setTarget: (pattern, target) => sendAll(pattern, (edge) => ({ act: 'target', edge, target })),
    cut: (pattern) => sendAll(pattern, (edge) => ({ act: 'cut', edge })),
    names: () => edges,
    [Symbol.asyncDispose]: async () => {
      // First its sockets: a thread that is ended in the middle of a connect or a write may spin in its own clean-up for ever (seen on Node 24).
      await withinLimit(send({ act: 'close' }))
      await withinLimit(worker.terminate())
    },
  }
}
