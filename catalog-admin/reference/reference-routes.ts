/** The HTTP face of brands, attributes and categories: read here, made by the products that name them. */
import type { Pool } from 'pg'
import { type TSchema, Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { answerToken, type MakeToken } from '../http/consistency.ts'
import { isTextPosition, PageQuery, readPage } from '../http/page.ts'
import { named, pageOf, read, RequestHeaders, responses } from '../http/schemas.ts'
import { type Attribute, type Brand, listAttributes, listBrands, MAX_CATEGORIES, readCategoryTree } from './reference-lists.ts'

export interface ReferenceRouteParts {
  readonly pool: Pool
  readonly makeToken: MakeToken
}

const config = { scope: 'product:read' } as const
const tags = ['reference']
const strict = { additionalProperties: false }
const headers = Type.Object(RequestHeaders.token)
const Texts = Type.Record(Type.String(), Type.String(), { description: 'By locale' })

export const BrandSchema: TSchema = Type.Object(
  { id: Type.Integer(), slug: Type.String(), name: Type.String(), version: Type.Integer() },
  { $id: 'Brand', ...strict },
)

export const AttributeSchema: TSchema = Type.Object(
  {
    code: Type.String(),
    kind: Type.Union([Type.Literal('text'), Type.Literal('number'), Type.Literal('boolean')]),
    labels: Texts,
    unit: Type.Union([Type.String(), Type.Null()]),
    facetable: Type.Boolean(),
    searchable: Type.Boolean(),
    version: Type.Integer(),
  },
  { $id: 'Attribute', ...strict },
)

export const CategorySchema: TSchema = Type.Object(
  {
    id: Type.Integer(),
    slug: Type.String(),
    name: Type.String({ description: 'As first written: with the parent, what an input document names it by' }),
    i18n: Texts,
    position: Type.Integer(),
    version: Type.Integer(),
    children: Type.Array(named('Category')),
  },
  { $id: 'Category', ...strict },
)

export function registerReferenceRoutes(app: HttpServer, { pool, makeToken }: ReferenceRouteParts): void {
  const brands = {
    name: 'brands',
    read: (after: string | null, limit: number) => listBrands(pool, after, limit),
    positionOf: (brand: Brand) => brand.slug,
    isPosition: isTextPosition,
  }
  app.get('/admin/v1/brands', { schema: listSchema('Brands, by slug', 'Brand'), config }, async (request, reply) => {
    const page = await readPage(brands, request.query)
    await answerToken(makeToken, request, reply, null)
    return page
  })

  const attributes = {
    name: 'attributes',
    read: (after: string | null, limit: number) => listAttributes(pool, after, limit),
    positionOf: (attribute: Attribute) => attribute.code,
    isPosition: isTextPosition,
  }
  app.get('/admin/v1/attributes', { schema: listSchema('Attributes, by code', 'Attribute'), config }, async (request, reply) => {
    const page = await readPage(attributes, request.query)
    await answerToken(makeToken, request, reply, null)
    return page
  })

  addCategories(app, { pool, makeToken })
}

function listSchema(summary: string, entry: string) {
  return {
    tags,
    summary,
    headers,
    querystring: Type.Object(PageQuery, strict),
    response: responses({ 200: read('A page', pageOf(named(entry))) }, ['invalid-cursor']),
  }
}

function addCategories(app: HttpServer, { pool, makeToken }: ReferenceRouteParts): void {
  const parent = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Only what is below this category' })
  const tree = Type.Object({
    data: Type.Array(named('Category')),
    truncated: Type.Boolean({ description: `There are more than ${MAX_CATEGORIES}: the deepest are left out, ask by \`parent\`` }),
  })
  const schema = {
    tags,
    summary: 'The tree of categories',
    headers,
    querystring: Type.Object({ parent: Type.Optional(parent) }, strict),
    response: responses({ 200: read('The tree', tree) }),
  }
  app.get('/admin/v1/categories', { schema, config }, async (request, reply) => {
    const found = await readCategoryTree(pool, request.query.parent ?? null)
    await answerToken(makeToken, request, reply, null)
    return found
  })
}
