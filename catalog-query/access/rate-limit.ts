/** Limits what one caller may ask for in a minute, by cost (api.md, "Who may"): counted in Redis for all processes together. */
import type { RedisClient } from '../../shared/redis.ts'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { CatalogError } from '../../shared/problem.ts'
import type { CallerCheck } from './caller-check.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What one call counts against RATE_LIMIT; absent: 1. A function is asked once the body was read. */
    readonly cost?: number | ((request: FastifyRequest) => number)
  }
}

export interface RateLimitOptions {
  /** Cost a minute. */
  readonly perMinute: number
  /** null: every process counts for itself. */
  readonly redis: RedisClient | null
  readonly callers: CallerCheck
}

const WINDOW_MS = 60_000

/** Call it before the first route. Fails open: without Redis nobody is refused. Routes with `scope: null` are free. */
export async function limitReads(app: FastifyInstance, { perMinute, redis, callers }: RateLimitOptions): Promise<void> {
  const count = redis === null ? countHere() : countIn(redis)
  await app.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: WINDOW_MS,
    enableDraftSpec: true,
    skipOnError: true,
    store: storeOf(count),
    keyGenerator: (request) => `${costOf(request)} ${callerOf(request, callers)}`,
    allowList: (request) => request.is404 || request.routeOptions.config.scope === null,
    errorResponseBuilder: (_request, { max }) => new CatalogError('rate-limited', `At most a cost of ${max} a minute`),
  })
  // After the body was read: what a batch costs depends on its length.
  app.addHook('preValidation', app.rateLimit())
}

function costOf(request: FastifyRequest): number {
  const { cost = 1 } = request.routeOptions.config
  return typeof cost === 'number' ? cost : cost(request)
}

/** A known caller counts for itself, whatever its credentials; whoever has none, or some that nobody knows, counts for the address. */
function callerOf(request: FastifyRequest, callers: CallerCheck): string {
  return callers.recall(request.headers)?.id ?? request.ip
}

interface Counted {
  readonly current: number
  /** Until the window ends, milliseconds. */
  readonly ttl: number
}

type Count = (caller: string, cost: number) => Promise<Counted>
type Tell = (error: Error | null, result?: Counted) => void

/** The plugin's store counts calls; its key carries the cost, so that this one can count that. */
function storeOf(count: Count) {
  return class CostStore {
    incr(key: string, tell: Tell): void {
      const at = key.indexOf(' ')
      count(key.slice(at + 1), Number(key.slice(0, at))).then(
        (counted) => tell(null, counted),
        (error: Error) => tell(error),
      )
    }
    child(): this {
      return this
    }
  }
}

function countIn(redis: RedisClient): Count {
  return async (caller, cost) => {
    const key = `catalog:rate:${caller}`
    const results = await redis.multi().incrby(key, cost).pexpire(key, WINDOW_MS, 'NX').pttl(key).exec()
    const [current, , ttl] = (results ?? []).map(([error, value]) => {
      if (error !== null) throw error
      return Number(value)
    })
    return { current: current ?? 0, ttl: Math.max(0, ttl ?? 0) }
  }
}

/** Callers of one window at most; beyond it the counts begin anew. */
const CALLERS_AT_MOST = 100_000

function countHere(): Count {
  const counts = new Map<string, number>()
  let endsAtMs = 0
  return async (caller, cost) => {
    const now = performance.now()
    if (now >= endsAtMs || counts.size >= CALLERS_AT_MOST) {
      counts.clear()
      endsAtMs = now + WINDOW_MS
    }
    const current = (counts.get(caller) ?? 0) + cost
    counts.set(caller, current)
    return { current, ttl: endsAtMs - now }
  }
}
