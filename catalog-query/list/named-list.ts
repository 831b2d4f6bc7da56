/** What is listed by its name, a page at a time, walked by keyset both ways: brands, attributes. */
import { Type, type Static, type TSchema } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../../shared/http-server.ts'
import { createSnapshotCache, vouchedBy, type SnapshotCache } from '../cache/snapshot-cache.ts'
import { createGzipCache, type FindGzip } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { LIST_ROUTE } from '../product/route-schema.ts'
import { cacheStatusOf, contentTag } from './list-answer.ts'
import { CURSOR_LENGTH_AT_MOST, decodeCursor } from './list-cursor.ts'
import { limitParameter, linkHeader } from './list-link.ts'
import { cutPage, type Page } from './list-page.ts'
import { queryBinding } from './list-query.ts'
import { DEFAULT_LIMIT, MAX_LIMIT } from './list-reader.ts'
import { listAnswers, pageOf } from './list-schema.ts'

export interface NamedList<Item> {
  /** `/v1/brands` */
  readonly path: string
  readonly summary: string
  readonly operationId: string
  readonly item: TSchema
  /** Of a page of them, in the OpenAPI document. */
  readonly title: string
  /** Of the prepared statements. */
  readonly name: string
  /** SQL without an order: columns, table, and a condition that is always there. */
  readonly select: string
  /** The column that orders and is unique; no value of it is empty. */
  readonly column: string
  readonly placeOf: (item: Item) => string
}

const Parameters = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Entries of a page at most' }),
    cursor: Type.Optional(Type.String({ maxLength: CURSOR_LENGTH_AT_MOST, description: '`page.next` or `page.prev` of another page' })),
  },
  { additionalProperties: false },
)

const MAX_BYTES = 1024 * 1024
const ROW_BYTES = 300

interface NamedParts<Item> {
  readonly context: ReadContext
  readonly cache: SnapshotCache<Page<Item>>
  readonly findGzip: FindGzip
  readonly list: NamedList<Item>
  readonly binding: string
}

export function registerNamedList<Item>(app: HttpServer, context: ReadContext, list: NamedList<Item>): void {
  const cache = createSnapshotCache<Page<Item>>({ maxBytes: MAX_BYTES, sizeOf: ({ shown }) => shown.length * ROW_BYTES })
  const parts = { context, cache, findGzip: createGzipCache(MAX_BYTES), list, binding: queryBinding(list.path) }
  const schema = {
    summary: list.summary,
    operationId: list.operationId,
    tags: ['lists'],
    querystring: Parameters,
    response: listAnswers(pageOf(list.title, list.item)),
  }
  app.get(list.path, { ...LIST_ROUTE, schema }, (request, reply) => answerPage(parts, request, reply))
}

async function answerPage<Item>(
  { context, cache, findGzip, list, binding }: NamedParts<Item>,
  request: FastifyRequest & { query: Static<typeof Parameters> },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { limit, cursor: text } = request.query
  const token = tokenOf(request, context)
  const cursor = decodeCursor(text, binding)
  const backwards = cursor?.direction === 'prev'
  const read = await cache.read(`${limit} ${cursor?.direction} ${cursor?.place}`, token, async (withToken) => {
    // The first page begins after the empty name.
    const values = [cursor?.place ?? '', limit + 1]
    const statement = { name: `${list.name}-${backwards ? 'before' : 'after'}`, text: statementText(list, backwards), values }
    const snapshot = await context.readSnapshot<Item>(statement, withToken)
    const wanted = { limit, direction: cursor?.direction ?? null, placeOf: list.placeOf, binding }
    return vouchedBy(snapshot, cutPage(snapshot.rows, wanted))
  })
  const { shown, next, prev } = read.value
  const json = Buffer.from(JSON.stringify({ data: shown, page: { limit, next, prev } }))
  return sendTagged(
    { context, findGzip },
    { request, reply },
    {
      tag: contentTag(json),
      body: () => json,
      parts: [read],
      cacheStatus: cacheStatusOf([read]),
      token,
      headers: linkHeader(read.value, list.path, [limitParameter(limit)]),
    },
  )
}

function statementText({ select, column }: Pick<NamedList<never>, 'select' | 'column'>, backwards: boolean): string {
  return /* sql */ `
  ${select} and ${column} ${backwards ? '<' : '>'} $1
  order by ${column}${backwards ? ' desc' : ''}
  limit $2`
}
