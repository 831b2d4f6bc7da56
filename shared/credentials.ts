/** What a request says of who sends it, as both servers read it. */
import type { IncomingHttpHeaders } from 'node:http'

/** @returns undefined when `X-Api-Key` is absent or empty */
export function apiKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['x-api-key']
  return typeof key === 'string' && key !== '' ? key : undefined
}

/** @returns undefined when `Authorization` is absent, or of another scheme */
export function bearerTokenOf(headers: IncomingHttpHeaders): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}
