import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../shared/clock.ts'
import type { HttpServer } from '../shared/http-server.ts'
import { testDatabase, type TestDatabase } from './support/parts.ts'
import { openQueryServer } from './support/query-server.ts'
import { putProducts } from './support/reading-app.ts'

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly default?: unknown
  readonly examples?: unknown
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly propertyNames?: Schema
  readonly maxProperties?: number
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly style?: string
  readonly explode?: boolean
  readonly description?: string
  readonly schema: Schema
  readonly example?: unknown
  readonly examples?: unknown
}
interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: object
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string
        readonly content?: Readonly<Record<string, { readonly schema?: { readonly title?: string } }>>
        readonly headers?: object
      }
    >
  >
}
interface Document {
  readonly openapi: string
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

let database: TestDatabase
let app: HttpServer
let document: Document
let operations: readonly (readonly [string, Operation])[]
let ticking: NodeJS.Timeout

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  app = await openQueryServer(database)
  document = (await app.inject({ url: '/v1/openapi.json' })).json()
  operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  )
})
afterAll(async () => {
  clearInterval(ticking)
  await app?.close()
  await database?.[Symbol.asyncDispose]()
})

test('it is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document) as never)
  expect([document.openapi, result.errors ?? [], result.valid]).toEqual(['3.1.0', [], true])
})

test('every operation has a name of its own, a summary, a known tag, and says who may', () => {
  const names = operations.map(([, { operationId }]) => operationId)
  expect(names).not.toContain(undefined)
  expect(new Set(names).size).toBe(names.length)
  const tags = document.tags.map(({ name }) => name)
  for (const [at, operation] of operations) {
    expect(operation.summary, at).toMatch(/\w/)
    expect(tags, at).toEqual(expect.arrayContaining([...(operation.tags ?? ['none'])]))
    expect(operation.security?.length, at).toBeGreaterThan(0)
  }
  expect(document.paths['/v1/changes']?.['get']?.security).toEqual([{ apiKey: [] }, { bearer: [] }])
})

test('every operation tells of its answer and of each problem that it may have', () => {
  for (const [at, { responses, parameters = [], requestBody }] of operations) {
    const expected = [
      '200',
      '400',
      '401',
      '403',
      '406',
      '429',
      '503',
      ...(requestBody === undefined ? [] : ['413', '415', '422']),
      ...(parameters.some((parameter) => parameter.in === 'path') ? ['404'] : []),
    ]
    expect(Object.keys(responses), at).toEqual(expect.arrayContaining(expected))
    expect(responses['200']?.content?.['application/json']?.schema?.title, at).toMatch(/^[A-Z]/)
    for (const [status, { content, headers }] of Object.entries(responses)) {
      const type = status === '200' ? ['application/json'] : status.startsWith('3') ? [] : ['application/problem+json']
      expect(Object.keys(content ?? {}), `${at} ${status}`).toEqual(type)
      expect(Object.keys(headers ?? {}).includes('Catalog-Staleness'), `${at} ${status}`).toBe(status === '200' || status === '304')
    }
  }
})

/** Opaque: whoever has none sends none. */
const OPAQUE = ['cursor']

function isLimited(schema: Schema): boolean {
  if (schema.enum !== undefined) return true
  if (schema.type === 'integer') return schema.minimum !== undefined && schema.maximum !== undefined
  if (schema.type === 'object')
    return schema.maxProperties !== undefined && isLimited(schema.additionalProperties ?? {}) && isLimited(schema.propertyNames ?? {})
  if (schema.type === 'array') return schema.maxItems !== undefined && schema.items !== undefined && isLimited(schema.items)
  return schema.maxLength !== undefined || /^\^.*\$$/.test(schema.pattern ?? '')
}

test('every parameter says what it is, has limits, and an example or a default; with a default it may be left out', () => {
  for (const [at, { parameters = [] }] of operations) {
    for (const { name, schema, required, example, examples, description = '' } of parameters) {
      expect(description, `${at} ${name} says what it is`).not.toBe('')
      expect(isLimited(schema), `${at} ${name} ${JSON.stringify(schema)}`).toBe(true)
      const shown = schema.enum ?? schema.default ?? example ?? examples ?? schema.examples
      expect(shown !== undefined || OPAQUE.includes(name), `${at} ${name} has an example`).toBe(true)
      expect(schema.default !== undefined && required === true, `${at} ${name} may be left out`).toBe(false)
    }
  }
})

test('whatever filters by attributes has one parameter for all of them, each member of which is a parameter of the request', async () => {
  const filtered = operations.filter(([, { parameters = [] }]) => parameters.some(({ name }) => name === 'attr'))
  expect(filtered.map(([at]) => at).toSorted()).toEqual(['get /v1/products', 'get /v1/products/facets'])
  for (const [at, { parameters = [] }] of filtered) {
    const { style, explode, schema, example, in: place } = parameters.find(({ name }) => name === 'attr')!
    expect([place, style, explode, schema.type], at).toEqual(['query', 'form', true, 'object'])
    const names = new RegExp(schema.propertyNames?.pattern ?? '', 'u')
    const query = new URLSearchParams()
    for (const [name, values] of Object.entries(example as Readonly<Record<string, readonly string[]>>)) {
      expect(name).toMatch(names)
      for (const value of values) query.append(name, value)
    }
    const response = await app.inject(`${at.replace('get ', '')}?${query.toString()}`)
    expect(response.statusCode, response.body).toBe(200)
    for (const name of ['color', 'attr.', 'attr', 'ATTR.color']) {
      expect(name).not.toMatch(names)
      expect((await app.inject(`${at.replace('get ', '')}?${name}=red`)).statusCode, name).toBe(400)
    }
  }
})

test('a method that it does not speak of is 405, whatever is in the body', async () => {
  for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'text/x' }]) {
    for (const method of ['PUT', 'PATCH', 'DELETE', 'QUERY'] as const) {
      const response = await app.inject({ method: method as 'PUT', url: '/v1/brands', headers, payload: '{' })
      expect([response.statusCode, response.headers.allow], `${method} ${JSON.stringify(headers)}`).toEqual([405, 'GET, HEAD'])
    }
  }
  expect((await app.inject({ method: 'POST', url: '/v1/nothing', payload: '{' })).statusCode).toBe(404)
})

const PROGRAM = /* ts */ `
import { defaults, batchGetProducts, countFacets, getProductByKey, listProducts, listBrands, listChanges, getCategoryTree } from './client.ts'

defaults.baseUrl = process.argv[2] ?? ''
const list = await listProducts({ limit: 1, sort: 'title', brand: ['acme'], consistencyToken: process.argv[3] ?? '' })
if (list.status !== 200) throw new Error('no list: ' + list.status)
const next = await listProducts({ limit: 1, sort: 'title', brand: ['acme'], cursor: list.data.page.next ?? '' })
if (next.status !== 200) throw new Error('no next page: ' + next.status)
const titles: (string | undefined)[] = [...list.data.data, ...next.data.data].map(({ title }) => title)
const one = await getProductByKey('P-1')
if (one.status !== 200) throw new Error('no P-1')
const amount: number | undefined = one.data.price?.['from'].amount
const nobody = await getProductByKey('nobody')
const colored = await listProducts({ attr: { 'attr.color': ['red', 'blue'], 'attr.weight': ['..3'] } })
const keys: (string | undefined)[] = colored.status === 200 ? colored.data.data.map(({ key }) => key) : []
const counted = await countFacets({ attr: { 'attr.color': ['red'] } })
const offered: string[] = counted.status === 200 ? counted.data.facets.map(({ parameter }) => parameter) : []
const many = await batchGetProducts({ keys: ['P-1', 'nobody'] })
const missing: string[] = many.status === 200 ? many.data.missing : []
const brands = await listBrands()
const tree = await getCategoryTree()
const names = [...(brands.status === 200 ? brands.data.data : []), ...(tree.status === 200 ? tree.data.data : [])].map(({ name }) => name)
const feed = await listChanges({ limit: 10 })
const refused: string = feed.status === 401 ? feed.data.type : ''
// @ts-expect-error: there is no such order
await listProducts({ sort: 'colour' })
// @ts-expect-error: values are texts
await listProducts({ attr: { 'attr.color': [1] } })
// @ts-expect-error: a product has no such member
one.data.colour
console.log(JSON.stringify({ titles, keys, offered: offered.includes('attr.color'), amount, nobody: nobody.status, missing, names, refused }))
`

const execute = promisify(execFile)
const MODULES = join(import.meta.dirname, '../node_modules')

test('a client that is generated from it is typed, and works', async () => {
  const product = (key: string, title: string, attributes: object) => ({
    key,
    status: 'active',
    title,
    attributes,
    brand: 'Acme',
    categories: [['Clothing']],
    variants: [{ sku: `${key}-M`, prices: [{ channel: 'default', amount: 1999 }] }],
  })
  const { token } = await putProducts(database, [
    product('P-1', 'Anorak', { color: 'red', weight: 4 }),
    product('P-2', 'Boots', { color: 'blue', weight: 2 }),
  ])
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const folder = await mkdtemp(join(tmpdir(), 'catalog-client-'))
  try {
    await symlink(MODULES, join(folder, 'node_modules'))
    const write = async (name: string, text: string) => await writeFile(join(folder, name), text)
    await write('package.json', JSON.stringify({ type: 'module' }))
    await write('openapi.json', JSON.stringify(document))
    await write('program.ts', PROGRAM)
    await execute(process.execPath, [join(MODULES, '.bin/oazapfts'), 'openapi.json', 'client.ts'], { cwd: folder })
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--allowImportingTsExtensions', '--skipLibCheck']
    const checked = await execute(process.execPath, [join(MODULES, 'typescript/bin/tsc'), ...options, '--types', 'node', 'program.ts'], {
      cwd: folder,
    }).catch((error: { stdout: string }) => error)
    expect(checked.stdout).toBe('')
    const { stdout } = await execute(process.execPath, ['program.ts', url, token], { cwd: folder })
    expect(JSON.parse(stdout)).toEqual({
      titles: ['Anorak', 'Boots'],
      keys: ['P-2'],
      offered: true,
      amount: 1999,
      nobody: 404,
      missing: ['nobody'],
      names: ['Acme', 'Clothing'],
      refused: '/problems/unauthenticated',
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})
