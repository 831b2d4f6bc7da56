/** As a rule every connection between two parts of the cluster goes through an edge, `FROM>TO`, which is a proxy that faults can be put on. */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { quietPort } from './quiet-port.ts'
import { matching } from './target.ts'
import type { ProxyMode } from './tcp-proxy.ts'

export type EdgeOrder =
  | { readonly act: 'open'; readonly edge: string; readonly port: number; readonly target: number }
  | { readonly act: 'mode'; readonly edge: string; readonly mode: ProxyMode }
  | { readonly act: 'target'; readonly edge: string; readonly target: number }
  | { readonly act: 'cut'; readonly edge: string }

export interface EdgeAnswer {
  readonly id: number
  readonly problem: string | null
}

export interface Edges extends AsyncDisposable {
  /** @returns the port by which `target` is reached */
  open(edge: string, target: number): Promise<number>
  /** @param pattern as in target.ts, here and below */
  setMode(pattern: string, mode: ProxyMode): Promise<void>
  setTarget(pattern: string, port: number): Promise<void>
  /** Resets the connections there are. */
  cut(pattern: string): Promise<void>
  names(): readonly string[]
}

/** Every part is reached at its own port: nothing can be done to the network, and nothing takes longer for what might be. */
export function noEdges(): Edges {
  // A fault that hits nothing shows nothing.
  const fail = (pattern: string) => Promise.reject(new Error(`Expected edges, of which ${pattern} would be some: this cluster has none`))
  return {
    open: (_edge, target) => Promise.resolve(target),
    setMode: fail,
    setTarget: fail,
    cut: fail,
    names: () => [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

export function createEdges(): Edges {
  // No thread: one that is ended in the middle of a connect or a write may spin in Node's own clean-up for ever (seen on Node 24).
  const worker = fork(join(import.meta.dirname, 'edge-worker.ts'))
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const waiting = new Map<number, PromiseWithResolvers<void>>()
  const edges: string[] = []
  let nextId = 1
  worker.on('message', (message) => {
    const { id, problem } = message as EdgeAnswer
    if (problem === null) waiting.get(id)?.resolve()
    else waiting.get(id)?.reject(new Error(problem))
    waiting.delete(id)
  })
  worker.on('error', (error) => {
    for (const each of waiting.values()) each.reject(error)
  })
  worker.on('exit', () => {
    for (const each of waiting.values()) each.reject(new Error('The edges have ended'))
  })

  async function send(order: EdgeOrder): Promise<void> {
    const id = nextId++
    const answered = Promise.withResolvers<void>()
    waiting.set(id, answered)
    worker.send({ id, order })
    await answered.promise
  }
  const sendAll = async (pattern: string, order: (edge: string) => EdgeOrder) => {
    await Promise.all(matching(pattern, edges).map((edge) => send(order(edge))))
  }

  return {
    open: async (edge, target) => {
      const port = await quietPort()
      await send({ act: 'open', edge, port, target })
      edges.push(edge)
      return port
    },
    setMode: (pattern, mode) => sendAll(pattern, (edge) => ({ act: 'mode', edge, mode })),
    setTarget: (pattern, target) => sendAll(pattern, (edge) => ({ act: 'target', edge, target })),
    cut: (pattern) => sendAll(pattern, (edge) => ({ act: 'cut', edge })),
    names: () => edges,
    [Symbol.asyncDispose]: async () => {
      worker.kill('SIGKILL')
      await exited
    },
  }
}
