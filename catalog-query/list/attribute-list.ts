/** `GET /v1/attributes`: what products have and lists can be filtered by, by code. */
import { Type, type Static } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import type { ReadContext } from '../http/read-context.ts'
import { registerNamedList } from './named-list.ts'

const AttributeItem = Type.Object(
  {
    code: Type.String({ description: 'Filters as `attr.CODE`' }),
    kind: Type.Enum(['text', 'number', 'boolean'], { type: 'string' }),
    labels: Type.Record(Type.String(), Type.String(), { description: 'What it is called, by locale' }),
    unit: Type.Union([Type.String(), Type.Null()]),
    facetable: Type.Boolean({ description: 'Whether it may be among the facets' }),
  },
  { title: 'Attribute' },
)

const SELECT_ATTRIBUTES = /* sql */ `
  select code, kind, labels, unit, facetable
  from attribute
  where true`

export function registerAttributeList(app: HttpServer, context: ReadContext): void {
  registerNamedList<Static<typeof AttributeItem>>(app, context, {
    path: '/v1/attributes',
    summary: 'List attributes',
    operationId: 'listAttributes',
    item: AttributeItem,
    title: 'AttributePage',
    name: 'attributes',
    select: SELECT_ATTRIBUTES,
    column: 'code',
    placeOf: ({ code }) => code,
  })
}
