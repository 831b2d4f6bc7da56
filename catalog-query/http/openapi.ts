/** The OpenAPI 3.1 document, made from the schemas that the routes check requests by. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { toStamp } from '../../shared/stamp.ts'
import { encodeToken, type ConsistencyToken } from '../../shared/token.ts'
import { ATTRIBUTES_IN_OPENAPI, ATTRIBUTES_PARAMETER } from '../list/filter-parameters.ts'

const DESCRIPTION = `Reads the catalog. Every answer says how old it may be (\`Catalog-Staleness\`, milliseconds, an upper bound) and where it came from
(\`Cache-Status\`). A read that carries a \`Consistency-Token\` is never answered anything older than what the token stands for, and answers a token of
its own. Errors are RFC 9457 problem details; each \`type\` is a page.`

/** Call it before the first route. */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Catalog: query API',
        description: DESCRIPTION,
        version: '1',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'products', description: 'One product, or several by name' },
        { name: 'lists', description: 'Lists, what narrows them down, suggestions, brands, attributes, channels' },
        { name: 'categories', description: 'The category tree' },
        { name: 'feed', description: 'What changed, for whoever keeps a copy' },
      ],
      components: {
        securitySchemes: {
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Api-Key',
            description: 'Only where the server asks for credentials. A revoked key works at most 60 s longer.',
          },
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Only where the settings name an issuer' },
        },
        headers: HEADERS,
      },
    },
    transformObject: (document) => ('openapiObject' in document ? completeDocument(document.openapiObject) : document.swaggerObject),
    transform: ({ schema, url, route }) => {
      if (schema.hide === true || route.config?.scope === null) return { schema, url }
      // Reading is anonymous unless the server is set to ask for credentials; other scopes always need some.
      const security = [...(route.config?.scope === 'catalog:read' ? [{}] : []), { apiKey: [] }, { bearer: [] }]
      return { schema: { ...withAttributes(schema), headers: TOKEN_HEADER, security }, url }
    },
  })
  const options = { schema: { hide: true }, config: { scope: null } }
  app.get('/v1/openapi.json', options, (_request, reply) => reply.header('cache-control', 'public, max-age=60').send(app.swagger()))
}

/** A query string that takes names by a pattern, said as one parameter. */
function withAttributes<Schema extends { readonly querystring?: unknown }>(schema: Schema): Schema {
  const { querystring } = schema as { readonly querystring?: { readonly properties?: object; readonly patternProperties?: object } }
  if (querystring?.patternProperties === undefined) return schema
  const { patternProperties: _said, properties, ...rest } = querystring
  return { ...schema, querystring: { ...rest, properties: { ...properties, [ATTRIBUTES_PARAMETER]: ATTRIBUTES_IN_OPENAPI } } }
}

const text = (description: string, more: object = {}) => ({ description, schema: { type: 'string' as const, ...more } })

/** Of answers, by the name of their component. */
const HEADERS = {
  'Consistency-Token': text(
    'For the next read: whatever carries it is never answered anything older. Only where the request had one, and from the change feed',
    {
      maxLength: 200,
    },
  ),
  'Catalog-Staleness': {
    description: 'How old the answer is at most, milliseconds',
    schema: { type: 'integer' as const, minimum: 0 },
  },
  'Cache-Status': text('Where it came from (RFC 9211): `catalog; hit; detail=memory`, `catalog; fwd=miss`'),
  'Cache-Control': text('On every status'),
  ETag: text('Of this representation; `If-None-Match` with it answers 304'),
  Age: { description: 'Seconds since the content was last known to be current', schema: { type: 'integer' as const, minimum: 0 } },
  Vary: text('What else the answer depends on'),
  'Content-Language': text('Of its texts: the first of the chain that they are in'),
  'Server-Timing': text('How long it took here'),
  'X-Request-Id': text('As it was sent, or made here'),
  'Retry-After': { description: 'Seconds', schema: { type: 'integer' as const, minimum: 0 } },
}
const OF_EVERY_ANSWER = [
  'Consistency-Token',
  'Catalog-Staleness',
  'Cache-Status',
  'Cache-Control',
  'Age',
  'Vary',
  'Server-Timing',
  'X-Request-Id',
] as const
const HEADERS_BY_STATUS: Readonly<Record<string, readonly (keyof typeof HEADERS)[]>> = {
  200: [...OF_EVERY_ANSWER, 'ETag', 'Content-Language'],
  304: [...OF_EVERY_ANSWER, 'ETag'],
  429: ['Retry-After'],
  503: ['Retry-After'],
}

/** What is added to, of the document. */
interface DescribedOperation {
  readonly parameters?: readonly {
    readonly name?: string
    required?: boolean
    readonly schema?: object
    style?: string
    explode?: boolean
  }[]
  readonly responses?: Readonly<Record<string, { headers?: object }>>
}
interface Described {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
}

/** What the routes' schemas have no place for: headers of answers, and that a parameter with a default may be left out. */
function completeDocument<Document extends object>(document: Document): Document {
  const { paths = {} } = document as Described
  for (const { parameters = [], responses = {} } of Object.values(paths).flatMap((path) => Object.values(path))) {
    for (const parameter of parameters) {
      if (parameter.schema !== undefined && 'default' in parameter.schema) parameter.required = false
      if (parameter.name === ATTRIBUTES_PARAMETER) Object.assign(parameter, { style: 'form', explode: true })
    }
    for (const [status, response] of Object.entries(responses)) {
      const names = HEADERS_BY_STATUS[status]
      if (names !== undefined) response.headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
    }
  }
  return document
}

/** A token that every answer satisfies: an example that can be sent. */
const LONG_AGO: ConsistencyToken = { stamp: toStamp(1, 1), lsn: null, product: null }

const TOKEN_HEADER = {
  type: 'object',
  properties: {
    'Consistency-Token': {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      pattern: '^[A-Za-z0-9_-]+$',
      examples: [encodeToken(LONG_AGO)],
      description: 'Never answer anything older than what it stands for',
    },
  },
}
