/** `GET /v1/changes`: every change of every product, in an order without gaps, for whoever keeps a copy of the catalog. */
import { Type } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { NO_STAMP } from '../../shared/stamp.ts'
import { encodeToken, type ConsistencyToken } from '../../shared/token.ts'
import { requireScope } from '../access/guard.ts'
import type { CallerCheck } from '../access/caller-check.ts'
import { answerTokenOfMany } from '../cache/token-rule.ts'
import type { ReadContext } from '../http/read-context.ts'
import { tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { cacheStatusOf, contentTag } from '../list/list-answer.ts'
import { listAnswers } from '../list/list-schema.ts'
import { problemAnswer, type Answers } from '../product/route-schema.ts'
import { CURSOR_LENGTH_AT_MOST, decodeChangeCursor, encodeChangeCursor } from './change-cursor.ts'
import { createChangeReader } from './change-reader.ts'

const SCOPE = 'catalog:feed'
const COST = 2
const DEFAULT_LIMIT = 100
const LIMIT_AT_MOST = 1_000

const DESCRIPTION = `Walk \`next\` for ever: nothing is left out, and what was written together may be split between pages. Changes are kept for 7 days;
a cursor older than that answers 410. A change appears when every transaction that began before it has ended.
Read the products named here by \`POST /v1/products:batchGet\`; what comes with a smaller \`rev\` or is missing, read again with this answer’s
Consistency-Token; what is missing then is not to be seen by readers: drop it. Every answer here carries such a token.
Begin a copy with an empty \`after\`, read the whole catalog once, and go on from \`next\`.

Scope: \`${SCOPE}\`. It needs credentials also where reading needs none (\`QUERY_AUTH=off\`): it tells when products change that readers do not see.`

const ChangeParameters = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        maxLength: CURSOR_LENGTH_AT_MOST,
        examples: [''],
        description: '`next` of another page; empty: from the beginning of what is kept',
      }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: LIMIT_AT_MOST, default: DEFAULT_LIMIT, description: 'Changes of a page at most' }),
  },
  { additionalProperties: false },
)

const ChangeItem = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Of the product' }),
    rev: Type.Integer({ description: 'Of the product after this change; a later change has a greater one' }),
    type: Type.Enum(['created', 'updated', 'deleted'], { type: 'string' }),
    at: Type.String({ format: 'date-time' }),
  },
  { title: 'Change' },
)

const ANSWERS: Answers = {
  ...listAnswers(
    Type.Object({ data: Type.Array(ChangeItem), next: Type.String({ description: 'For `after`; always there' }) }, { title: 'ChangePage' }),
  ),
  410: problemAnswer('The cursor is older than what is kept, or belongs to a history that a failover cut off'),
}

/** Later than nothing: every answer gives a token, whether or not one was sent. */
const NO_TOKEN: ConsistencyToken = { stamp: NO_STAMP, lsn: null, product: null }

export function registerChangeFeed(app: HttpServer, context: ReadContext, callers: CallerCheck): void {
  const readChanges = createChangeReader(context.readSnapshot)
  // Whatever the rest of the server asks for: it tells of drafts.
  const settings = { context: { ...context, answers: { ...context.answers, private: true } }, findGzip: () => null }
  const schema = {
    summary: 'Changes of products',
    operationId: 'listChanges',
    description: DESCRIPTION,
    tags: ['feed'],
    querystring: ChangeParameters,
    response: ANSWERS,
  }
  const config = { scope: SCOPE, cost: COST } as const
  app.get('/v1/changes', { config, onRequest: requireScope(callers, SCOPE), schema }, async (request, reply) => {
    const { after, limit } = request.query
    const token = tokenOf(request, context)
    const page = await readChanges(decodeChangeCursor(after), limit, token)
    const json = Buffer.from(JSON.stringify({ data: page.value.changes, next: encodeChangeCursor(page.value.next) }))
    if (token === null) void reply.header('consistency-token', encodeToken(answerTokenOfMany(NO_TOKEN, [page])))
    const answer = { tag: contentTag(json), body: () => json, parts: [page], cacheStatus: cacheStatusOf([page]), token }
    return sendTagged(settings, { request, reply }, answer)
  })
}
