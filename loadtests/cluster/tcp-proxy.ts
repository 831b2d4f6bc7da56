/** A TCP proxy on loopback that can be slow, silent, deaf or cut: the network between two parts, as a fault. */
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOOPBACK } from '../../stack/port.ts'

export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Every byte arrives so much later, in each direction. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Connections are accepted and nothing is forwarded, not even an end: a cable pulled, a host gone. Held bytes go on afterwards. */
  | { readonly kind: 'freeze' }
  /** Connections there are and connections to come are reset. */
  | { readonly kind: 'refuse' }

export interface TcpProxy {
  setMode(mode: ProxyMode): void
  /** Resets the connections there are, which are to the old target, and sends new ones there. */
  setTarget(port: number): void
  /** Resets the connections there are. */
  cut(): void
  connections(): number
  close(): Promise<void>
}

interface Link {
  /** Takes up what a freeze held back. */
  thaw(): void
  reset(): void
}

/** @throws Error when the port cannot be listened on */
export async function openProxy(port: number, target: number): Promise<TcpProxy> {
  let mode: ProxyMode = { kind: 'pass' }
  let targetPort = target
  const links = new Set<Link>()

  function accept(client: Socket): void {
    client.on('error', () => {})
    if (mode.kind === 'refuse') return void client.resetAndDestroy()
    const link = joinSockets(client, () => createConnection({ host: LOOPBACK, port: targetPort, allowHalfOpen: true, noDelay: true }), {
      mode: () => mode,
      onEnd: () => links.delete(link),
    })
    links.add(link)
  }
  const resetAll = () => {
    for (const link of links) link.reset()
  }

  const server = await listen(port, accept)
  return {
    setMode: (next) => {
      mode = next
      if (next.kind === 'refuse') return resetAll()
      if (next.kind !== 'freeze') for (const link of links) link.thaw()
    },
    setTarget: (next) => {
      targetPort = next
      resetAll()
    },
    cut: resetAll,
    connections: () => links.size,
    close: async () => {
      resetAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
  })
  return server
}

interface LinkOptions {
  readonly mode: () => ProxyMode
  readonly onEnd: () => void
}

/** The target is dialled when the proxy forwards: a frozen one accepts and answers nothing. */
function joinSockets(client: Socket, dial: () => Socket, { mode, onEnd }: LinkOptions): Link {
  let upstream: Socket | null = null
  let held: readonly (() => void)[] = []
  let ended = false

  function reset(): void {
    if (ended) return
    ended = true
    client.resetAndDestroy()
    upstream?.resetAndDestroy()
    onEnd()
  }
  // A peer that breaks off during a freeze is not heard of on the other side before its end.
  const broken = () => {
    if (mode().kind !== 'freeze') reset()
  }
  client.on('close', broken)

  function thaw(): void {
    if (client.destroyed || upstream?.destroyed) return reset()
    if (upstream !== null) {
      for (const go of held) go()
      return
    }
    upstream = dial()
    upstream.on('error', () => {})
    upstream.on('close', broken)
    held = [forward(client, upstream, mode), forward(upstream, client, mode)]
  }
  if (mode().kind !== 'freeze') thaw()
  return { thaw, reset }
}

/** Passes on bytes and the end of them, in order, when the mode allows. @returns what goes on after a freeze */
function forward(from: Socket, to: Socket, mode: () => ProxyMode): () => void {
  let last = Promise.resolve()
  let waiting = 0
  let endHeld = false

  function pass(act: () => void): void {
    const current = mode()
    if (current.kind !== 'delay' && waiting === 0) return act()
    // What comes after delayed bytes stays behind them.
    const due = performance.now() + (current.kind === 'delay' ? current.ms : 0)
    waiting++
    last = last.then(async () => {
      await sleep(Math.max(0, due - performance.now()))
      waiting--
      if (!to.destroyed) act()
    })
  }
  from.on('data', (chunk: Buffer) => {
    if (mode().kind === 'freeze') {
      from.pause()
      from.unshift(chunk)
      return
    }
    pass(() => {
      if (to.write(chunk)) return
      from.pause()
      to.once('drain', () => from.resume())
    })
  })
  from.on('end', () => {
    if (mode().kind === 'freeze') endHeld = true
    else pass(() => to.end())
  })
  from.resume()
  return () => {
    from.resume()
    if (endHeld) pass(() => to.end())
    endHeld = false
  }
}
