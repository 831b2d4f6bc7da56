/** The two ways to address a product: by id and by key. */
import { type Static, Type } from 'typebox'
import type { ProductRef } from './product-write.ts'

export const PRODUCTS_PATH = '/admin/v1/products'

const ById = Type.Object({ id: Type.String({ format: 'uuid' }) })
const ByKey = Type.Object({ key: Type.String({ minLength: 1, maxLength: 128 }) })

export interface ProductAddress {
  readonly path: string
  readonly params: typeof ById | typeof ByKey
  /** @param params as the route's schema let them through */
  readonly refOf: (params: unknown) => ProductRef
}

export const ADDRESSES: readonly ProductAddress[] = [
  { path: `${PRODUCTS_PATH}/:id`, params: ById, refOf: (params) => ({ id: (params as Static<typeof ById>).id.toLowerCase() }) },
  { path: `${PRODUCTS_PATH}/by-key/:key`, params: ByKey, refOf: (params) => ({ key: (params as Static<typeof ByKey>).key }) },
]
