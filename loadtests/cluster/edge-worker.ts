/** Runs the proxies in a thread of their own: their bytes must not wait behind the driver's requests, nor the other way round. */
import { parentPort } from 'node:worker_threads'
import type { EdgeAnswer, EdgeOrder } from './edges.ts'
import { openProxy, type TcpProxy } from './tcp-proxy.ts'

const proxies = new Map<string, TcpProxy>()

async function carryOut(order: EdgeOrder): Promise<void> {
  if (order.act === 'close') {
    await Promise.all([...proxies.values()].map((proxy) => proxy.close()))
    return
  }
  if (order.act === 'open') {
    proxies.set(order.edge, await openProxy(order.port, order.target))
    return
  }
  const proxy = proxies.get(order.edge)
  if (proxy === undefined) throw new Error(`Expected an open edge, not "${order.edge}"`)
  if (order.act === 'mode') proxy.setMode(order.mode)
  else if (order.act === 'target') proxy.setTarget(order.target)
  else proxy.cut()
}

parentPort?.on('message', ({ id, order }: { id: number; order: EdgeOrder }) => {
  const answer = (problem: string | null) => parentPort?.postMessage({ id, problem } satisfies EdgeAnswer)
  carryOut(order).then(
    () => answer(null),
    (error: Error) => answer(error.message),
  )
})
