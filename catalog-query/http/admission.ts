/**
 * Refuses early what could only be answered late: by how many requests are under way, and by how late the event loop runs. A request that is
 * let in is finished. What is refused costs a fraction of an answer, so that the rest is answered in time.
 */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { HttpServer } from '../../shared/http-server.ts'
import { overloaded } from '../../shared/problem.ts'

export interface AdmissionLimits {
  /** Requests under way at most; one more is refused. */
  readonly maxInFlight: number
  /** The event loop may run this late, milliseconds; when it does all the time, a part of the requests is refused. 0: never. */
  readonly maxDelayMs: number
}

/** Why a request is refused. */
type Refusal = 'in-flight' | 'delay'

export interface Admission {
  /** @returns null: it is let in, and leaves later */
  enter(): Refusal | null
  leave(): void
  /** How late the event loop ran at `nowMs`, milliseconds. */
  noteDelay(lateMs: number, nowMs: number): void
  inFlight(): number
  /** From 0 to 1: the part of all requests that is refused because the event loop is late. */
  refusedPart(): number
}

/**
 * The event loop counts as late by the *least* delay of a while (CoDel's idea): a hiccup, such as a collection of garbage, does not
 * last, and a queue that stands does.
 */
const WHILE_MS = 100
const RISE = 0.1
const FALL = 0.05
/** Fewer requests than this in a while are no queue: then the host is short of time, and refusing them would not give it any. */
const REQUESTS_AT_LEAST = 10
/** A rise is this many times larger at most, where the delay is many times the limit. */
const RISES_AT_MOST = 5

/** @param random from 0 to 1 */
export function createAdmission({ maxInFlight, maxDelayMs }: AdmissionLimits, random: () => number = Math.random): Admission {
  let inFlight = 0
  let refusedPart = 0
  let leastMs = Infinity
  let asked = 0
  let beganMs = 0

  return {
    enter() {
      asked++
      if (inFlight >= maxInFlight) return 'in-flight'
      if (refusedPart > 0 && random() < refusedPart) return 'delay'
      inFlight++
      return null
    },
    leave() {
      inFlight--
    },
    noteDelay(lateMs, nowMs) {
      leastMs = Math.min(leastMs, lateMs)
      if (maxDelayMs === 0 || nowMs - beganMs < WHILE_MS) return
      const overshoot = asked < REQUESTS_AT_LEAST ? 0 : leastMs / maxDelayMs
      refusedPart = overshoot > 1 ? Math.min(1, refusedPart + RISE * Math.min(RISES_AT_MOST, overshoot)) : Math.max(0, refusedPart - FALL)
      // What is left of many small steps.
      if (refusedPart < FALL / 2) refusedPart = 0
      leastMs = Infinity
      asked = 0
      beganMs = nowMs
    },
    inFlight: () => inFlight,
    refusedPart: () => refusedPart,
  }
}

const LOOK_EVERY_MS = 20

/** Made once: a refusal has no stack of its own. */
const REFUSALS = {
  'in-flight': overloaded('Too many requests are under way'),
  delay: overloaded('Requests come faster than they can be answered'),
} as const

/** Call it before the first route. Operations ports have servers of their own, which refuse nothing. */
export function admitRequests(app: HttpServer, admission: Admission, metrics: Registry): void {
  const refused = measureAdmission(admission, metrics)
  const { leave } = admission
  app.addHook('onRequest', (_request, reply, done) => {
    const refusal = admission.enter()
    if (refusal !== null) {
      refused[refusal].inc()
      return done(REFUSALS[refusal])
    }
    // Also where the client goes away before it is answered. Once a response; `on` costs 0.25 µs, `once` three times that.
    reply.raw.on('close', leave)
    done()
  })
  let expectedMs = performance.now() + LOOK_EVERY_MS
  const looking = setInterval(() => {
    const nowMs = performance.now()
    admission.noteDelay(Math.max(0, nowMs - expectedMs), nowMs)
    expectedMs = nowMs + LOOK_EVERY_MS
  }, LOOK_EVERY_MS).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(looking)
    done()
  })
}

function measureAdmission(admission: Admission, registry: Registry): Record<Refusal, { inc(): void }> {
  const registers = [registry]
  const refused = new Counter({
    name: 'catalog_refused_requests_total',
    help: 'Requests refused with 503 overloaded before anything was done for them',
    labelNames: ['why'],
    registers,
  })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('catalog_requests_in_flight', 'Requests let in and not answered yet', admission.inFlight)
  gauge('catalog_refused_part', 'The part of all requests that is refused because the event loop is late', admission.refusedPart)
  const children = { 'in-flight': refused.labels('in-flight'), delay: refused.labels('delay') }
  for (const child of Object.values(children)) child.inc(0)
  return children
}
