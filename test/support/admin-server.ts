/** A real admin server on a free port over a test's database, and a way to call it that holds every answer to the OpenAPI document. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { ensureFirstClient } from '../../catalog-admin/access/api-client.ts'
import { createAuthenticator } from '../../catalog-admin/access/authenticator.ts'
import { type AdminServerParts, createAdminServer } from '../../catalog-admin/server.ts'
import type { VerifyBearer } from '../../shared/bearer-token.ts'
import { createPool } from '../../shared/postgres.ts'
import { testDatabase, type TestDatabase } from './parts.ts'

export const TEST_KEY = 'test-key-0123456789-0123456789-0123'

export interface Answer<T = unknown> {
  readonly status: number
  readonly headers: Headers
  /** Parsed when it is JSON, else the text. */
  readonly body: T
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** null: send no key. Default: the first client's. */
  readonly key?: string | null
}

export interface TestAdmin extends AsyncDisposable {
  readonly url: string
  readonly database: TestDatabase
  readonly metrics: Registry
  readonly app: Awaited<ReturnType<typeof createAdminServer>>
  /** @throws Error when the OpenAPI document does not speak of such an answer */
  call<T = Record<string, unknown>>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>
}

export async function testAdmin(options: Partial<AdminServerParts> & { readonly verifyBearer?: VerifyBearer } = {}): Promise<TestAdmin> {
  const database = await testDatabase()
  const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
  const limits = { connectMs: 5_000, statementMs: 10_000 }
  const pool = createPool({ url: database.primaryUrl, size: 10, ...limits, applicationName: 'test', pipeline: true }, log)
  await ensureFirstClient(pool, TEST_KEY)
  const metrics = new Registry()
  const app = await createAdminServer({
    pool,
    authenticator: createAuthenticator(pool, options.verifyBearer ?? null),
    imports: { owner: 'test', onJob: () => {}, stopping: new AbortController().signal },
    log,
    metrics,
    logPerMille: 0,
    trustProxy: '',
    rateLimit: 0,
    ...options,
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const contract = createContract((await (await fetch(`${url}/admin/v1/openapi.json`)).json()) as OpenApi)
  return {
    url,
    database,
    metrics,
    app,
    call: async <T>(method: string, path: string, asked: CallOptions = {}) => {
      const answer = await send(url, method, path, asked)
      contract(method, path, answer)
      return answer as Answer<T>
    },
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await pool.end()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function send(url: string, method: string, path: string, { body, headers = {}, key = TEST_KEY }: CallOptions): Promise<Answer> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const text = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const response = await fetch(url + path, {
    method,
    headers: { ...json, ...(key === null ? {} : { 'x-api-key': key }), ...headers },
    ...(text === undefined ? {} : { body: text }),
    redirect: 'manual',
  })
  const received = await response.text()
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '') && received !== ''
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(received) : received }
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, unknown>>
}
interface Operation {
  readonly responses: Readonly<
    Record<string, { content?: Readonly<Record<string, { schema: object }>>; headers?: Readonly<Record<string, unknown>> }>
  >
}

/** A check of answers: the status must be documented, and the body must be what the document says of it. */
function createContract(document: OpenApi): (method: string, path: string, answer: Answer) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'openapi', components: document.components })
  const validators = new Map<object, ValidateFunction>()
  return (method, path, answer) => {
    const operation = operationOf(document, method, path)
    // What is not in the document (an unknown path, a problem page) is not held to it.
    if (operation === undefined) return
    const where = `${method} ${path} ${answer.status}`
    const described = operation.responses[String(answer.status)]
    if (described === undefined) throw new Error(`${where} is not in the OpenAPI document: ${JSON.stringify(answer.body)}`)
    const type = answer.headers.get('content-type')?.split(';')[0]
    if (method === 'HEAD' || answer.body === '') return
    const media = described.content?.[type ?? '']
    if (media === undefined) throw new Error(`${where}: ${type} is not in the OpenAPI document`)
    let validate = validators.get(media.schema)
    if (validate === undefined) {
      validate = ajv.compile(JSON.parse(JSON.stringify(media.schema).replaceAll('"#/components', '"openapi#/components')) as object)
      validators.set(media.schema, validate)
    }
    if (!validate(answer.body))
      throw new Error(`${where} differs from the OpenAPI document: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(answer.body)}`)
  }
}

/** The path with the fewest parameters that fits wins, as it does in the router. */
function operationOf(document: OpenApi, method: string, path: string): Operation | undefined {
  const [pathname = ''] = path.split('?')
  const fits = Object.keys(document.paths).filter((template) =>
    new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(pathname),
  )
  const [template = ''] = fits.sort((a, b) => a.split('{').length - b.split('{').length || b.length - a.length)
  return document.paths[template]?.[method.toLowerCase()]
}
