/** Finds out who is calling: an API key, or a bearer token where the settings name its issuer. */
import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import type { Pool } from 'pg'
import type { VerifyBearer } from '../../shared/bearer-token.ts'
import { apiKeyOf, bearerTokenOf } from '../../shared/credentials.ts'
import { invalidBearerToken, unauthenticated, unknownApiKey } from '../../shared/problem.ts'
import { isScope, type Principal } from '../../shared/scope.ts'
import { useSecret } from './api-client.ts'

export interface Authenticator {
  /** @throws CatalogError `unauthenticated` */
  authenticate(headers: IncomingHttpHeaders): Promise<Principal>
  /** Who this is, if this process knows it already: asks nobody. */
  recall(headers: IncomingHttpHeaders): Principal | null
  /** Forgets what it knows of a client that has just been revoked: this process refuses it from then on. */
  forget(clientId: string): void
}

/** A key that was revoked in another process works this much longer at most. */
const KNOWN_MS = 5_000
const KNOWN_MAX = 1_000
const MAX_SECRET_LENGTH = 512

/** @param verifyBearer null: bearer tokens are not accepted */
export function createAuthenticator(pool: Pool, verifyBearer: VerifyBearer | null): Authenticator {
  const known = new LRUCache<string, Principal>({ max: KNOWN_MAX, ttl: KNOWN_MS })

  async function bySecret(secret: string): Promise<Principal | null> {
    const cached = known.get(secret)
    if (cached !== undefined) return cached
    const client = secret.length > MAX_SECRET_LENGTH ? null : await useSecret(pool, secret)
    if (client === null) return null
    const principal = { id: client.id, scopes: new Set(client.scopes.filter(isScope)) }
    known.set(secret, principal)
    return principal
  }

  return {
    async authenticate(headers) {
      const secret = apiKeyOf(headers)
      if (secret !== undefined) {
        const client = await bySecret(secret)
        if (client === null) throw unknownApiKey()
        return client
      }
      const token = bearerTokenOf(headers)
      if (token === undefined || verifyBearer === null) throw unauthenticated()
      const bearer = await verifyBearer(token)
      if (bearer === null) throw invalidBearerToken()
      return bearer
    },
    recall(headers) {
      const secret = apiKeyOf(headers)
      return (secret === undefined ? undefined : known.get(secret)) ?? null
    },
    forget(clientId) {
      for (const [secret, principal] of known.entries()) if (principal.id === clientId) known.delete(secret)
    },
  }
}
