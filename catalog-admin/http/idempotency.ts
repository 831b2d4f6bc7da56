/**
 * Idempotency-Key: the same request twice is done once, and its second sender gets the first one's answer.
 * The key's row is written by the write's own transaction, so a crash leaves both or neither; who comes while that
 * transaction runs is told so by an advisory lock, which ends with it. A refused request wrote nothing, and so keeps no key.
 */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { PoolClient } from 'pg'
import { CatalogError } from '../../shared/problem.ts'
import type { WriteAnswer } from './write-answer.ts'

export interface KeyedRequest {
  readonly principal: string
  readonly key: string
  readonly request: FastifyRequest
}

const requestInProgress = () =>
  new CatalogError('request-in-progress', 'A request with this Idempotency-Key is still being answered', {
    headers: { 'retry-after': '1' },
  })
const idempotencyMismatch = () =>
  new CatalogError('idempotency-mismatch', 'This Idempotency-Key was used for another request within 24 hours')

// Two keys of one hash refuse each other for the milliseconds of a write: rare, harmless, and the client tries again.
const TRY_LOCK = /* sql */ `select pg_try_advisory_xact_lock(hashtextextended('idempotency:' || $1 || ':' || $2, 0)) as locked`

const FIND = /* sql */ `
  select request_hash as "requestHash", answer
  from idempotency_key
  where principal = $1 and key = $2 and created_at > now() - interval '24 hours'`

const KEEP = /* sql */ `
  insert into idempotency_key (principal, key, request_hash, answer)
  values ($1, $2, $3, $4)
  on conflict (principal, key) do update
  set request_hash = excluded.request_hash, answer = excluded.answer, created_at = now()`

/**
 * @param work the write, within the client's transaction
 * @throws CatalogError `request-in-progress` or `idempotency-mismatch`
 */
export async function onceByKey(
  client: PoolClient,
  keyed: KeyedRequest,
  work: () => Promise<WriteAnswer>,
): Promise<{ readonly answer: WriteAnswer; readonly replayed: boolean }> {
  const { principal, key } = keyed
  const lock = await client.query<{ locked: boolean }>(TRY_LOCK, [principal, key])
  if (lock.rows[0]?.locked !== true) throw requestInProgress()
  const requestHash = hashRequest(keyed.request)
  const { rows } = await client.query<{ requestHash: Buffer; answer: string }>(FIND, [principal, key])
  if (rows[0] !== undefined) {
    if (!rows[0].requestHash.equals(requestHash)) throw idempotencyMismatch()
    return { answer: JSON.parse(rows[0].answer) as WriteAnswer, replayed: true }
  }
  const answer = await work()
  await client.query(KEEP, [principal, key, requestHash, JSON.stringify(answer)])
  return { answer, replayed: false }
}

function hashRequest(request: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest()
}
