import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { type CallOptions, TEST_KEY, testAdmin } from '../../test/support/admin-server.ts'
import { createApiClient } from '../access/api-client.ts'
import { writeProducts } from '../product/product-writer.ts'
import { endJob } from './import-job.ts'
import type { ImportView } from './import-view.ts'
import { makeRunner, noStop, openJob, productLines, rowsOf } from './test-import.ts'

const PATH = '/admin/v1/imports'

/** What the answers here have in them, or some of it. */
interface Answer extends ImportView {
  readonly data: readonly { readonly id: string; readonly line: number; readonly key: string; readonly problem: object }[]
  readonly page: { readonly limit: number; readonly next: string | null }
}

/** An admin server with a runner beside it, which a test starts when it wants its imports to run. */
async function startServer() {
  let wake = () => {}
  const imports = { owner: 'uploader', onJob: () => wake(), stopping: noStop, maxUploadBytes: 300_000 }
  const admin = await testAdmin({ imports })
  const runner = makeRunner(admin.database.primary, writeProducts)
  wake = () => runner.wake()
  const call = async (method: string, path: string, options: CallOptions = {}) => await admin.call<Answer>(method, path, options)
  return {
    database: admin.database,
    runner,
    call,
    port: (admin.app.server.address() as AddressInfo).port,
    post: async (file: string | Buffer, query = '', headers: Record<string, string> = {}) =>
      await call('POST', PATH + query, { body: file, headers: { 'content-type': 'application/x-ndjson', ...headers } }),
    ended: async (location: string) =>
      await vi.waitFor(
        async () => {
          const { body } = await call('GET', location)
          expect(['ready', 'succeeded', 'partial', 'failed', 'cancelled']).toContain(body.state)
          return body
        },
        { timeout: 20_000, interval: 10 },
      ),
    [Symbol.asyncDispose]: async () => {
      await runner.stop()
      await admin[Symbol.asyncDispose]()
    },
  }
}

test('an upload is answered 202 with its place, and its progress is told to the end', async () => {
  await using server = await startServer()
  const accepted = await server.post(gzipSync(productLines(300).join('\n')), '', { 'content-encoding': 'gzip' })
  expect(accepted.status).toBe(202)
  const location = accepted.headers.get('location') ?? ''
  expect(location).toBe(`${PATH}/${accepted.body.id}`)
  expect(accepted.body).toEqual({
    id: expect.any(String),
    state: 'running',
    mode: 'upsert',
    dryRun: false,
    progress: { lines: 300, done: 0, created: 0, updated: 0, unchanged: 0, failed: 0, linesPerSecond: 0, etaSeconds: null },
    throttle: { active: false, reason: null },
    problem: null,
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    finishedAt: null,
    links: { errors: `${location}/errors`, cancel: `${location}/cancel` },
  })
  server.runner.start()
  const ended = await server.ended(location)
  expect(ended).toMatchObject({
    state: 'succeeded',
    progress: { lines: 300, done: 300, created: 300, failed: 0 },
    links: { errors: `${location}/errors` },
  })
  expect(ended.progress.linesPerSecond).toBeGreaterThan(0)
  expect(ended.links.cancel).toBeUndefined()
})

const keyed = (key: string) => ({ 'idempotency-key': key })
const FILE = productLines(600).join('\n')

test('the same file with the same key is answered as the first was, and makes no second job', async () => {
  await using server = await startServer()
  const first = await server.post(FILE, '', keyed('one'))
  // As much the same request: gzipped, and with the defaults written out.
  const again = await server.post(gzipSync(FILE), '?dryRun=false&mode=upsert', { ...keyed('one'), 'content-encoding': 'gzip' })
  expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null])
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true'])
  expect(again.body).toEqual(first.body)
  expect(again.headers.get('location')).toBe(first.headers.get('location'))
  const { primary } = server.database
  expect(await rowsOf(primary, 'select id from import_job')).toEqual([{ id: first.body.id }])
  expect(await rowsOf(primary, 'select distinct job_id from import_chunk')).toEqual([{ job_id: first.body.id }])
  server.runner.start()
  await server.ended(`${PATH}/${first.body.id}`)
  // A day on it is another import.
  await primary.query(`update idempotency_key set created_at = now() - interval '25 hours'`)
  const late = await server.post(FILE, '', keyed('one'))
  expect([late.status, late.headers.get('idempotent-replayed'), late.body.id === first.body.id]).toEqual([202, null, false])
})

test.each([
  ['another file', `${FILE}\n`, ''],
  ['another mode', FILE, '?mode=create'],
  ['a dry run', FILE, '?dryRun=true'],
])('%s with the same key is 422 idempotency-mismatch, and nothing of it is kept', async (_name, file, query) => {
  await using server = await startServer()
  const { body } = await server.post(FILE, '', keyed('two'))
  const other = await server.post(file, query, keyed('two'))
  expect(other).toMatchObject({ status: 422, body: { type: '/problems/idempotency-mismatch' } })
  const { primary } = server.database
  expect(await rowsOf(primary, 'select distinct job_id from import_chunk')).toEqual([{ job_id: body.id }])
  expect(await rowsOf(primary, 'select state, problem from import_job order by created_at')).toEqual([
    { state: 'running', problem: null },
    { state: 'failed', problem: expect.objectContaining({ type: '/problems/idempotency-mismatch' }) },
  ])
})

test('while the first is being uploaded, the second is 409 before its body is read; a broken upload keeps no key', async () => {
  await using server = await startServer()
  const { primary } = server.database
  const headers = { 'x-api-key': TEST_KEY, 'content-type': 'application/x-ndjson', ...keyed('three') }
  const slow = httpRequest({ host: '127.0.0.1', port: server.port, path: PATH, method: 'POST', headers }).on('error', () => {})
  slow.write(FILE)
  await vi.waitFor(async () => expect(await rowsOf(primary, 'select 1 as one from import_job')).toEqual([{ one: 1 }]))
  const refused = await server.post('{}', '', keyed('three'))
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/request-in-progress' } })
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await rowsOf(primary, 'select 1 as one from import_job')).toEqual([{ one: 1 }])
  // Another key is free.
  expect((await server.post('{}', '', keyed('four'))).status).toBe(202)
  slow.destroy()
  await vi.waitFor(async () =>
    expect(await rowsOf(primary, `select state from import_job where idempotency_key = 'three'`)).toEqual([{ state: 'failed' }]),
  )
  const sent = await server.post('{}', '', keyed('three'))
  expect([sent.status, sent.headers.get('idempotent-replayed')]).toEqual([202, null])
})

test('a key that was used for a product is not taken for a file', async () => {
  await using server = await startServer()
  const made = await server.call('POST', '/admin/v1/products', { body: { key: 'P', title: 'P' }, headers: keyed('five') })
  expect(made.status).toBe(201)
  expect(await server.post('{}', '', keyed('five'))).toMatchObject({ status: 422, body: { type: '/problems/idempotency-mismatch' } })
  expect(await server.post('{}', '', keyed('k'.repeat(256)))).toMatchObject({
    status: 400,
    body: { errors: [{ parameter: 'Idempotency-Key' }] },
  })
})

test('errors are paged in the order of the file, each with line, key and problem', async () => {
  await using server = await startServer()
  server.runner.start()
  const lines = productLines(30).map((line, i) => (i % 3 === 0 ? `{"key":"BAD-${i}"}` : line))
  const { body } = await server.post(lines.join('\n'))
  expect(await server.ended(`${PATH}/${body.id}`)).toMatchObject({
    state: 'partial',
    links: { retryFailed: `${PATH}/${body.id}/retry-failed` },
  })
  const first = await server.call('GET', `${PATH}/${body.id}/errors?limit=6`)
  const second = await server.call('GET', `${PATH}/${body.id}/errors?limit=6&cursor=${first.body.page.next}`)
  const all = [...first.body.data, ...second.body.data]
  expect(all.map((error) => [error.line, error.key])).toEqual(Array.from({ length: 10 }, (_, i) => [3 * i + 1, `BAD-${3 * i}`]))
  expect(all[0]?.problem).toMatchObject({
    type: '/problems/validation-failed',
    status: 422,
    errors: [{ pointer: '/title', code: 'required' }],
  })
  expect(second.body.page.next).toBeNull()
  expect(await server.call('GET', `${PATH}/${body.id}/errors?cursor=nonsense`)).toMatchObject({
    status: 400,
    body: { type: '/problems/invalid-cursor' },
  })
})

test('a dry run ends ready and is applied on request; a retry tries what failed', async () => {
  await using server = await startServer()
  server.runner.start()
  const { body } = await server.post(`${productLines(3).join('\n')}\n{`, '?dryRun=true&mode=create')
  const path = `${PATH}/${body.id}`
  expect(body).toMatchObject({ state: 'validating', dryRun: true, mode: 'create' })
  expect(await server.ended(path)).toMatchObject({ state: 'ready', progress: { created: 3, failed: 1 }, links: { apply: `${path}/apply` } })
  expect(await rowsOf(server.database.primary, 'select 1 from product')).toEqual([])
  expect((await server.call('POST', `${path}/apply`)).status).toBe(202)
  expect(await server.ended(path)).toMatchObject({ state: 'partial', dryRun: false, progress: { created: 3, failed: 1 } })
  expect((await server.call('POST', `${path}/retry-failed`)).status).toBe(202)
  expect(await server.ended(path)).toMatchObject({ state: 'partial', progress: { done: 4, created: 3, failed: 1 } })
  expect(await server.call('POST', `${path}/apply`)).toMatchObject({
    status: 409,
    body: { type: '/problems/invalid-state', detail: 'The import is partial, so apply is not possible' },
  })
})

test('cancel ends an import once, and saying it twice is no error', async () => {
  await using server = await startServer()
  const { body } = await server.post(productLines(3).join('\n'))
  for (const _ of [1, 2]) {
    expect(await server.call('POST', `${PATH}/${body.id}/cancel`)).toMatchObject({ status: 202, body: { state: 'cancelled' } })
  }
})

test('an action is done once with its key, however often it is sent', async () => {
  await using server = await startServer()
  const { primary } = server.database
  server.runner.start()
  const { body } = await server.post(`${productLines(3).join('\n')}\n{`)
  const path = `${PATH}/${body.id}`
  await server.ended(path)
  const retry = async (key: string) => await server.call('POST', `${path}/retry-failed`, { headers: keyed(key) })
  const first = await retry('retry')
  expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null])
  await server.ended(path)
  const startedAt = () => rowsOf(primary, 'select started_at from import_job')
  const before = await startedAt()
  const again = await retry('retry')
  expect([again.status, again.headers.get('idempotent-replayed'), again.body]).toEqual([202, 'true', first.body])
  expect(await startedAt()).toEqual(before)
  const other = await server.call('POST', `${path}/cancel`, { headers: keyed('retry') })
  expect(other).toMatchObject({ status: 422, body: { type: '/problems/idempotency-mismatch' } })
  // One that is refused keeps no key.
  expect((await server.call('POST', `${path}/apply`, { headers: keyed('apply') })).status).toBe(409)
  expect(await rowsOf(primary, `select 1 from idempotency_key where key = 'apply'`)).toEqual([])
})

test('imports are listed newest first, page by page', async () => {
  await using server = await startServer()
  const ids: string[] = []
  for (const _ of [1, 2, 3]) ids.unshift((await server.post('')).body.id)
  const first = await server.call('GET', `${PATH}?limit=2`)
  const second = await server.call('GET', `${PATH}?limit=2&cursor=${first.body.page.next}`)
  expect([...first.body.data, ...second.body.data].map((job) => job.id)).toEqual(ids)
  expect(second.body.page).toEqual({ limit: 2, next: null })
})

test.each([
  ['text/csv', 'Expected application/x-ndjson, got text/csv, which is not there yet'],
  ['application/json', 'Expected application/x-ndjson, got application/json'],
])('a body of %s is refused in words', async (type, detail) => {
  await using server = await startServer()
  expect(await server.post('{}', '', { 'content-type': type })).toMatchObject({
    status: 415,
    body: { type: '/problems/unsupported-media-type', detail },
  })
})

test('a missing body, an unknown encoding, an unknown parameter, an unknown id and a missing scope are each refused', async () => {
  await using server = await startServer()
  expect(await server.call('POST', PATH)).toMatchObject({ status: 400, body: { type: '/problems/malformed-body' } })
  expect(await server.post('{}', '', { 'content-encoding': 'br' })).toMatchObject({ status: 415 })
  expect(await server.post('{}', '?mode=replace')).toMatchObject({ status: 400, body: { errors: [{ parameter: 'mode' }] } })
  expect(await server.post('{}', '?dry=true')).toMatchObject({ status: 400, body: { errors: [{ parameter: 'dry', code: 'unknown' }] } })
  expect(await server.call('GET', `${PATH}/0197aaaa-0000-7000-8000-000000000000`)).toMatchObject({ status: 404 })
  const stranger = await createApiClient(server.database.primary, 'stranger', ['product:write'])
  expect(await server.call('GET', PATH, { key: stranger.secret })).toMatchObject({
    status: 403,
    body: { required: 'import:run' },
  })
  expect(await rowsOf(server.database.primary, 'select 1 from import_job')).toEqual([])
})

test('a file over the limit is refused and leaves no chunk', async () => {
  await using server = await startServer()
  expect(await server.post('x\n'.repeat(200_000))).toMatchObject({ status: 413, body: { type: '/problems/payload-too-large' } })
  expect(await rowsOf(server.database.primary, 'select 1 from import_chunk')).toEqual([])
})

test('a connection that breaks in the middle of an upload ends the job and leaves no chunk', async () => {
  await using server = await startServer()
  const headers = { 'x-api-key': TEST_KEY, 'content-type': 'application/x-ndjson' }
  const broken = httpRequest({ host: '127.0.0.1', port: server.port, path: PATH, method: 'POST', headers }).on('error', () => {})
  broken.write(productLines(600).join('\n'))
  const { primary } = server.database
  await vi.waitFor(async () => expect(await rowsOf(primary, 'select 1 as one from import_chunk limit 1')).toEqual([{ one: 1 }]))
  broken.destroy()
  await vi.waitFor(async () => expect(await rowsOf(primary, 'select state from import_job')).toEqual([{ state: 'failed' }]))
  expect(await rowsOf(primary, 'select 1 from import_chunk')).toEqual([])
})

test('more open imports than the limit are refused, and welcome again when one has ended', async () => {
  await using server = await startServer()
  const ids: string[] = []
  for (let i = 0; i < 100; i++) ids.push(await openJob(server.database.primary))
  const refused = await server.post('{}')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  await endJob(server.database.primary, ids[0]!, 'cancelled', null)
  expect((await server.post('{}')).status).toBe(202)
})
