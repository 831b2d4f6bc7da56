/** Bearer tokens of an issuer that the settings name: JWTs, checked against its published keys (RFC 9068, RFC 8725). */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import type { JwtConfig } from './jwt-config.ts'
import { unavailable } from './problem.ts'
import { isScope, type Principal } from './scope.ts'

export interface BearerPrincipal extends Principal {
  /** When the token ends, milliseconds since 1970: nobody may go by it for longer. */
  readonly expiresAtMs: number
}

/** @returns null when the token is not valid. @throws CatalogError `unavailable` when the issuer's keys cannot be fetched */
export type VerifyBearer = (token: string) => Promise<BearerPrincipal | null>

/** No HMAC: the issuer's public keys would be its secret. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
const CLOCK_TOLERANCE_S = 5
const FETCH_LIMIT_MS = 2_000
/** A key that is not known makes us look again at the issuer's, at most this often. */
const COOLDOWN_MS = 30_000
/**
 * The issuer's keys are used this long after they were fetched, then fetched again. Not shorter: once it is over and the issuer is away, every token is
 * refused with 503. Not longer: a key that the issuer has withdrawn signs tokens that are let in until then.
 */
const KEYS_KEPT_MS = 600_000

/** Its keys are fetched when the first token comes, and kept for 10 minutes. Scopes are taken from `scope`, words between spaces. */
export function createBearerVerifier(config: JwtConfig): VerifyBearer {
  const limits = { timeoutDuration: FETCH_LIMIT_MS, cooldownDuration: COOLDOWN_MS, cacheMaxAge: KEYS_KEPT_MS }
  const keys = createRemoteJWKSet(new URL(config.jwksUrl), limits)
  const expected = { issuer: config.issuer, audience: config.audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S }
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, { ...expected, requiredClaims: ['exp', 'sub'] })
      const scopes = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : []
      return { id: `jwt:${payload.sub}`, scopes: new Set(scopes.filter(isScope)), expiresAtMs: (payload.exp ?? 0) * 1_000 }
    } catch (error) {
      if (isIssuerAway(error)) throw unavailable('The keys of the token’s issuer cannot be fetched', error)
      return null
    }
  }
}

/** What says nothing about the token: no answer, or none that holds keys. */
function isIssuerAway(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true
  // jose's own word for an answer that is not 200; a failed fetch is a TypeError.
  return error instanceof TypeError || (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
}
