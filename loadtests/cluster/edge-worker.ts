/** Runs the proxies in a process of their own: their bytes must not wait behind the driver's requests, nor the other way round. */
import type { EdgeAnswer, EdgeOrder } from './edges.ts'
import { openProxy, type TcpProxy } from './tcp-proxy.ts'

const proxies = new Map<string, TcpProxy>()

async function carryOut(order: EdgeOrder): Promise<void> {
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

process.on('message', ({ id, order }: { id: number; order: EdgeOrder }) => {
  const answer = (problem: string | null) => process.send?.({ id, problem } satisfies EdgeAnswer)
  carryOut(order).then(
    () => answer(null),
    (error: Error) => answer(error.message),
  )
})
// Whoever broke the network off is gone, and this with it.
process.on('disconnect', () => process.exit())
