/** The two ways to address a product: by id and by key. */
import { type Static, Type } from 'typebox'
import { TEXT_PATTERN } from '../../shared/validators.ts'
import { IdParams } from '../http/schemas.ts'
import type { ProductRef } from './product-write.ts'

export const PRODUCTS_PATH = '/admin/v1/products'

const ById = IdParams('product')
export const ADDRESS_BY_KEY = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 128, pattern: TEXT_PATTERN, description: 'The product’s key', examples: ['P-1'] }),
})

export interface ProductAddress {
  readonly path: string
  readonly params: typeof ById | typeof ADDRESS_BY_KEY
  /** @param params as the route's schema let them through */
  readonly refOf: (params: unknown) => ProductRef
}

export const ADDRESSES: readonly ProductAddress[] = [
  { path: `${PRODUCTS_PATH}/:id`, params: ById, refOf: (params) => ({ id: (params as Static<typeof ById>).id.toLowerCase() }) },
  {
    path: `${PRODUCTS_PATH}/by-key/:key`,
    params: ADDRESS_BY_KEY,
    refOf: (params) => ({ key: (params as Static<typeof ADDRESS_BY_KEY>).key }),
  },
]
