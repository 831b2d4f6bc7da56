import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, type TestAdmin, testAdmin } from '../../test/support/admin-server.ts'
import { decodeToken } from '../../shared/token.ts'

let admin: TestAdmin
beforeAll(async () => void (admin = await testAdmin()))
afterAll(async () => await admin[Symbol.asyncDispose]())

const PRODUCTS = '/admin/v1/products'
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' }

interface Product {
  readonly id: string
  readonly key: string
  readonly version: number
  readonly rev: number
  readonly deletedAt: string | null
  readonly i18n: Readonly<Record<string, { readonly title: string; readonly slug: string }>>
  readonly variants: readonly {
    readonly sku: string
    readonly stock: number | null
    readonly prices: readonly { readonly amount: number }[]
  }[]
  readonly tags: readonly string[]
  readonly unchanged?: true
}

interface Problem {
  readonly type: string
  readonly errors?: readonly { readonly pointer?: string; readonly parameter?: string; readonly code: string }[]
  readonly currentVersion?: number
  readonly changedPointers?: readonly string[]
}

function product(key: string, more: object = {}) {
  const variants = [{ sku: key, prices: [{ channel: 'default', amount: 1999 }], stock: 5 }]
  return { key, status: 'active', brand: 'Acme', i18n: { en: { title: `Product ${key}` } }, variants, ...more }
}

const byKey = (key: string) => `${PRODUCTS}/by-key/${encodeURIComponent(key)}`

async function create(key: string, more: object = {}): Promise<Product> {
  const answer = await admin.call<Product>('POST', PRODUCTS, { body: product(key, more) })
  expect(answer.status).toBe(201)
  return answer.body
}

async function patch(path: string, body: unknown, headers: Record<string, string>): Promise<Answer<Product & Problem>> {
  return await admin.call('PATCH', path, { body, headers: { ...MERGE_PATCH, ...headers } })
}

async function outboxRows(id: string): Promise<number> {
  const { rows } = await admin.database.primary.query('select id from outbox where product_id = $1', [id])
  return rows.length
}

test('POST creates a product: 201, where it is, its version, its rev and a token for it', async () => {
  const created = await admin.call<Product>('POST', PRODUCTS, { body: product('C-1') })
  expect(created.status).toBe(201)
  const { id, rev } = created.body
  expect(created.headers.get('location')).toBe(`${PRODUCTS}/${id}`)
  expect(created.headers.get('etag')).toBe('"1"')
  expect(created.headers.get('catalog-rev')).toBe(String(rev))
  expect(created.headers.get('cache-control')).toBe('no-store')
  const token = decodeToken(created.headers.get('consistency-token') ?? '')
  expect(token).toMatchObject({ product: { id, rev } })
  expect(token?.lsn).not.toBeNull()
  const found = await admin.call<Product>('GET', created.headers.get('location') ?? '')
  expect(found.body).toEqual(created.body)
  expect(found.headers.get('etag')).toBe('"1"')
})

test('the time in a token is after the commit that it stands for: a tick that shows it has the commit before it', async () => {
  const { rows: before } = await admin.database.primary.query<{ at: string }>(
    `select (extract(epoch from clock_timestamp()) * 1000000)::bigint as at`,
  )
  const written = await admin.call('PUT', byKey('T-1'), { body: product('T-1') })
  const token = decodeToken(written.headers.get('consistency-token') ?? '')
  expect(Number(token?.stamp.slice(4))).toBeGreaterThan(Number(before[0]?.at))
  await admin.database.caughtUp()
  const { rows } = await admin.database.replica.query<{ replayed: boolean }>('select pg_last_wal_replay_lsn() >= $1::pg_lsn as replayed', [
    token?.lsn,
  ])
  expect(rows[0]?.replayed).toBe(true)
})

test('a key that is there already: POST is 409 key-taken, and PUT with If-None-Match: * is 412', async () => {
  await create('K-1')
  const twice = await admin.call<Problem>('POST', PRODUCTS, { body: product('K-1') })
  expect([twice.status, twice.body.type]).toEqual([409, '/problems/key-taken'])
  const createOnly = { 'if-none-match': '*' }
  const refused = await admin.call<Problem>('PUT', byKey('K-1'), { body: product('K-1', { tags: ['new'] }), headers: createOnly })
  expect(refused).toMatchObject({ status: 412, body: { type: '/problems/version-conflict', currentVersion: 1, changedPointers: [] } })
  expect((await admin.call('PUT', byKey('K-2'), { body: product('K-2'), headers: createOnly })).status).toBe(201)
})

test('a SKU of another product is 409 sku-taken and names it', async () => {
  await create('S-1')
  const taken = await admin.call('POST', PRODUCTS, { body: product('S-2', { variants: [{ sku: 'S-1' }] }) })
  expect(taken).toMatchObject({ status: 409, body: { type: '/problems/sku-taken', sku: 'S-1' } })
  expect((await admin.call('GET', byKey('S-2'))).status).toBe(404)
})

test('PUT creates, then replaces, and an equal one says unchanged and emits nothing', async () => {
  const first = await admin.call<Product>('PUT', byKey('P/1 ü%'), { body: product('P/1 ü%') })
  expect([first.status, first.headers.get('location')]).toEqual([201, `${PRODUCTS}/${first.body.id}`])
  const changed = await admin.call<Product>('PUT', byKey('P/1 ü%'), { body: product('P/1 ü%', { tags: ['sale'] }) })
  expect([changed.status, changed.body.version, changed.body.unchanged]).toEqual([200, 2, undefined])
  const equal = await admin.call<Product>('PUT', byKey('P/1 ü%'), { body: product('P/1 ü%', { tags: ['sale'] }) })
  expect([equal.status, equal.body.version, equal.body.rev, equal.body.unchanged]).toEqual([200, 2, changed.body.rev, true])
  expect(equal.headers.get('etag')).toBe('"2"')
  expect(await outboxRows(first.body.id)).toBe(2)
})

test('what GET answers can be PUT back as it is, and changes nothing', async () => {
  const { id } = await create('R-1', { categories: [['Clothing', 'Jackets']], attributes: { color: 'red', sizes: [1, 2] } })
  const { body } = await admin.call<Product>('GET', `${PRODUCTS}/${id}`)
  const again = await admin.call<Product>('PUT', byKey('R-1'), { body })
  expect(again.body).toEqual({ ...body, unchanged: true })
})

test('a PUT without prices or stock leaves them as they are', async () => {
  await create('W-1')
  const put = await admin.call<Product>('PUT', byKey('W-1'), { body: product('W-1', { tags: ['x'], variants: [{ sku: 'W-1' }] }) })
  expect(put.body.variants[0]).toMatchObject({ stock: 5, prices: [{ amount: 1999 }] })
})

test('a price alone raises the rev and leaves the version', async () => {
  const before = await create('V-1')
  const variants = [{ sku: 'V-1', prices: [{ channel: 'default', amount: 1 }] }]
  const after = await admin.call<Product>('PUT', byKey('V-1'), { body: product('V-1', { variants }) })
  expect(after.body.version).toBe(before.version)
  expect(after.body.rev).toBeGreaterThan(before.rev)
})

test('PUT takes the key from the address, and refuses another one in the body', async () => {
  const { key: _, ...keyless } = product('A-1')
  expect((await admin.call<Product>('PUT', byKey('A-1'), { body: keyless })).body.key).toBe('A-1')
  const other = await admin.call<Problem>('PUT', byKey('A-1'), { body: product('A-2') })
  expect(other).toMatchObject({ status: 422, body: { errors: [{ pointer: '/key' }] } })
})

test('If-Match on PUT: the version that is there passes, an older one is 412 and says what changed, * needs one to be there', async () => {
  await create('M-1')
  expect((await admin.call('PUT', byKey('M-1'), { body: product('M-1', { tags: ['a'] }), headers: { 'if-match': '"1"' } })).status).toBe(
    200,
  )
  const late = await admin.call<Problem>('PUT', byKey('M-1'), { body: product('M-1', { tags: ['b'] }), headers: { 'if-match': '"1"' } })
  expect(late).toMatchObject({ status: 412, body: { currentVersion: 2, changedPointers: ['/tags'] } })
  expect((await admin.call('PUT', byKey('M-1'), { body: product('M-1', { tags: ['b'] }), headers: { 'if-match': '*' } })).status).toBe(200)
  expect((await admin.call('PUT', byKey('M-2'), { body: product('M-2'), headers: { 'if-match': '*' } })).status).toBe(412)
  const odd = await admin.call<Problem>('PUT', byKey('M-1'), { body: product('M-1'), headers: { 'if-match': 'seven' } })
  expect(odd).toMatchObject({ status: 400, body: { type: '/problems/invalid-parameter', errors: [{ parameter: 'If-Match' }] } })
})

test('PATCH by id and by key changes what it names, and null removes', async () => {
  const { id } = await create('E-1', { tags: ['a'], attributes: { color: 'red', weight: 3 } })
  const first = await patch(`${PRODUCTS}/${id}`, { tags: ['b'] }, { 'if-match': '"1"' })
  expect([first.status, first.body.tags, first.headers.get('etag')]).toEqual([200, ['b'], '"2"'])
  const second = await patch(byKey('E-1'), { attributes: { color: null } }, { 'if-match': '*' })
  expect(second.body).toMatchObject({ version: 3, attributes: { weight: 3 } })
  const same = await patch(byKey('E-1'), { tags: ['b'] }, { 'if-match': '*' })
  expect([same.status, same.body.version, same.body.unchanged]).toEqual([200, 3, true])
})

test('PATCH without If-Match is 428, with another content type 415, of nothing 404', async () => {
  const { id } = await create('E-2')
  expect(await patch(byKey('E-2'), { tags: [] }, {})).toMatchObject({ status: 428, body: { type: '/problems/precondition-required' } })
  const json = await admin.call<Problem>('PATCH', `${PRODUCTS}/${id}`, { body: { tags: [] }, headers: { 'if-match': '*' } })
  expect([json.status, json.body.type]).toEqual([415, '/problems/unsupported-media-type'])
  expect((await patch(byKey('none'), { tags: [] }, { 'if-match': '*' })).status).toBe(404)
  expect((await admin.call('POST', PRODUCTS, { body: product('E-3'), headers: MERGE_PATCH })).status).toBe(415)
})

test('a PATCH that makes the product wrong is 422 with the place', async () => {
  await create('E-4')
  const wrong = await patch(byKey('E-4'), { status: 'gone' }, { 'if-match': '*' })
  expect(wrong).toMatchObject({ status: 422, body: { type: '/problems/validation-failed' } })
  expect(wrong.body.errors?.[0]?.pointer).toBe('/status')
})

test('two writers on one product lose nothing: the second is told, and rebases or reads again', async () => {
  await create('L-1', { tags: ['a'] })
  const [one, other] = await Promise.all([
    patch(byKey('L-1'), { tags: ['one'] }, { 'if-match': '"1"' }),
    patch(byKey('L-1'), { tags: ['other'] }, { 'if-match': '"1"' }),
  ])
  expect([one.status, other.status].toSorted((a, b) => a - b)).toEqual([200, 412])
  const refused = one.status === 412 ? one : other
  expect(refused.body).toMatchObject({ type: '/problems/version-conflict', currentVersion: 2, changedPointers: ['/tags'] })

  const elsewhere = await patch(`${byKey('L-1')}?onConflict=rebase`, { popularity: 7 }, { 'if-match': '"1"' })
  expect(elsewhere).toMatchObject({ status: 200, body: { version: 3, popularity: 7 } })
  const sameField = await patch(`${byKey('L-1')}?onConflict=rebase`, { tags: ['late'] }, { 'if-match': '"1"' })
  expect(sameField.status).toBe(412)
})

test('20 writers that each add their tag and try again when told to: all 20 tags are there', async () => {
  await create('L-2')
  const add = async (tag: string): Promise<void> => {
    for (;;) {
      const { body, headers } = await admin.call<Product>('GET', byKey('L-2'))
      const answer = await patch(byKey('L-2'), { tags: [...body.tags, tag] }, { 'if-match': headers.get('etag') ?? '' })
      if (answer.status === 200) return
      expect(answer.status).toBe(412)
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, i) => add(`t${i}`)))
  const { body } = await admin.call<Product>('GET', byKey('L-2'))
  expect(body.tags.toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `t${i}`).toSorted())
  expect(body.version).toBe(21)
  expect(await outboxRows(body.id)).toBe(21)
})

test('DELETE needs If-Match, answers 204 with rev and token, and restore brings the product back', async () => {
  const { id } = await create('D-1')
  expect((await admin.call('DELETE', `${PRODUCTS}/${id}`)).status).toBe(428)
  expect((await admin.call('DELETE', `${PRODUCTS}/${id}`, { headers: { 'if-match': '"9"' } })).status).toBe(412)
  const deleted = await admin.call('DELETE', `${PRODUCTS}/${id}`, { headers: { 'if-match': '"1"' } })
  expect([deleted.status, deleted.body]).toEqual([204, ''])
  expect(deleted.headers.get('consistency-token')).not.toBeNull()
  expect((await admin.call<Product>('GET', byKey('D-1'))).body.deletedAt).not.toBeNull()
  const restored = await admin.call<Product>('POST', `${PRODUCTS}/${id}/restore`)
  expect(restored).toMatchObject({ status: 200, body: { deletedAt: null, key: 'D-1' } })
  expect(restored.body.rev).toBeGreaterThan(Number(deleted.headers.get('catalog-rev')))
  expect((await admin.call('DELETE', byKey('none'), { headers: { 'if-match': '*' } })).status).toBe(404)
})

test('what is in the bin is not edited: 410 gone; restoring what is not there changes nothing', async () => {
  await create('B-1')
  expect(await admin.call('POST', `${byKey('B-1')}/restore`)).toMatchObject({ status: 200, body: { unchanged: true } })
  expect((await admin.call('POST', `${byKey('B-1')}/restore`, { headers: { 'if-match': '"9"' } })).status).toBe(412)
  await admin.call('DELETE', byKey('B-1'), { headers: { 'if-match': '*' } })
  expect(await patch(byKey('B-1'), { tags: ['x'] }, { 'if-match': '*' })).toMatchObject({ status: 410, body: { type: '/problems/gone' } })
})

test('a slug of one’s own that another product has is 409 slug-taken; one made from the title is made another', async () => {
  await create('G-1', { i18n: { en: { title: 'Same', slug: 'same' } } })
  const taken = await admin.call('POST', PRODUCTS, { body: product('G-2', { i18n: { en: { title: 'Same', slug: 'same' } } }) })
  expect(taken).toMatchObject({ status: 409, body: { type: '/problems/slug-taken', slug: 'same', locale: 'en' } })
  const made = await create('G-3', { i18n: { en: { title: 'Same' } } })
  expect(made.i18n['en']?.slug).not.toBe('same')
})

test('Prefer: return=minimal is 204, with all the headers', async () => {
  const minimal = { prefer: 'return=minimal' }
  const created = await admin.call('POST', PRODUCTS, { body: product('N-1'), headers: minimal })
  expect([created.status, created.body, created.headers.get('preference-applied')]).toEqual([204, '', 'return=minimal'])
  for (const name of ['etag', 'catalog-rev', 'consistency-token', 'location']) expect(created.headers.get(name), name).not.toBeNull()
  expect((await patch(byKey('N-1'), { tags: ['x'] }, { ...minimal, 'if-match': '"1"' })).status).toBe(204)
})

test('an unknown field is 400, a wrong type and a bad text 422, each with its pointer, and nothing is written', async () => {
  const unknown = await admin.call<Problem>('POST', PRODUCTS, { body: product('U-1', { colour: 'red' }) })
  expect(unknown).toMatchObject({
    status: 400,
    body: { type: '/problems/invalid-parameter', errors: [{ pointer: '/colour', code: 'unknown' }] },
  })
  const type = await admin.call<Problem>('POST', PRODUCTS, { body: product('U-1', { popularity: '5' }) })
  expect(type).toMatchObject({ status: 422, body: { errors: [{ pointer: '/popularity', code: 'type' }] } })
  const nul = await admin.call<Problem>('POST', PRODUCTS, { body: product('U-1', { tags: ['a\0'] }) })
  expect(nul).toMatchObject({ status: 422, body: { errors: [{ pointer: '/tags/0', code: 'nul' }] } })
  expect((await admin.call('GET', byKey('U-1'))).status).toBe(404)
})

test('a parameter that a write does not take is 400 with its name', async () => {
  for (const [method, path] of [
    ['POST', PRODUCTS],
    ['PUT', byKey('U-2')],
    ['DELETE', byKey('U-2')],
    ['GET', byKey('U-2')],
    ['POST', `${byKey('U-2')}/restore`],
  ] as const) {
    const answer = await admin.call<Problem>(
      method,
      `${path}?dryRun=true`,
      method === 'PUT' || path === PRODUCTS ? { body: product('U-2') } : {},
    )
    expect(answer, `${method} ${path}`).toMatchObject({ status: 400, body: { errors: [{ parameter: 'dryRun', code: 'unknown' }] } })
  }
  expect((await admin.call('GET', byKey('U-2'))).status).toBe(404)
})

test('an address that PostgreSQL could not look up is 400', async () => {
  const { id } = await create('NUL-1')
  for (const path of [
    byKey('\0'),
    `${PRODUCTS}/urn:uuid:${id}`,
    `${byKey('\0')}/preview`,
    '/admin/v1/channels/%00',
    `/admin/v1/clients/urn:uuid:${id}`,
  ])
    expect((await admin.call('GET', path)).status, path).toBe(400)
  expect((await admin.call('GET', `${byKey('NUL-1')}/preview?channel=%00`)).status).toBe(400)
})

test('patches do not make a document larger than a PUT may send', async () => {
  await create('LARGE-1')
  const text = 'x'.repeat(90_000)
  const grow = async (n: number) => await patch(byKey('LARGE-1'), { attributes: { [`text${n}`]: text } }, { 'if-match': '*' })
  for (let n = 0; n < 11; n++) expect((await grow(n)).status, String(n)).toBe(200)
  expect(await grow(11)).toMatchObject({ status: 413, body: { type: '/problems/payload-too-large' } })
  expect((await patch(byKey('LARGE-1'), { attributes: { text0: null } }, { 'if-match': '*' })).status).toBe(200)
})

test('a body that is no JSON is 400, none at all too, another type 415, more than 1 MiB 413', async () => {
  expect(await admin.call('POST', PRODUCTS, { body: '{"key":' })).toMatchObject({
    status: 400,
    body: { type: '/problems/malformed-body', detail: 'The body is not JSON' },
  })
  expect((await admin.call('POST', PRODUCTS, { headers: { 'content-type': 'application/json' } })).status).toBe(400)
  expect((await admin.call('POST', PRODUCTS, { body: 'a,b', headers: { 'content-type': 'text/csv' } })).status).toBe(415)
  expect((await admin.call('POST', PRODUCTS, { body: '{}', headers: { 'content-type': 'text/plain' } })).status).toBe(415)
  const huge = await admin.call<{ detail: string }>('POST', PRODUCTS, {
    body: product('H-1', { attributes: { text: 'x'.repeat(1024 * 1024) } }),
  })
  expect(huge).toMatchObject({ status: 413, body: { detail: 'The body may be at most 1048576 bytes' } })
})

test('what came of each write is counted', async () => {
  expect(await admin.metrics.metrics()).toMatch(/catalog_product_writes_total\{operation="patch",outcome="version-conflict"\} \d/)
})
