/** The HTTP face of reading products as those see them who edit them: whole, as a work list, and as readers would see them. */
import type { Pool } from 'pg'
import { Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { inTransaction } from '../../shared/postgres.ts'
import { notFound } from '../../shared/problem.ts'
import { answerToken, type MakeToken } from '../http/consistency.ts'
import { sendVersioned } from '../http/preconditions.ts'
import { ETagHeader, named, notModified, read, RequestHeaders, responses } from '../http/schemas.ts'
import { readAdminProduct } from './admin-document.ts'
import { ADDRESSES } from './product-address.ts'
import type { ProductRef } from './product-write.ts'

export interface ProductReadParts {
  readonly pool: Pool
  readonly makeToken: MakeToken
}

const config = { scope: 'product:read' } as const
const tags = ['products']

export function registerProductReads(app: HttpServer, parts: ProductReadParts): void {
  addRead(app, parts)
}

function addRead(app: HttpServer, { pool, makeToken }: ProductReadParts): void {
  const schema = {
    tags,
    summary: 'One product, as it is edited',
    description: 'Drafts and products in the bin too.',
    headers: Type.Object({ ...RequestHeaders.ifNoneMatch, ...RequestHeaders.token }),
    response: responses(
      { 200: read('The product', named('AdminProduct'), { ...ETagHeader, 'Catalog-Rev': Type.String() }), 304: notModified },
      ['not-found'],
    ),
  }
  for (const { path, params, refOf } of ADDRESSES) {
    app.get(path, { schema: { ...schema, params }, config }, async (request, reply) => {
      const ref = refOf(request.params)
      const product = (await inTransaction(pool, (client) => readAdminProduct(client, ref))) ?? noProduct(ref)
      const { id, rev, version } = product
      void reply.header('catalog-rev', String(rev))
      await answerToken(makeToken, request, reply, { id, rev })
      return sendVersioned(request, reply, version, product)
    })
  }
}

function noProduct(ref: ProductRef): never {
  const [by = 'id', value = ''] = Object.entries(ref)[0] ?? []
  throw notFound('product', by, value)
}
