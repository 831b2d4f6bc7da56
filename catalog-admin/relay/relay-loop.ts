/** Runs rounds while this process leads: as soon as there is a commit, at most every 5 ms, and ten times a second for the heartbeat. */
import type { Logger } from 'pino'
import { readPosition, tick } from '../../shared/clock.ts'
import type { EventPublisher } from '../../shared/event-log.ts'
import { pause } from '../../shared/lifecycle.ts'
import { createOutage } from '../../shared/outage.ts'
import { standForLeader, type LeaderSession } from './leader.ts'
import { markPublished, selectPage } from './outbox.ts'
import type { OutboxListener } from './outbox-listener.ts'
import type { RelayMetrics } from './relay-metrics.ts'
import { whileAlive } from './stalled-leader.ts'
import { relayRound, type RelayPorts } from './relay-round.ts'

/** Rounds are at least this far apart: closer, single writes would be pages of one, and a round costs four round trips. */
const ROUND_EVERY_MS = 5
/** Also the poll: a round without T is only run when a commit was heard of. */
const TICK_EVERY_MS = 100
const STAND_AGAIN_MS = 200
/** A leader that cannot publish gives up sooner: whoever leads for so long relays. */
const STEADY_MS = 15_000

export interface RelayOptions {
  readonly databaseUrl: string
  readonly publisher: EventPublisher
  readonly listener: OutboxListener
  readonly metrics: RelayMetrics
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** Told what this relay is doing now, for /readyz: null when all is well. */
  readonly onState: (state: { leads: boolean; failure: string | null }) => void
  readonly signal: AbortSignal
  /** After how long another's lead is believed to be a good one, milliseconds. Default 15 s. */
  readonly steadyMs?: number
}

/**
 * Never rejects. Any failure gives up the lead with its session, so that another relay, which may reach what this one cannot,
 * can take over; a failure is logged once per outage.
 */
export async function runRelay(options: RelayOptions): Promise<void> {
  const { log, signal, onState } = options
  const outage = createOutage(log, { begins: 'events cannot be relayed; trying again', ends: 'events are relayed again' })
  const succeeded = () => {
    outage.succeeded()
    onState({ leads: true, failure: null })
  }
  // What stopped this relay stops the other no longer, or never did: events are relayed.
  const onSteady = () => {
    outage.succeeded()
    onState({ leads: false, failure: null })
  }
  const onStalled = () => {
    log.warn('the leading relay stood still; its session was ended, so that another leads')
    options.metrics.endedLeaders.inc()
  }
  const standBy = { onSteady, onStalled, steadyMs: options.steadyMs ?? STEADY_MS }
  while (!signal.aborted) {
    try {
      if (!outage.lasting) onState({ leads: false, failure: null })
      await using session = await standForLeader(options.databaseUrl, signal, standBy)
      if (session !== null) await lead(session, options, succeeded)
    } catch (error) {
      outage.failed(error)
      options.metrics.failures.inc()
      onState({ leads: false, failure: error instanceof Error ? error.message : String(error) })
    } finally {
      options.metrics.leader.set(0)
    }
    await pause(STAND_AGAIN_MS, signal)
  }
}

/** Resolves when the signal is aborted. @throws when anything fails, or the session is lost */
async function lead(
  session: LeaderSession,
  { publisher, listener, metrics, log, signal }: RelayOptions,
  succeeded: () => void,
): Promise<void> {
  log.info('this relay leads')
  metrics.leader.set(1)
  const ports = sessionPorts(session, publisher, metrics)
  // Long ago: a new leader's first act is a tick.
  let tickedMs = -Infinity
  while (!signal.aborted) {
    const begunMs = performance.now()
    const isTickDue = begunMs - tickedMs >= TICK_EVERY_MS
    const round = await relayRound(ports, isTickDue)
    if (session.isLost()) throw new Error("The session that holds the relay's lock was lost")
    if (isTickDue) tickedMs = begunMs
    metrics.observe(round)
    succeeded()
    await pause(Math.max(0, begunMs + ROUND_EVERY_MS - performance.now()), signal)
    if (!round.full) await listener.waitForCommit(tickedMs + TICK_EVERY_MS - performance.now())
  }
}

function sessionPorts({ client }: LeaderSession, publisher: EventPublisher, metrics: RelayMetrics): RelayPorts {
  return {
    tick: () => tick(client),
    selectPage: () => selectPage(client),
    readPosition: () => readPosition(client),
    publish: async (events) => {
      const end = metrics.publishSeconds.startTimer()
      await whileAlive(client, publisher.publish(events))
      end()
    },
    mark: (rowIds) => markPublished(client, rowIds),
    heartbeat: (stamp) => whileAlive(client, publisher.heartbeat(stamp)),
  }
}
