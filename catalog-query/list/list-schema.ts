/** The shapes of lists in answers, for the OpenAPI document: ready bytes are sent, so nothing is serialised by them. */
import { Type, type TSchema } from 'typebox'
import { Product } from '../product/product-schema.ts'
import { SEARCH_MATCHES } from './search-products.ts'
import { PROBLEM_ANSWERS, type Answers } from '../product/route-schema.ts'

export const Card = Type.Object(
  {
    ...Type.Pick(Product, ['id', 'key', 'rev', 'slug', 'title', 'brand', 'price', 'inStock']).properties,
    thumbnail: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'Card', description: 'A product as a list shows it' },
)

/** As `fields` may leave it. */
export const CardPart = Type.Partial(Card, { title: 'Card', description: 'Every member; or, with `fields`, those that it names' })

const Neighbour = Type.Union([Type.String({ description: 'A cursor' }), Type.Null()])

/** `{"data":[…],"page":{…}}` @param title its name in the OpenAPI document. @param more members that it may have besides */
export function pageOf(title: string, item: TSchema, more: Record<string, TSchema> = {}) {
  const page = Type.Object({ limit: Type.Integer(), next: Neighbour, prev: Neighbour })
  return Type.Object({ data: Type.Array(item), page, ...more }, { title })
}

/** A page of products, with `count` where it was asked for. */
export function listOf(item: TSchema) {
  const count = Type.Object(
    { value: Type.Integer(), relation: Type.Enum(['eq', 'gte'], { type: 'string' }) },
    { description: 'Only with count=capped; `gte`: there are more' },
  )
  const match = Type.Enum([...SEARCH_MATCHES], {
    type: 'string',
    description:
      'Only with q: the products have all of its words; or, where none has them, all after the spelling was repaired; or most (all but one); or some, as many as any product has',
  })
  const repaired = Type.Union([Type.String(), Type.Null()], {
    description: 'Only with q: as what it was understood, where its spelling was repaired',
  })
  const more = { count: Type.Optional(count), match: Type.Optional(match), repaired: Type.Optional(repaired) }
  return pageOf('ProductPage', item, more)
}

export const BrandItem = Type.Object({ id: Type.Integer(), slug: Type.String(), name: Type.String() }, { title: 'Brand' })
export const ChannelItem = Type.Object(
  { code: Type.String(), name: Type.String(), currency: Type.String(), defaultLocale: Type.String() },
  { title: 'Channel' },
)

/** Answers of a list, whatever it lists. */
export function listAnswers(answer: TSchema): Answers {
  return { 200: answer, 304: Type.Null({ description: 'Not modified' }), ...PROBLEM_ANSWERS }
}
