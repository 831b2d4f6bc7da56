/**
 * The query processes that are audited: found by name, asked what their caches hold, a request for all that a turn asks for. One that does
 * not answer is left alone for a second.
 */
import { lookup } from 'node:dns/promises'
import { PRODUCTS_AT_MOST } from '../cache-inspection.ts'
import { createBreaker, type Breaker } from '../cache/breaker.ts'
import { createTurnBatch } from '../cache/turn-batch.ts'
import type { HeldCopy } from './judge-copy.ts'

export interface QueryProcess {
  /** Of its operations server, such as `http://10.0.3.7:3100`. */
  readonly url: string
  /** @returns null when it does not answer */
  readonly look: (productId: string) => Promise<readonly HeldCopy[] | null>
}

export interface QueryProcesses {
  /** Those there are now. */
  all(): readonly QueryProcess[]
  /** Looks the names up again. Never rejects: a name that leads nowhere keeps the addresses that it had. */
  refresh(): Promise<void>
}

const ANSWER_MS = 1_000
const FAILURES_TO_OPEN = 3
const OPEN_MS = 1_000
const PROCESSES_AT_MOST = 500

/** @param urls their host names may have several addresses each */
export function createQueryProcesses(urls: readonly string[]): QueryProcesses {
  const known = new Map<string, QueryProcess>()
  const addresses = new Map<string, readonly string[]>(urls.map((url) => [url, []]))

  async function refreshOne(url: string): Promise<void> {
    try {
      addresses.set(url, await addressesOf(new URL(url)))
    } catch {
      // The name service is away, or the name is not there yet.
    }
  }

  return {
    all: () => [...known.values()],
    async refresh() {
      await Promise.all(urls.map(refreshOne))
      const current = new Set([...addresses.values()].flat().slice(0, PROCESSES_AT_MOST))
      for (const url of known.keys()) if (!current.has(url)) known.delete(url)
      for (const url of current) if (!known.has(url)) known.set(url, createQueryProcess(url))
    },
  }
}

async function addressesOf(url: URL): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // One family: both addresses of a host are one process.
  const found = await lookup(host, { all: true, family: 4 }).catch(() => lookup(host, { all: true }))
  return found.map(({ address, family }) => `http://${family === 6 ? `[${address}]` : address}:${url.port || '80'}`)
}

interface Answer {
  readonly products: readonly { readonly id: string; readonly copies: readonly HeldCopy[] }[]
}

function createQueryProcess(url: string): QueryProcess {
  const breaker: Breaker = createBreaker({ failures: FAILURES_TO_OPEN, openMs: OPEN_MS, nowMs: () => performance.now() })
  async function askMany(productIds: readonly string[]): Promise<readonly (readonly HeldCopy[] | null)[]> {
    if (!breaker.allow()) return productIds.map(() => null)
    try {
      const response = await fetch(`${url}/internal/cache/copies?ids=${productIds.join()}`, { signal: AbortSignal.timeout(ANSWER_MS) })
      const answer = (await response.json()) as Answer
      if (!response.ok) throw new Error(`The query process answered ${response.status}`)
      breaker.succeeded()
      return answer.products.map(({ copies }) => copies)
    } catch {
      breaker.failed()
      return productIds.map(() => null)
    }
  }
  return { url, look: createTurnBatch(askMany, { maxItems: PRODUCTS_AT_MOST }) }
}
