/** The OpenAPI 3.1 document, made from the schemas that the routes check requests by. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'

const DESCRIPTION = `Writes the catalog. A product carries two numbers: \`version\`, which people edit against (the ETag), and \`rev\`, the order of
everything that readers can see. Every write answers a Consistency-Token: a read that carries it, here or on the query server, is never answered
anything older than that write. Errors are RFC 9457 problem details; each \`type\` is a page.`

/** Call it before the first route. @param schemas those that routes refer to by name */
export async function addOpenApi(app: FastifyInstance, schemas: readonly TSchema[]): Promise<void> {
  for (const schema of schemas) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Catalog: admin API',
        description: DESCRIPTION,
        version: '1',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'products', description: 'Write, read, delete and restore products' },
        { name: 'imports', description: 'Many products from one file' },
        { name: 'reference', description: 'Channels, brands, categories and attributes' },
        { name: 'clients', description: 'Who may call' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Only where the settings name an issuer' },
        },
      },
    },
    refResolver: { buildLocalReference: (json, _baseUri, _fragment, i) => String(json['$id'] ?? `def-${i}`) },
    transform: ({ schema, url, route }) => {
      const scope = route.config?.scope
      if (schema?.hide === true || scope === null || scope === undefined) return { schema, url }
      const security = [{ apiKey: [] }, { bearer: [] }]
      return { schema: { ...schema, security, description: `${schema?.description ?? ''}\n\nScope: \`${scope}\``.trim() }, url }
    },
  })
  app.get('/admin/v1/openapi.json', { schema: { hide: true }, config: { scope: null } }, (_request, reply) =>
    reply.header('cache-control', 'public, max-age=60').send(app.swagger()),
  )
}
