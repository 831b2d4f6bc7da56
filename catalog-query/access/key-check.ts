/** Who may read where QUERY_AUTH is required: API keys, checked on a replica and remembered for a minute. */
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { missingScope, unauthenticated } from '../../shared/problem.ts'
import { isScope, type Scope } from '../../shared/scope.ts'
import type { ReadSnapshot } from '../cache/product-read.ts'
import { createTurnBatch } from '../cache/turn-batch.ts'

export interface Caller {
  readonly id: string
  readonly scopes: ReadonlySet<Scope>
}

export interface KeyCheck {
  /** Without a promise when the key is known. @throws CatalogError unauthenticated, missing-scope, unavailable */
  check(secret: string | undefined, scope: Scope): Caller | Promise<Caller>
  /** What is known of a key now, without asking: the rate limit's caller. */
  recall(secret: string | undefined): Caller | null
}

/** A key that was revoked works this much longer at most. */
const KNOWN_MS = 60_000
/** A key that is not known is looked up again after this, so that a new one works soon. */
const UNKNOWN_MS = 1_000
const KEYS_AT_MOST = 10_000
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

export function createKeyCheck(readSnapshot: ReadSnapshot): KeyCheck {
  // `false`: nobody has this key. The secrets themselves are not kept.
  const known = new LRUCache<string, Caller | false>({ max: KEYS_AT_MOST, ttl: KNOWN_MS })
  const find = createTurnBatch((hashes: readonly string[]) => findCallers(readSnapshot, hashes), { maxItems: KEYS_PER_STATEMENT })

  async function lookUp(hashed: string, scope: Scope): Promise<Caller> {
    const caller = await find(hashed)
    known.set(hashed, caller, { ttl: caller === false ? UNKNOWN_MS : KNOWN_MS })
    return admit(caller, scope)
  }

  return {
    check(secret, scope) {
      if (secret === undefined || secret === '') throw unauthenticated()
      if (secret.length > SECRET_LENGTH_AT_MOST) throw refused()
      const hashed = hash('sha256', secret, 'hex')
      const caller = known.get(hashed)
      return caller === undefined ? lookUp(hashed, scope) : admit(caller, scope)
    },
    recall: (secret) => (secret === undefined ? null : known.get(hash('sha256', secret, 'hex')) || null),
  }
}

function admit(caller: Caller | false, scope: Scope): Caller {
  if (caller === false) throw refused()
  if (!caller.scopes.has(scope)) throw missingScope(scope)
  return caller
}

const refused = () => unauthenticated('The API key is not known, or was revoked')

async function findCallers(readSnapshot: ReadSnapshot, hashes: readonly string[]): Promise<readonly (Caller | false)[]> {
  const { rows } = await readSnapshot<CallerRow>({ name: 'find-callers', text: FIND_CALLERS, values: [hashes] }, null)
  const callers = new Map(rows.map((row) => [row.hash, { id: row.id, scopes: new Set(row.scopes.filter(isScope)) }]))
  return hashes.map((hashed) => callers.get(hashed) ?? false)
}
