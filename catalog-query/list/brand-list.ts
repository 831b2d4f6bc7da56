/** `GET /v1/brands`: brands by slug. */
import type { Static } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import type { ReadContext } from '../http/read-context.ts'
import { BrandItem } from './list-schema.ts'
import { registerNamedList } from './named-list.ts'

const SELECT_BRANDS = /* sql */ `
  select id, slug, name
  from brand
  where true`

export function registerBrandList(app: HttpServer, context: ReadContext): void {
  registerNamedList<Static<typeof BrandItem>>(app, context, {
    path: '/v1/brands',
    summary: 'List brands',
    operationId: 'listBrands',
    item: BrandItem,
    title: 'BrandPage',
    name: 'brands',
    select: SELECT_BRANDS,
    column: 'slug',
    placeOf: ({ slug }) => slug,
  })
}
