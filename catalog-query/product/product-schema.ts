/** The shape of a product in answers, for the OpenAPI document: stored bytes are sent, so nothing is serialised by it. */
import { Type } from 'typebox'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()])

const Money = Type.Object(
  { amount: Type.Integer({ description: 'In the currency’s minor unit: 1999 is 19.99 EUR' }), currency: Type.String() },
  { title: 'Money' },
)

const Attributes = Type.Record(Type.String(), Type.Unknown())

export const Variant = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    sku: Type.String(),
    gtin: Nullable(Type.String()),
    options: Type.Record(Type.String(), Type.String()),
    attributes: Attributes,
    price: Nullable(Type.Object({ amount: Type.Integer(), currency: Type.String(), compareAt: Nullable(Type.Integer()) })),
    stock: Type.Object({ inStock: Type.Boolean(), quantity: Nullable(Type.Integer()) }),
  },
  { title: 'Variant' },
)

export const Product = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    key: Type.String(),
    rev: Type.Integer({ description: 'Raised on every visible change' }),
    channel: Type.String(),
    locale: Type.String(),
    slug: Type.String(),
    title: Type.String(),
    description: Nullable(Type.String()),
    brand: Nullable(Type.Object({ slug: Type.String(), name: Type.String() })),
    categories: Type.Array(Type.Object({ slug: Type.String(), path: Type.Array(Type.String()) })),
    attributes: Attributes,
    tags: Type.Array(Type.String()),
    media: Type.Array(Type.Object({ url: Type.String(), alt: Nullable(Type.String()) })),
    price: Nullable(Type.Object({ from: Money, to: Money, compareAt: Nullable(Money) })),
    inStock: Type.Boolean(),
    variants: Type.Array(Variant, { description: 'The first 100' }),
    variantsNext: Type.Optional(Type.String({ description: 'Link to the next page of variants, where there are more' })),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
  },
  { title: 'Product' },
)

/** What `fields` may name. */
export const PRODUCT_FIELDS: readonly string[] = Object.keys(Product.properties)

export const Problem = Type.Object(
  {
    type: Type.String({ description: '`/problems/NAME`' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    requestId: Type.String(),
  },
  { title: 'Problem', additionalProperties: true, description: 'RFC 9457' },
)
