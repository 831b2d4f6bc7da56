/** The headers of every answer of the query server: how fresh it is, how long it may be kept, which token it gives back. */
import type { FastifyReply } from 'fastify'
import { NO_STAMP, stampTimeUs, type Stamp } from '../../shared/stamp.ts'
import { encodeToken, type ConsistencyToken } from '../../shared/token.ts'
import type { Vouching } from '../cache/product-read.ts'
import { answerTokenOfMany } from '../cache/token-rule.ts'
import { stalenessMs } from '../cache/trust.ts'

export interface AnswerSettings {
  /** Cache-Control of an answer that anybody may keep, such as `public, max-age=1`. */
  readonly cacheControl: string
  /** Answers are for one caller only: QUERY_AUTH=required. */
  readonly private: boolean
  /** Told of every answer's Catalog-Staleness, for the metrics. */
  readonly observeStaleness: (stalenessMs: number) => void
  /** By how much more than is allowed our clock is wrong, microseconds; mostly 0. Otherwise bounds are wider by it, and answers are marked. */
  readonly doubtUs: () => number
}

export const PRIVATE = 'private, no-store'
/** Of what is kept for a minute: facets, suggestions, counts of the category tree (docs/consistency.md, point 9). */
export const MINUTE_PROMISE_MS = 62_500
export const VARY = 'Accept-Encoding, Consistency-Token'

export function cacheControlOf(settings: AnswerSettings, token: ConsistencyToken | null): string {
  return token !== null || settings.private ? PRIVATE : settings.cacheControl
}

/** An answer made of several parts is as fresh as its oldest; a token has to cover its newest. */
export function vouchingOf(parts: readonly Vouching[]): Vouching {
  const [first, ...rest] = parts
  if (first === undefined) return { vouched: NO_STAMP, contained: NO_STAMP, marked: true }
  return rest.reduce<Vouching>(
    (all, part) => ({
      vouched: earlier(all.vouched, part.vouched),
      contained: all.contained < part.contained ? part.contained : all.contained,
      marked: all.marked || part.marked,
    }),
    first,
  )
}

/** By time: an old timeline's later time is not the older one. */
export function earlier(a: Stamp, b: Stamp): Stamp {
  return stampTimeUs(b) < stampTimeUs(a) ? b : a
}

/** Whole seconds since the content was last known to be current (RFC 9111: generated or validated). */
export function ageSeconds(vouched: Stamp, nowUs: number): number {
  return Math.max(0, Math.floor((nowUs - stampTimeUs(vouched)) / 1_000_000))
}

/** Of an answer that is no product: a list, a tree. */
export interface JsonAnswer {
  /** undefined: an answer without a body (304). */
  readonly json: string | Buffer | undefined
  /** Of every part: what was selected, each product in it, the reference data where it decided. */
  readonly parts: readonly Vouching[]
  /** What stands behind `catalog; ` in Cache-Status: `hit; detail=memory`, `fwd=miss`. */
  readonly cacheStatus: string
  readonly token: ConsistencyToken | null
  /** How old it may be without being marked, milliseconds; default 2,500, the promise. */
  readonly promiseMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

const PROMISE_MS = 2_500

/** Whether an answer says of itself that it is not known to keep the promise. What it is made of may have grown older while the rest was read. */
export function isMarked({ marked }: Pick<Vouching, 'marked'>, staleness: number, doubtUs: number, promiseMs = PROMISE_MS): boolean {
  return marked || doubtUs > 0 || staleness > promiseMs
}

/** Sends a JSON answer with the headers that every read has. */
export function sendJson(when: AnswerMoment, reply: FastifyReply, answer: JsonAnswer): FastifyReply {
  setAnswerHeaders(when, reply, answer)
  return reply.header('content-type', 'application/json; charset=utf-8').send(answer.json)
}

export interface AnswerMoment {
  readonly settings: AnswerSettings
  readonly nowUs: number
}

/** What every answer says of itself, whatever its status. */
export function setAnswerHeaders({ settings, nowUs }: AnswerMoment, reply: FastifyReply, answer: Omit<JsonAnswer, 'json'>): void {
  const vouching = vouchingOf(answer.parts)
  const doubtUs = settings.doubtUs()
  const staleness = stalenessMs(vouching.vouched, nowUs + doubtUs)
  settings.observeStaleness(staleness)
  if (answer.token !== null) void reply.header('consistency-token', encodeToken(answerTokenOfMany(answer.token, answer.parts)))
  const marked = isMarked(vouching, staleness, doubtUs, answer.promiseMs)
  void reply.headers({
    'cache-control': cacheControlOf(settings, answer.token),
    'cache-status': `catalog; ${marked ? 'fwd=stale; detail=unverified' : answer.cacheStatus}`,
    'catalog-staleness': String(staleness),
    age: String(ageSeconds(vouching.vouched, nowUs)),
    vary: VARY,
    'server-timing': serverTiming(reply),
    ...answer.headers,
  })
}

export function serverTiming(reply: FastifyReply): string {
  return `total;dur=${reply.elapsedTime.toFixed(2)}`
}
