/** Who is calling, where a scope is needed: an API key, checked on a replica, or a bearer token; either is remembered for a minute. */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import type { VerifyBearer } from '../../shared/bearer-token.ts'
import { apiKeyOf, bearerTokenOf } from '../../shared/credentials.ts'
import { invalidBearerToken, missingScope, unauthenticated, unknownApiKey } from '../../shared/problem.ts'
import { isScope, type Principal, type Scope } from '../../shared/scope.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createTurnBatch } from '../cache/turn-batch.ts'

export interface CallerCheck {
  /** Without a promise when the caller is known. @throws CatalogError unauthenticated, missing-scope, unavailable */
  check(headers: IncomingHttpHeaders, scope: Scope): Principal | Promise<Principal>
  /** Who this is, if it is known now, without asking: the rate limit's caller. */
  recall(headers: IncomingHttpHeaders): Principal | null
}

/**
 * A key that was revoked works this much longer at most; a token whose issuer has withdrawn what signed it, this much longer than the issuer's keys are
 * kept (bearer-token.ts).
 */
const KNOWN_MS = 60_000
/** A key that is not known is looked up again after this, so that a new one works soon. */
const UNKNOWN_MS = 1_000
const CALLERS_AT_MOST = 10_000
const SECRET_LENGTH_AT_MOST = 512
const KEYS_PER_STATEMENT = 100

const FIND_CALLERS = /* sql */ `
  select encode(secret_hash, 'hex') as hash, id::text as id, scopes
  from api_client
  where secret_hash = any(select decode(unnest($1::text[]), 'hex')) and revoked_at is null`

interface CallerRow {
  readonly hash: string
  readonly id: string
  readonly scopes: readonly string[]
}

/** @param verifyBearer null: bearer tokens are not accepted */
export function createCallerCheck(readSnapshot: ReadSnapshot, verifyBearer: VerifyBearer | null): CallerCheck {
  // The secrets and tokens themselves are not kept.
  const known = new LRUCache<string, Principal>({ max: CALLERS_AT_MOST, ttl: KNOWN_MS })
  // Keys that nobody has, apart: anybody can send as many of those as they like, and would drive out all the callers.
  const unknown = new LRUCache<string, true>({ max: CALLERS_AT_MOST, ttl: UNKNOWN_MS })
  const find = createTurnBatch((hashes: readonly string[]) => findCallers(readSnapshot, hashes), { maxItems: KEYS_PER_STATEMENT })

  async function lookUpKey(hashed: string): Promise<Principal> {
    const caller = await find(hashed)
    if (caller === null) {
      unknown.set(hashed, true)
      throw unknownApiKey()
    }
    known.set(hashed, caller)
    return caller
  }

  async function verifyToken(slot: string, token: string): Promise<Principal> {
    if (verifyBearer === null) throw unauthenticated()
    const caller = await verifyBearer(token)
    if (caller === null) throw invalidBearerToken()
    const ttl = Math.min(KNOWN_MS, caller.expiresAtMs - Date.now())
    if (ttl > 0) known.set(slot, caller, { ttl })
    return caller
  }

  async function identify({ token, text, slot }: Credential): Promise<Principal> {
    if (token) return await verifyToken(slot, text)
    if (text.length > SECRET_LENGTH_AT_MOST) throw unknownApiKey()
    return await lookUpKey(slot)
  }

  return {
    check(headers, scope) {
      const sent = credentialOf(headers)
      if (sent === null) throw unauthenticated()
      const caller = known.get(sent.slot)
      if (caller !== undefined) return admitted(caller, scope)
      if (unknown.has(sent.slot)) throw unknownApiKey()
      return identify(sent).then((identified) => admitted(identified, scope))
    },
    recall(headers) {
      const sent = credentialOf(headers)
      return (sent === null ? undefined : known.get(sent.slot)) ?? null
    },
  }
}

interface Credential {
  /** A bearer token; else an API key. */
  readonly token: boolean
  readonly text: string
  /** Under which its caller is remembered: a key that is known is no bearer token for that. */
  readonly slot: string
}

function credentialOf(headers: IncomingHttpHeaders): Credential | null {
  const key = apiKeyOf(headers)
  if (key !== undefined) return { token: false, text: key, slot: hash('sha256', key, 'hex') }
  const token = bearerTokenOf(headers)
  return token === undefined ? null : { token: true, text: token, slot: `bearer ${hash('sha256', token, 'hex')}` }
}

function admitted(caller: Principal, scope: Scope): Principal {
  if (!caller.scopes.has(scope)) throw missingScope(scope)
  return caller
}

async function findCallers(readSnapshot: ReadSnapshot, hashes: readonly string[]): Promise<readonly (Principal | null)[]> {
  const { rows } = await readSnapshot<CallerRow>({ name: 'find-callers', text: FIND_CALLERS, values: [hashes] }, null)
  const callers = new Map(rows.map((row) => [row.hash, { id: row.id, scopes: new Set(row.scopes.filter(isScope)) }]))
  return hashes.map((hashed) => callers.get(hashed) ?? null)
}
