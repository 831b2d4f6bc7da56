/** The OpenAPI 3.1 document, made from the schemas that the routes check requests by. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

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
        { name: 'lists', description: 'Lists, categories, brands, channels' },
        { name: 'feed', description: 'What changed, for whoever keeps a copy' },
      ],
      components: {
        securitySchemes: {
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Api-Key',
            description: 'Only where the server asks for one. A revoked key works at most 60 s longer.',
          },
        },
        headers: {
          ConsistencyToken: {
            description: 'In: never answer anything older. Out: for the next read.',
            schema: { type: 'string', maxLength: 200 },
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      if (schema.hide === true || route.config?.scope === null) return { schema, url }
      // Reading is anonymous unless the server is set to ask for a key; other scopes always need one.
      const security = [...(route.config?.scope === 'catalog:read' ? [{}] : []), { apiKey: [] }]
      return { schema: { ...schema, headers: TOKEN_HEADER, security }, url }
    },
  })
  const options = { schema: { hide: true }, config: { scope: null } }
  app.get('/v1/openapi.json', options, (_request, reply) => reply.header('cache-control', 'public, max-age=60').send(app.swagger()))
}

const TOKEN_HEADER = {
  type: 'object',
  properties: {
    'Consistency-Token': { type: 'string', maxLength: 200, description: 'Never answer anything older than what it stands for' },
  },
}
