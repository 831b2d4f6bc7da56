/**
 * Idempotency-Key: the same request twice is done once, and its second sender gets the first one's answer.
 * The key's row is written by the write's own transaction, so a crash leaves both or neither; who comes while that
 * transaction runs is told so by an advisory lock, which ends with it. A refused request wrote nothing, and so keeps no key.
 */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Pool, PoolClient } from 'pg'
import { inTransaction } from '../../shared/postgres.ts'
import { CatalogError, invalidParameter } from '../../shared/problem.ts'
import { principalOf } from '../access/route-guard.ts'

export interface KeyedRequest {
  readonly principal: string
  readonly key: string
  /** SHA-256 of what makes two requests the same. */
  readonly requestHash: Buffer
}

export interface Once<Answer> {
  readonly answer: Answer
  /** The answer is an earlier request's: `Idempotent-Replayed: true`. */
  readonly replayed: boolean
}

export const requestInProgress = () =>
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
 * @param work the write, within the client's transaction; its answer is kept as JSON
 * @throws CatalogError `request-in-progress` or `idempotency-mismatch`
 */
export async function onceByKey<Answer>(client: PoolClient, keyed: KeyedRequest, work: () => Promise<Answer>): Promise<Once<Answer>> {
  const { principal, key, requestHash } = keyed
  const lock = await client.query<{ locked: boolean }>(TRY_LOCK, [principal, key])
  if (lock.rows[0]?.locked !== true) throw requestInProgress()
  const { rows } = await client.query<{ requestHash: Buffer; answer: string }>(FIND, [principal, key])
  if (rows[0] !== undefined) {
    if (!rows[0].requestHash.equals(requestHash)) throw idempotencyMismatch()
    return { answer: JSON.parse(rows[0].answer) as Answer, replayed: true }
  }
  const answer = await work()
  await client.query(KEEP, [principal, key, requestHash, JSON.stringify(answer)])
  return { answer, replayed: false }
}

/** Runs `work` in one transaction; once only, where the request has an Idempotency-Key and its body has been read. */
export async function onceInTransaction<Answer>(
  pool: Pool,
  request: FastifyRequest,
  work: (client: PoolClient) => Promise<Answer>,
): Promise<Once<Answer>> {
  const key = idempotencyKey(request)
  return await inTransaction(pool, async (client) => {
    if (key === null) return { answer: await work(client), replayed: false }
    const keyed = { principal: principalOf(request).id, key, requestHash: hashRequest(request) }
    return await onceByKey(client, keyed, () => work(client))
  })
}

function hashRequest(request: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest()
}

const KEY_SYNTAX = /^[\x21-\x7e]{1,255}$/

/** @returns null when it has none, or is no POST. @throws CatalogError `invalid-parameter` */
export function idempotencyKey(request: FastifyRequest): string | null {
  const header = request.headers['idempotency-key']
  if (header === undefined || request.method !== 'POST') return null
  const key = [header].flat().join(',')
  if (KEY_SYNTAX.test(key)) return key
  throw invalidParameter([
    { parameter: 'Idempotency-Key', code: 'format', message: 'Idempotency-Key must be 1 to 255 printable ASCII characters' },
  ])
}
