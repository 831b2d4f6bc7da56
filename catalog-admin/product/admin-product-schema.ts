/** The admin document for the OpenAPI document: what a writer may send, in its long form, and what the catalog adds to it. */
import { type TSchema, Type } from 'typebox'
import { Time, TimeOrNull } from '../http/schemas.ts'
import { ProductInputSchema } from './product-input.ts'

const {
  locale: _locale,
  title: _title,
  description: _description,
  slug: _slug,
  images: _images,
  ...longForm
} = ProductInputSchema.properties

const Version = Type.Integer({ minimum: 1, description: '+1 on each edit of the product itself; prices and stock do not touch it' })
const Rev = Type.Integer({ description: 'Raised on every change that readers can see' })

export const AdminProductSchema: TSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    version: Version,
    rev: Rev,
    createdAt: Time,
    updatedAt: Time,
    deletedAt: TimeOrNull,
    ...longForm,
    unchanged: Type.Optional(Type.Literal(true, { description: 'It was so already: nothing was written, nothing is emitted' })),
  },
  { $id: 'AdminProduct', additionalProperties: false },
)

/** An entry of the work list. */
export const AdminProductCardSchema: TSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    key: Type.String(),
    title: Type.Union([Type.String(), Type.Null()]),
    status: longForm.status,
    version: Version,
    rev: Rev,
    updatedAt: Time,
    deletedAt: TimeOrNull,
  },
  { $id: 'AdminProductCard' },
)
