/** An issuer of bearer tokens on a free port of this host: signs them, and publishes its key. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createBearerVerifier, type VerifyBearer } from '../../shared/bearer-token.ts'

export interface Claims {
  readonly issuer?: string
  readonly audience?: string
  readonly subject?: string
  /** As jose takes it. Default `1 minute`. */
  readonly expires?: string
  readonly scope?: string
  /** What signs it; default: the private half of what is published. */
  readonly key?: CryptoKey
}

export interface TokenIssuer extends AsyncDisposable {
  readonly verifyBearer: VerifyBearer
  sign(claims?: Claims): Promise<string>
  /** Publishes its key no more. */
  withdraw(): void
}

const ISSUER = 'https://issuer'
const AUDIENCE = 'catalog'

export async function testIssuer(): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  let published = [await exportJWK(publicKey)]
  const server = createServer((_request, response) => response.end(JSON.stringify({ keys: published })))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    verifyBearer: createBearerVerifier({ issuer: ISSUER, audience: AUDIENCE, jwksUrl }),
    sign: async ({ issuer = ISSUER, audience = AUDIENCE, subject = 'anna', expires = '1 minute', scope = '', key = privateKey } = {}) =>
      await new SignJWT({ scope })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setExpirationTime(expires)
        .sign(key),
    withdraw: () => void (published = []),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
