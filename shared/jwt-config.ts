/** Whose bearer tokens a server accepts, by the settings JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URL. */
import { SettingsError } from './settings.ts'

export interface JwtConfig {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string
}

/** @returns null when none of them is set: nobody's. @throws SettingsError when only some are */
export function jwtOf(issuer: string, audience: string, jwksUrl: string): JwtConfig | null {
  const given = [issuer, audience, jwksUrl].filter((value) => value !== '').length
  if (given === 0) return null
  if (given === 3) return { issuer, audience, jwksUrl }
  throw new SettingsError('JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URL go together: set all three or none')
}
