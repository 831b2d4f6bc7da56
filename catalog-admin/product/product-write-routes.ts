/** The HTTP face of writing products, one at a time (api.md, "admin: products"). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PoolClient } from 'pg'
import { type Static, Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { CatalogError, invalidBody, unsupportedMediaType, validationFailed, versionConflict } from '../../shared/problem.ts'
import { createsOnly, ifMatch, requiredIfMatch } from '../http/preconditions.ts'
import { named, RequestHeaders, responses, written } from '../http/schemas.ts'
import type { Validators } from '../../shared/validators.ts'
import type { WriteAnswer } from '../http/write-answer.ts'
import type { RunWrite } from '../http/write.ts'
import { ADDRESS_BY_KEY, ADDRESSES, PRODUCTS_PATH } from './product-address.ts'
import { parseProductInput } from './parse-product-input.ts'
import { MAX_DOCUMENT_BYTES, type ProductInput } from './product-input.ts'
import type { ProductRef, ProductWrite, WriteContext, WriteProducts } from './product-write.ts'

export interface ProductWriteParts {
  readonly runWrite: RunWrite
  readonly writeProducts: WriteProducts
  /** The admin document as the transaction sees it. */
  readonly readProduct: (client: PoolClient, ref: ProductRef) => Promise<object | null>
  readonly validators: Validators
  /** Hears what came of each write: `created`, `unchanged`, …, or the name of a problem. */
  readonly countWrite: (operation: ProductWrite['op'], outcome: string) => void
}

const config = { scope: 'product:write' } as const
const tags = ['products']
const MERGE_PATCH = 'application/merge-patch+json'
const AdminProduct = named<object>('AdminProduct')
const WRITE_PROBLEMS = [
  'validation-failed',
  'malformed-body',
  'payload-too-large',
  'unsupported-media-type',
  'sku-taken',
  'slug-taken',
] as const

export function registerProductWrites(app: HttpServer, parts: ProductWriteParts): void {
  addCreate(app, parts)
  addPut(app, parts)
  addPatch(app, parts)
  addDelete(app, parts)
  addRestore(app, parts)
}

function addCreate(app: HttpServer, parts: ProductWriteParts): void {
  const { idempotencyKey, prefer, token } = RequestHeaders
  const schema = {
    tags,
    summary: 'Create a product',
    description:
      'Refused with `key-taken` when its key is there already; brands, categories and attributes that are not there yet are made.',
    headers: Type.Object({ ...idempotencyKey, ...prefer, ...token }),
    body: named<unknown>('ProductInput'),
    response: responses({ 201: written('Created', AdminProduct, { rev: true, location: true, replay: true }), 204: minimal }, [
      ...WRITE_PROBLEMS,
      'key-taken',
      'idempotency-mismatch',
      'request-in-progress',
    ]),
  }
  const { exceptBody: validatorCompiler } = parts.validators
  app.post(PRODUCTS_PATH, { schema, config, validatorCompiler, bodyLimit: MAX_DOCUMENT_BYTES }, async (request, reply) => {
    const write = { op: 'put', input: parsed(request.body), mode: 'create', ifVersion: null } as const
    return await run(parts, request, reply, write)
  })
}

function addPut(app: HttpServer, parts: ProductWriteParts): void {
  const { ifMatch: match, createOnly, prefer, token } = RequestHeaders
  const schema = {
    tags,
    summary: 'Create or replace a product by its key',
    description:
      'The whole document. Equal content answers `"unchanged":true` and emits nothing. A variant without `prices` or `stock` keeps those it has. ' +
      'What GET answers may be sent back as it is: the fields that the catalog adds are left aside.',
    params: ADDRESS_BY_KEY,
    headers: Type.Object({ ...match, ...createOnly, ...prefer, ...token }),
    body: named<unknown>('ProductInput'),
    response: responses(
      {
        200: written('Replaced, or unchanged', AdminProduct, { rev: true }),
        201: written('Created', AdminProduct, { rev: true, location: true }),
        204: minimal,
      },
      [...WRITE_PROBLEMS, 'not-found', 'gone', 'invalid-state', 'version-conflict'],
    ),
  }
  const { exceptBody: validatorCompiler } = parts.validators
  app.put(`${PRODUCTS_PATH}/by-key/:key`, { schema, config, validatorCompiler, bodyLimit: MAX_DOCUMENT_BYTES }, async (request, reply) => {
    const ifVersion = ifMatch(request)
    const createOnlyAsked = createsOnly(request)
    const mode = createOnlyAsked ? 'create' : ifVersion === null ? 'upsert' : 'update'
    const input = parsed(atKey(request.body, request.params.key))
    try {
      return await run(parts, request, reply, { op: 'put', input, mode, ifVersion })
    } catch (error) {
      throw createOnlyAsked ? asPreconditionFailed(error) : error
    }
  })
}

/** RFC 9110, 13.1.2: a false `If-None-Match: *` is answered 412, whatever the write itself would call it. */
function asPreconditionFailed(error: unknown): unknown {
  if (!(error instanceof CatalogError) || error.problem !== 'key-taken') return error
  const { key, currentVersion } = error.extra as { readonly key: string; readonly currentVersion?: number }
  return currentVersion === undefined ? error : versionConflict(key, { currentVersion })
}

const READ_ONLY = ['id', 'version', 'rev', 'createdAt', 'updatedAt', 'deletedAt', 'unchanged']

/** The address names the product: its key may be left out of the document, but not differ. */
function atKey(body: unknown, key: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  if ('key' in body && body.key !== key) {
    throw validationFailed([
      { pointer: '/key', code: 'conflict', message: `/key must be "${key}", as in the address; PATCH can change it` },
    ])
  }
  return { ...Object.fromEntries(Object.entries(body).filter(([name]) => !READ_ONLY.includes(name))), key }
}

function addPatch(app: HttpServer, parts: ProductWriteParts): void {
  const schema = {
    tags,
    summary: 'Change fields of a product',
    description: `A merge patch (RFC 7396) of the admin document, sent as ${MERGE_PATCH}.`,
    querystring: Type.Object(
      {
        onConflict: Type.Optional(
          Type.Literal('rebase', {
            description: 'An older version in If-Match will do if what was changed since is not what the patch changes',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    headers: Type.Object({ ...RequestHeaders.ifMatch, ...RequestHeaders.prefer, ...RequestHeaders.token }),
    consumes: [MERGE_PATCH],
    body: Type.Unsafe<unknown>({ type: 'object', examples: [{ status: 'active', i18n: { de: null } }] }),
    response: responses({ 200: written('Changed, or unchanged', AdminProduct, { rev: true }), 204: minimal }, [
      ...WRITE_PROBLEMS,
      ...FOUND_PROBLEMS,
      'key-taken',
      'version-conflict',
      'precondition-required',
    ]),
  }
  const { validators } = parts
  void app.register(async (scope) => {
    scope.addContentTypeParser(MERGE_PATCH, { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'))
    for (const { path, params, refOf } of ADDRESSES) {
      const options = { config, validatorCompiler: validators.all, bodyLimit: MAX_DOCUMENT_BYTES, onRequest: onlyMergePatch }
      scope.patch(path, { ...options, schema: { ...schema, params } }, async (request, reply) => {
        const { onConflict } = request.query as Static<typeof schema.querystring>
        const product = refOf(request.params)
        const ifVersion = requiredIfMatch(request)
        const write = { op: 'patch', product, patch: request.body, ifVersion, onConflict: onConflict ?? 'refuse' } as const
        return await run(parts, request, reply, write)
      })
    }
  })
}

const FOUND_PROBLEMS = ['not-found', 'gone', 'invalid-state'] as const

async function onlyMergePatch(request: FastifyRequest): Promise<void> {
  const type = request.headers['content-type'] ?? ''
  if (type.split(';')[0]?.trim().toLowerCase() !== MERGE_PATCH) throw unsupportedMediaType(type, MERGE_PATCH)
}

function addDelete(app: HttpServer, parts: ProductWriteParts): void {
  const schema = {
    tags,
    summary: 'Put a product into the bin',
    description: 'Readers are answered 410 from then on. It can be restored for 30 days.',
    headers: Type.Object({ ...RequestHeaders.ifMatch, ...RequestHeaders.token }),
    response: responses({ 204: written('It is in the bin', null, { rev: true }) }, [
      ...FOUND_PROBLEMS,
      'version-conflict',
      'precondition-required',
    ]),
  }
  for (const { path, params, refOf } of ADDRESSES) {
    app.delete(path, { schema: { ...schema, params }, config }, async (request, reply) => {
      const product = refOf(request.params)
      return await run(parts, request, reply, { op: 'delete', product, ifVersion: requiredIfMatch(request) })
    })
  }
}

function addRestore(app: HttpServer, parts: ProductWriteParts): void {
  const { ifMatch: match, idempotencyKey, prefer, token } = RequestHeaders
  const schema = {
    tags,
    summary: 'Take a product out of the bin',
    headers: Type.Object({ ...match, ...idempotencyKey, ...prefer, ...token }),
    response: responses({ 200: written('Restored', AdminProduct, { rev: true, replay: true }), 204: minimal }, [
      ...FOUND_PROBLEMS,
      'version-conflict',
      'slug-taken',
      'idempotency-mismatch',
      'request-in-progress',
    ]),
  }
  for (const { path, params, refOf } of ADDRESSES) {
    app.post(`${path}/restore`, { schema: { ...schema, params }, config }, async (request, reply) => {
      const product = refOf(request.params)
      return await run(parts, request, reply, { op: 'restore', product, ifVersion: ifMatch(request) })
    })
  }
}

const minimal = written('Done; no body was wanted', null, { rev: true })

function parsed(body: unknown): ProductInput {
  const result = parseProductInput(body)
  if (!result.ok) throw invalidBody(result.errors)
  return result.input
}

async function run(parts: ProductWriteParts, request: FastifyRequest, reply: FastifyReply, write: ProductWrite): Promise<FastifyReply> {
  let outcome: string = 'replayed'
  try {
    return await parts.runWrite(request, reply, async (client, context) => {
      const done = await writeOne(parts, client, write, context)
      outcome = done.outcome
      return done.answer
    })
  } catch (error) {
    outcome = error instanceof CatalogError ? error.problem : 'internal'
    throw error
  } finally {
    parts.countWrite(write.op, outcome)
  }
}

async function writeOne(
  parts: ProductWriteParts,
  client: PoolClient,
  write: ProductWrite,
  context: WriteContext,
): Promise<{ readonly outcome: string; readonly answer: WriteAnswer }> {
  const [result] = await parts.writeProducts(client, [write], context)
  if (result === undefined) throw new Error('Expected one result of one write, got none')
  // Rolls back what the refused write may have made on its way, such as a brand.
  if (!result.ok) throw result.error
  const { id, rev, version, outcome } = result
  const created = outcome === 'created'
  const common = { version, product: { id, rev }, location: created ? `${PRODUCTS_PATH}/${id}` : null }
  if (write.op === 'delete') return { outcome, answer: { ...common, status: 204, body: null } }
  const document = await parts.readProduct(client, { id })
  const body = { ...document, ...(outcome === 'unchanged' ? { unchanged: true } : {}) }
  return { outcome, answer: { ...common, status: created ? 201 : 200, body } }
}
