/** The shape of facets in answers, for the OpenAPI document. */
import { Type } from 'typebox'

const head = {
  attribute: Type.String({ description: '`category`, `brand`, `price`, `inStock`, `onSale`, `tag`, or the code of an attribute' }),
  parameter: Type.String({ description: 'The query parameter that selects a value: `brand`, `attr.color`' }),
  label: Type.String(),
  unit: Type.Optional(Type.String()),
}
const count = Type.Integer({ description: 'Products that the list would have with this value, whatever else of this facet is selected' })
const End = Type.Union([Type.Number(), Type.Null()])

const TermsFacet = Type.Object(
  {
    ...head,
    type: Type.Literal('terms'),
    values: Type.Array(Type.Object({ value: Type.String(), label: Type.String(), count, selected: Type.Boolean() })),
  },
  { title: 'TermsFacet' },
)

const RangeFacet = Type.Object(
  {
    ...head,
    type: Type.Literal('range'),
    min: End,
    max: End,
    buckets: Type.Array(
      Type.Object(
        { from: End, to: End, count, selected: Type.Boolean() },
        { description: 'Both ends included, so that a value on an edge is in two; null: open. Selected as `from..to`' },
      ),
    ),
  },
  { title: 'RangeFacet' },
)

export const FacetsAnswer = Type.Object(
  {
    facets: Type.Array(Type.Union([TermsFacet, RangeFacet])),
    approximate: Type.Boolean({ description: 'More products than are looked at: some counts are estimated from a sample' }),
  },
  { title: 'Facets' },
)
