/** The HTTP face of a category's manual order: read, and set as a whole. */
import type { Pool } from 'pg'
import { Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { CatalogError } from '../../shared/problem.ts'
import { TEXT_PATTERN } from '../../shared/validators.ts'
import { addAuditEntry } from '../audit-entry.ts'
import { answerToken, type MakeToken } from '../http/consistency.ts'
import { ifMatch, versionTag } from '../http/preconditions.ts'
import { ETagHeader, read, RequestHeaders, responses, written } from '../http/schemas.ts'
import type { RunWrite } from '../http/write.ts'
import { lockCategoryOrder, readCategoryOrder, writeCategoryOrder } from './category-order.ts'

export interface CategoryOrderParts {
  readonly pool: Pool
  readonly runWrite: RunWrite
  readonly makeToken: MakeToken
}

const PATH = '/admin/v1/categories/:id/order'
const PLACES_AT_MOST = 1_000
const tags = ['reference']
const strict = { additionalProperties: false }

const Params = Type.Object({
  id: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Id of the category', examples: [42] }),
})
const Keys = Type.Array(Type.String({ minLength: 1, maxLength: 128, pattern: TEXT_PATTERN }), {
  maxItems: PLACES_AT_MOST,
  uniqueItems: true,
  description: 'Keys of products, first to last; all others of the category come after them, the popular first',
})
const Order = Type.Object({ products: Keys, unchanged: Type.Optional(Type.Literal(true)) }, strict)
const Body = Type.Object({ products: Keys }, { ...strict, examples: [{ products: ['P-2', 'P-1'] }] })

export function registerCategoryOrderRoutes(app: HttpServer, parts: CategoryOrderParts): void {
  addRead(app, parts)
  addPut(app, parts)
}

function addRead(app: HttpServer, { pool, makeToken }: CategoryOrderParts): void {
  const schema = {
    tags,
    summary: 'The manual order of a category',
    params: Params,
    headers: Type.Object(RequestHeaders.token),
    response: responses({ 200: read('The order', Order, ETagHeader) }, ['not-found']),
  }
  app.get(PATH, { schema, config: { scope: 'product:read' } }, async (request, reply) => {
    const { version, products } = await readCategoryOrder(pool, request.params.id)
    await answerToken(makeToken, request, reply, null)
    // Always whole: a product may get another key without a new version of the order.
    void reply.headers({ etag: versionTag(version), 'cache-control': 'no-store' })
    return { products }
  })
}

function addPut(app: HttpServer, { runWrite }: CategoryOrderParts): void {
  const schema = {
    tags,
    summary: 'Set the manual order of a category, which `sort=manual` shows',
    params: Params,
    headers: Type.Object({ ...RequestHeaders.ifMatch, ...RequestHeaders.prefer, ...RequestHeaders.token }),
    body: Body,
    response: responses({ 200: written('Set, or unchanged', Order), 204: written('Set; no body was wanted', null) }, [
      'not-found',
      'validation-failed',
      'malformed-body',
      'unsupported-media-type',
      'version-conflict',
    ]),
  }
  app.put(PATH, { schema, config: { scope: 'product:write' } }, async (request, reply) => {
    const { products } = request.body
    const ifVersion = ifMatch(request)
    return await runWrite(request, reply, async (client, context) => {
      const before = await lockCategoryOrder(client, request.params.id)
      if (typeof ifVersion === 'number' && ifVersion !== before.version) {
        throw new CatalogError('version-conflict', `The category is at version ${before.version}`, {
          extra: { currentVersion: before.version },
        })
      }
      const same = JSON.stringify(before.products) === JSON.stringify(products)
      const now = same ? before : await writeCategoryOrder(client, before, products)
      if (!same) {
        const entry = {
          action: 'category.ordered',
          resource: 'category',
          id: String(now.id),
          version: now.version,
          diff: { products },
        } as const
        await addAuditEntry(client, context, entry)
      }
      const body = { products: now.products, ...(same ? { unchanged: true } : {}) }
      return { status: 200, version: now.version, product: null, location: null, body }
    })
  })
}
