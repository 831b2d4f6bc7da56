import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, TEST_KEY, type TestAdmin, testAdmin } from '../../test/support/admin-server.ts'
import { testIssuer } from '../../test/support/token-issuer.ts'
import { createBearerVerifier } from '../../shared/bearer-token.ts'
import { SCOPES } from '../../shared/scope.ts'
import { ensureFirstClient } from './api-client.ts'
import { createAuthenticator } from './authenticator.ts'

let admin: TestAdmin
beforeAll(async () => void (admin = await testAdmin()))
afterAll(async () => await admin[Symbol.asyncDispose]())

const CLIENTS = '/admin/v1/clients'
const CHANNELS = '/admin/v1/channels'

interface Made {
  readonly id: string
  readonly secret: string
}

async function make(scopes: readonly string[], key = TEST_KEY) {
  return await admin.call<Made>('POST', CLIENTS, { body: { name: 'test', scopes }, key })
}

test('without a key, with an unknown one, or with an empty one: 401', async () => {
  const none = await admin.call('GET', CHANNELS, { key: null })
  expect(none).toMatchObject({ status: 401, body: { type: '/problems/unauthenticated' } })
  expect(none.headers.get('www-authenticate')).toBe('ApiKey')
  for (const key of ['wrong', '', 'x'.repeat(2_000)]) expect((await admin.call('GET', CHANNELS, { key })).status, key).toBe(401)
  expect((await admin.call('GET', CHANNELS, { key: null, headers: { authorization: `Bearer ${TEST_KEY}` } })).status).toBe(401)
})

test('a client that lacks the scope is 403 and told which', async () => {
  const { body } = await make(['product:read'])
  expect((await admin.call('GET', CHANNELS, { key: body.secret })).status).toBe(200)
  const refused = await admin.call('POST', '/admin/v1/products', { body: { key: 'x', title: 'x' }, key: body.secret })
  expect(refused).toMatchObject({ status: 403, body: { type: '/problems/missing-scope', required: 'product:write' } })
})

test('a stranger’s body is not even read', async () => {
  expect((await admin.call('POST', '/admin/v1/products', { body: '{"broken', key: null })).status).toBe(401)
})

test('a secret is shown once, and only its hash is kept', async () => {
  const made = await make(['product:read'])
  expect(made.status).toBe(201)
  expect(made.body.secret).toMatch(/^ck_[\w-]{43}$/)
  expect(made.headers.get('location')).toBe(`${CLIENTS}/${made.body.id}`)
  const found = await admin.call('GET', `${CLIENTS}/${made.body.id}`)
  expect(found.body).toMatchObject({ id: made.body.id, name: 'test', scopes: ['product:read'], revokedAt: null, lastUsedAt: null })
  expect(JSON.stringify(found.body)).not.toContain(made.body.secret)
  const kept = `select (select string_agg(c::text, ',') from api_client c) || (select string_agg(a::text, ',') from audit_log a) as text`
  const { rows } = await admin.database.primary.query<{ text: string }>(kept)
  expect(rows[0]?.text).toContain('client.created')
  expect(rows[0]?.text).not.toContain(made.body.secret)
  const keyed = await admin.call('POST', CLIENTS, { body: { name: 'x', scopes: ['product:read'] }, headers: { 'idempotency-key': 'a' } })
  expect(keyed).toMatchObject({ status: 400, body: { errors: [{ parameter: 'Idempotency-Key' }] } })
})

test('a revoked key is refused at once, and revoking twice is no error', async () => {
  const { body } = await make(['product:read'])
  expect((await admin.call('GET', CHANNELS, { key: body.secret })).status).toBe(200)
  expect((await admin.call('DELETE', `${CLIENTS}/${body.id}`)).status).toBe(204)
  expect((await admin.call('GET', CHANNELS, { key: body.secret })).status).toBe(401)
  expect((await admin.call('DELETE', `${CLIENTS}/${body.id}`)).status).toBe(204)
  expect((await admin.call('DELETE', `${CLIENTS}/00000000-0000-7000-8000-000000000000`)).status).toBe(404)
})

test('a client cannot give away a scope that it has not got', async () => {
  const { body } = await make(['clients:write', 'product:read'])
  expect((await make(['product:read'], body.secret)).status).toBe(201)
  expect(await make(['product:write'], body.secret)).toMatchObject({ status: 403, body: { required: 'product:write' } })
})

test('an unknown scope is 422, an unknown field 400', async () => {
  expect(await make(['everything'])).toMatchObject({ status: 422, body: { errors: [{ pointer: '/scopes/0' }] } })
  const odd = await admin.call('POST', CLIENTS, { body: { scopes: ['product:read'], admin: true } })
  expect(odd).toMatchObject({
    status: 400,
    body: { errors: expect.arrayContaining([{ pointer: '/admin', code: 'unknown', message: '/admin is not known' }]) },
  })
})

test('clients are listed in pages, each once', async () => {
  const seen: string[] = []
  let path: string | null = `${CLIENTS}?limit=2`
  while (path !== null) {
    const answer: Answer<{ data: { id: string }[]; page: { next: string | null } }> = await admin.call('GET', path)
    seen.push(...answer.body.data.map(({ id }) => id))
    path = answer.body.page.next === null ? null : `${CLIENTS}?limit=2&cursor=${answer.body.page.next}`
  }
  const { rows } = await admin.database.primary.query<{ id: string }>('select id from api_client order by id')
  expect(seen).toEqual(rows.map(({ id }) => id))
})

test('the first client has every scope, is made once, and stays revoked when it was', async () => {
  const secret = 'k'.repeat(40)
  await ensureFirstClient(admin.database.primary, secret)
  await ensureFirstClient(admin.database.primary, secret)
  const principal = await createAuthenticator(admin.database.primary, null).authenticate({ 'x-api-key': secret })
  expect([...principal.scopes].toSorted()).toEqual([...SCOPES].toSorted())
  expect((await admin.call('DELETE', `${CLIENTS}/${principal.id}`)).status).toBe(204)
  await ensureFirstClient(admin.database.primary, secret)
  expect((await admin.call('GET', CHANNELS, { key: secret })).status).toBe(401)
})

test('a bearer token of the named issuer is let in by its scopes, any other is 401', async () => {
  await using issuer = await testIssuer()
  const stranger = await generateKeyPair('ES256')
  await using other = await testAdmin({ verifyBearer: issuer.verifyBearer })
  const call = async (token: string) => await other.call('GET', CHANNELS, { key: null, headers: { authorization: `Bearer ${token}` } })
  const get = async (token: string) => (await call(token)).status
  const scope = 'openid product:read'
  expect(await get(await issuer.sign({ scope }))).toBe(200)
  expect(await get(await issuer.sign({ scope: 'openid' }))).toBe(403)
  expect(await get(await issuer.sign({ scope, expires: '1 minute ago' }))).toBe(401)
  expect(await get(await issuer.sign({ scope, issuer: 'https://other' }))).toBe(401)
  expect(await get(await issuer.sign({ scope, audience: 'other' }))).toBe(401)
  expect(await get(await issuer.sign({ scope, key: stranger.privateKey }))).toBe(401)
  const refused = await call('no.jwt.atall')
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'ApiKey, Bearer error="invalid_token"'])
  expect((await other.call('GET', CHANNELS, { key: null })).headers.get('www-authenticate')).toBe('ApiKey')
})

test('an issuer whose keys cannot be fetched is 503, and no fault of the token', async () => {
  await using other = await testAdmin({
    verifyBearer: createBearerVerifier({ issuer: 'a', audience: 'b', jwksUrl: 'http://127.0.0.1:1/' }),
  })
  const { privateKey } = await generateKeyPair('ES256')
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
  const answer = await other.call('GET', CHANNELS, { key: null, headers: { authorization: `Bearer ${token}` } })
  expect(answer).toMatchObject({ status: 503, body: { type: '/problems/unavailable' } })
})

test('above the limit it is 429 with how long to wait, per client, and wrong keys count against their address', async () => {
  await using limited = await testAdmin({ rateLimit: 3 })
  // The first request of a client is its address's: only then it is known.
  const statuses = []
  for (let i = 0; i < 5; i++) statuses.push((await limited.call('GET', CHANNELS)).status)
  expect(statuses).toEqual([200, 200, 200, 200, 429])
  const refused = await limited.call('GET', CHANNELS)
  expect(refused.body).toMatchObject({ type: '/problems/rate-limited' })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('ratelimit-remaining')).toBe('0')
  const strangers = []
  for (let i = 0; i < 3; i++) strangers.push((await limited.call('GET', CHANNELS, { key: `wrong ${i}` })).status)
  // Two of the address's three went to the OpenAPI document and to the client's first request.
  expect(strangers).toEqual([401, 429, 429])
})
