/** Hears of commits by LISTEN on a connection of its own. For latency only: the relay's poll is the truth. */
import { Client } from 'pg'
import type { Logger } from 'pino'
import { pause } from '../../shared/lifecycle.ts'
import { createOutage } from '../../shared/outage.ts'

const CONNECT_MS = 3_000
const RECONNECT_MS = 1_000

export interface OutboxListener {
  /** Resolves when a commit was heard of since it last resolved, at the latest after `limitMs`. */
  waitForCommit(limitMs: number): Promise<void>
}

/** Connects in the background, again and again, until the signal is aborted. */
export function createOutboxListener(url: string, signal: AbortSignal, log: Pick<Logger, 'warn' | 'info'>): OutboxListener {
  let heard = false
  let wake = () => {}
  void listenForEver(url, signal, log, () => {
    heard = true
    wake()
  })
  return {
    async waitForCommit(limitMs) {
      if (!heard && limitMs > 0) {
        const commit = new AbortController()
        wake = () => commit.abort()
        await pause(limitMs, AbortSignal.any([commit.signal, signal]))
        wake = () => {}
      }
      heard = false
    },
  }
}

async function listenForEver(url: string, signal: AbortSignal, log: Pick<Logger, 'warn' | 'info'>, onCommit: () => void): Promise<void> {
  const outage = createOutage(log, { begins: 'commits cannot be heard of; the outbox is polled', ends: 'commits are heard of again' })
  while (!signal.aborted) {
    try {
      await listen(url, signal, { onCommit, onListening: outage.succeeded })
    } catch (error) {
      outage.failed(error)
    }
    await pause(RECONNECT_MS, signal)
  }
}

/** Resolves when the connection has ended. */
async function listen(
  url: string,
  signal: AbortSignal,
  { onCommit, onListening }: { onCommit: () => void; onListening: () => void },
): Promise<void> {
  const client = new Client({
    connectionString: url,
    application_name: 'catalog-relay-listener',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
    keepAlive: true,
  })
  const ended = Promise.withResolvers<void>()
  client.on('error', () => ended.resolve())
  client.on('end', () => ended.resolve())
  client.on('notification', onCommit)
  const stop = () => ended.resolve()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await client.connect()
    await client.query('listen outbox')
    onListening()
    if (!signal.aborted) await ended.promise
  } finally {
    signal.removeEventListener('abort', stop)
    client.connection.stream.destroy()
  }
}
