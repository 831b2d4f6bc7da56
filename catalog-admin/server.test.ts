import { type SpecData, Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestAdmin, testAdmin } from '../test/support/admin-server.ts'
import { PROBLEMS } from '../shared/problem.ts'
import { SCOPES } from '../shared/scope.ts'
import { nowUs, toStamp } from '../shared/stamp.ts'
import { decodeToken, encodeToken } from '../shared/token.ts'

let admin: TestAdmin
beforeAll(async () => {
  admin = await testAdmin()
  await admin.call('PUT', ONE, { body: { title: 'One' } })
})
afterAll(async () => await admin[Symbol.asyncDispose]())

const PRODUCTS = '/admin/v1/products'
const ONE = `${PRODUCTS}/by-key/P-1`

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly description?: string
  readonly responses: Readonly<Record<string, unknown>>
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly description?: string
    readonly example?: unknown
  }[]
}
interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

async function openApi(): Promise<OpenApi> {
  return (await admin.call<OpenApi>('GET', '/admin/v1/openapi.json', { key: null })).body
}

/** `GET /admin/v1/products/{id}`, as the router itself prints them. */
function routes(): string[] {
  const path: string[] = []
  return admin.app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^([│├└─ ]*)(\S+)(?: \((.*)\))?$/.exec(line) ?? []
      if (part === '') return []
      path.splice(indent.length / 4 - 1, Infinity, part)
      const url = path.join('').replaceAll(/:(\w+)/g, '{$1}')
      return methods === '' ? [] : methods.split(', ').map((method) => `${method} ${url}`)
    })
}

test('the OpenAPI document is valid 3.1', async () => {
  const document = await openApi()
  expect(document.openapi).toBe('3.1.0')
  const result = await new Validator().validate(structuredClone(document) as unknown as SpecData)
  expect(result.errors ?? []).toEqual([])
  expect(result.valid).toBe(true)
})

test('every route is in the OpenAPI document, and nothing else', async () => {
  const { paths } = await openApi()
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const hidden = /^(HEAD |GET \/problems(\/|$)|GET \/admin\/docs(\/|$)|GET \/admin\/v1\/openapi\.json$)/
  const served = routes().filter((route) => !hidden.test(route))
  expect(served.length).toBeGreaterThan(20)
  expect(documented.toSorted((a, b) => a.localeCompare(b))).toEqual(served.toSorted((a, b) => a.localeCompare(b)))
})

test('every operation has a summary, a tag, its scope and what it answers to a stranger', async () => {
  for (const [path, operations] of Object.entries((await openApi()).paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const where = `${method} ${path}`
      expect(operation.summary, where).toBeTruthy()
      expect(operation.tags, where).toHaveLength(1)
      expect(
        SCOPES.some((scope) => operation.description?.includes(`Scope: \`${scope}\``)),
        where,
      ).toBe(true)
      expect(Object.keys(operation.responses), where).toEqual(expect.arrayContaining(['401', '403', '503']))
    }
  }
})

test('every parameter of a path says what it is, with an example', async () => {
  const operations = Object.entries((await openApi()).paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  )
  const inPaths = operations.flatMap(([at, { parameters = [] }]) =>
    parameters.filter((one) => one.in === 'path').map((parameter) => [`${at} ${parameter.name}`, parameter] as const),
  )
  expect(inPaths.length).toBeGreaterThan(15)
  for (const [at, { description, example }] of inPaths) expect([typeof description, example === undefined], at).toEqual(['string', false])
})

test('each problem has a page, and the answer’s type leads to it', async () => {
  for (const name of Object.keys(PROBLEMS)) {
    const page = await admin.call<string>('GET', `/problems/${name}`, { key: null })
    expect(page.status, name).toBe(200)
    expect(page.body).toContain(name)
  }
  const { body } = await admin.call<{ type: string }>('GET', `${PRODUCTS}/by-key/none`)
  expect((await admin.call('GET', body.type, { key: null })).headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect((await admin.call('GET', '/problems', { key: null })).status).toBe(200)
  expect((await admin.call('GET', '/problems/none', { key: null })).status).toBe(404)
  expect((await admin.call('GET', '/problems/toString', { key: null })).status).toBe(404)
})

test('a problem says what, where and which request, and repeats the request’s own id', async () => {
  const answer = await admin.call('GET', `${PRODUCTS}/by-key/none`, { headers: { 'x-request-id': 'my-id-1' } })
  expect(answer.headers.get('content-type')).toMatch('application/problem+json')
  expect(answer.headers.get('x-request-id')).toBe('my-id-1')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.body).toEqual({
    type: '/problems/not-found',
    title: 'Nothing is here',
    status: 404,
    detail: 'No product has key "none"',
    instance: `${PRODUCTS}/by-key/none`,
    requestId: 'my-id-1',
  })
})

test('an unknown query parameter is 400 with its name, a wrong one with what was expected', async () => {
  const unknown = await admin.call('GET', '/admin/v1/brands?colour=red')
  expect(unknown).toMatchObject({
    status: 400,
    body: { type: '/problems/invalid-parameter', errors: [{ parameter: 'colour', code: 'unknown' }] },
  })
  const wrong = await admin.call('GET', '/admin/v1/brands?limit=0')
  expect(wrong).toMatchObject({ status: 400, body: { errors: [{ parameter: 'limit', code: 'minimum' }] } })
  const path = await admin.call('GET', `${PRODUCTS}/no-uuid`)
  expect(path).toMatchObject({ status: 400, body: { errors: [{ parameter: 'id' }] } })
})

test('a known path with another method is 405 with Allow; OPTIONS answers it too; an unknown path is 404', async () => {
  const refused = await admin.call('DELETE', PRODUCTS)
  expect(refused).toMatchObject({ status: 405, body: { type: '/problems/method-not-allowed' } })
  expect(refused.headers.get('allow')).toBe('GET, HEAD, POST')
  const options = await admin.call('OPTIONS', ONE, { key: null })
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'DELETE, GET, HEAD, PATCH, PUT'])
  expect((await admin.call('GET', '/admin/v1/nothing')).status).toBe(404)
})

test('GET of a channel answers 304 to the version it has, weak, in a list, or *; and 200 to another', async () => {
  const channel = '/admin/v1/channels/default'
  for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
    const answer = await admin.call('GET', channel, { headers: { 'if-none-match': tag } })
    expect([answer.status, answer.body, answer.headers.get('etag')], tag).toEqual([304, '', '"1"'])
  }
  expect((await admin.call('GET', channel, { headers: { 'if-none-match': '"2"' } })).status).toBe(200)
})

test('GET of a product answers it whole and is not kept: prices, stock and the bin are no part of its version', async () => {
  const answer = await admin.call('GET', ONE, { headers: { 'if-none-match': '"1"' } })
  expect([answer.status, answer.headers.get('etag'), answer.headers.get('cache-control')]).toEqual([200, '"1"', 'no-store'])
})

test('HEAD answers what GET would, without the body', async () => {
  const [get, head] = [await admin.call('GET', ONE), await admin.call('HEAD', ONE)]
  expect([head.status, head.body]).toEqual([200, ''])
  for (const name of ['etag', 'catalog-rev', 'content-type', 'content-length'])
    expect(head.headers.get(name), name).toBe(get.headers.get(name))
})

test('a read with a token is answered one that is no older; without one, none; a malformed one, or one from the future, is 400', async () => {
  const written = await admin.call('PUT', ONE, { body: { title: 'Two' } })
  const token = written.headers.get('consistency-token') ?? ''
  const read = await admin.call('GET', ONE, { headers: { 'consistency-token': token } })
  const [sent, got] = [decodeToken(token), decodeToken(read.headers.get('consistency-token') ?? '')]
  expect(got?.product).toEqual(sent?.product)
  expect((got?.stamp ?? '') > (sent?.stamp ?? '~')).toBe(true)
  expect(
    (await admin.call('GET', '/admin/v1/brands', { headers: { 'consistency-token': token } })).headers.get('consistency-token'),
  ).not.toBeNull()
  expect((await admin.call('GET', ONE)).headers.get('consistency-token')).toBeNull()
  const future = encodeToken({ stamp: toStamp(1, nowUs() + 60_000_000), lsn: null, product: null })
  for (const refused of ['nonsense', future])
    expect(await admin.call('GET', ONE, { headers: { 'consistency-token': refused } })).toMatchObject({
      status: 400,
      body: { errors: [{ parameter: 'Consistency-Token' }] },
    })
})

test('requests are measured by route and status, never by address', async () => {
  await admin.call('GET', `${PRODUCTS}/by-key/none`)
  const text = await admin.metrics.metrics()
  expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/admin\/v1\/products\/by-key\/:key",status="404"\} \d/)
  expect(text).not.toContain('by-key/none')
})

test('a fault of ours is 500 internal, and tells nothing of what is inside', async () => {
  await using broken = await testAdmin()
  await broken.database.primary.query('alter table brand rename column slug to elsewhere')
  const answer = await broken.call('GET', '/admin/v1/brands')
  expect(answer).toMatchObject({ status: 500, body: { type: '/problems/internal', detail: 'Something went wrong on our side' } })
  expect(JSON.stringify(answer.body)).not.toMatch(/column|select|slug|\.ts/)
})
