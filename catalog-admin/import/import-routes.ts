/** The HTTP face of imports: upload, progress, errors, and what can be done to a job (api.md, "admin: long work"). */
import type { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Pool, PoolClient } from 'pg'
import { Type } from 'typebox'
import { validate as isUuid } from 'uuid'
import type { HttpServer } from '../../shared/http-server.ts'
import { invalidState, malformedBody, notFound, unsupportedMediaType } from '../../shared/problem.ts'
import { principalOf } from '../access/route-guard.ts'
import { answerToken, type MakeToken } from '../http/consistency.ts'
import { idempotencyKey, onceInTransaction } from '../http/idempotency.ts'
import { isIntegerPosition, PageQuery, readPage } from '../http/page.ts'
import { IdParams, named, pageOf, read, ReplayHeader, RequestHeaders, responses } from '../http/schemas.ts'
import { type FailedLine, listImportErrors, MAX_STORED_ERRORS } from './import-error.ts'
import { applyDryRun, cancelJob, findImportJob, type ImportJob, listImportJobs, retryFailedLines } from './import-job.ts'
import { startImport } from './import-start.ts'
import { IMPORTS_PATH } from './import-state.ts'
import { ImportErrorSchema, ImportModeSchema, ImportSchema, importView, type ImportView } from './import-view.ts'
import { MAX_UPLOAD_BYTES } from './upload.ts'

export interface ImportRouteParts {
  readonly pool: Pool
  readonly makeToken: MakeToken
  /** The name of this process, the same that its runner has. */
  readonly owner: string
  /** Called when a job is there to be run. */
  readonly onJob: () => void
  /** Aborted when the program stops: uploads in flight are given up. */
  readonly stopping: AbortSignal
  /** Of the file, unzipped. Default 4 GiB. */
  readonly maxUploadBytes?: number
}

const FORMAT = 'application/x-ndjson'
const config = { scope: 'import:run' } as const
const tags = ['imports']
const strict = { additionalProperties: false }
const Params = IdParams('import')

/** Their schemas, named in the OpenAPI document. */
export const IMPORT_SCHEMAS = [ImportSchema, ImportErrorSchema]

export function registerImportRoutes(app: HttpServer, parts: ImportRouteParts): void {
  void app.register(async (scope) => addUpload(scope, parts))
  addReads(app, parts)
  addErrors(app, parts)
  addActions(app, parts)
}

/** In a scope of its own: the one route whose body is not read but handed on as a stream. */
function addUpload(scope: FastifyInstance, parts: ImportRouteParts): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(FORMAT, (_request, body, done) => done(null, body))
  scope.addContentTypeParser('text/csv', (_request, _body, done) => done(unsupportedMediaType('text/csv, which is not there yet', FORMAT)))
  scope.addContentTypeParser('*', (request, _body, done) => done(unsupportedMediaType(request.headers['content-type'] ?? '', FORMAT)))
  const schema = {
    tags,
    summary: 'Import a file',
    description: `The body is the file, ${FORMAT}, one product a line; gzip by Content-Encoding. Two requests with one Idempotency-Key are the same when file and parameters are.`,
    querystring: Type.Object(
      { mode: Type.Optional({ ...ImportModeSchema, default: 'upsert' }), dryRun: Type.Optional(Type.Boolean({ default: false })) },
      strict,
    ),
    headers: Type.Object(RequestHeaders.idempotencyKey),
    response: responses(
      { 202: read('The file is stored and waits for its turn', named('Import'), { Location: Type.String(), ...ReplayHeader }) },
      ['malformed-body', 'unsupported-media-type', 'payload-too-large', 'invalid-state', 'request-in-progress', 'idempotency-mismatch'],
    ),
  }
  scope.withTypeProvider<TypeBoxTypeProvider>().post(IMPORTS_PATH, { schema, config }, async (request, reply) => {
    const gzipped = isGzip(request.headers['content-encoding'])
    const body = request.body as Readable | undefined
    if (body === undefined) throw malformedBody('The body is missing')
    const { mode = 'upsert', dryRun = false } = request.query
    const { pool, owner, stopping, maxUploadBytes: maxBytes = MAX_UPLOAD_BYTES } = parts
    const job = { mode, dryRun, createdBy: principalOf(request).id, owner, idempotencyKey: idempotencyKey(request) }
    const { answer, replayed } = await startImport(pool, { ...job, body, gzipped, stopping, maxBytes })
    if (replayed) void reply.header('idempotent-replayed', 'true')
    else parts.onJob()
    return await reply.code(202).header('location', `${IMPORTS_PATH}/${answer.id}`).send(answer)
  })
}

function isGzip(encoding: string | undefined): boolean {
  if (encoding === undefined || encoding === 'identity') return false
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  throw unsupportedMediaType(`Content-Encoding ${encoding}`, 'gzip or identity')
}

async function existingJob(client: Pool | PoolClient, id: string): Promise<ImportJob> {
  const job = await findImportJob(client, id)
  if (job === null) throw notFound('import', 'id', id)
  return job
}

function addReads(app: HttpServer, { pool, makeToken }: ImportRouteParts): void {
  const one = {
    tags,
    summary: 'How far an import is',
    params: Params,
    headers: Type.Object(RequestHeaders.token),
    response: responses({ 200: read('The import', named('Import')) }, ['not-found']),
  }
  app.get(`${IMPORTS_PATH}/:id`, { schema: one, config }, async (request, reply) => {
    const job = await existingJob(pool, request.params.id)
    await answerToken(makeToken, request, reply, null)
    return importView(job)
  })

  const list = {
    tags,
    summary: 'Imports, newest first',
    headers: Type.Object(RequestHeaders.token),
    querystring: Type.Object(PageQuery, strict),
    response: responses({ 200: read('A page of imports', pageOf(named('Import'))) }, ['invalid-cursor']),
  }
  const jobs = {
    name: 'imports',
    read: async (before: string | null, limit: number) => (await listImportJobs(pool, before, limit)).map(importView),
    positionOf: (job: ImportView) => job.id,
    isPosition: (position: string | number): position is string => isUuid(position),
  }
  app.get(IMPORTS_PATH, { schema: list, config }, async (request, reply) => {
    const page = await readPage(jobs, request.query)
    await answerToken(makeToken, request, reply, null)
    return page
  })
}

function addErrors(app: HttpServer, { pool, makeToken }: ImportRouteParts): void {
  const schema = {
    tags,
    summary: 'The lines that failed',
    description: `In the order of the file; the first ${MAX_STORED_ERRORS} or a few more, later ones are only counted.`,
    params: Params,
    headers: Type.Object(RequestHeaders.token),
    querystring: Type.Object(PageQuery, strict),
    response: responses({ 200: read('A page of errors', pageOf(named('ImportError'))) }, ['not-found', 'invalid-cursor']),
  }
  app.get(`${IMPORTS_PATH}/:id/errors`, { schema, config }, async (request, reply) => {
    const { id } = await existingJob(pool, request.params.id)
    const errors = {
      name: `errors of ${id}`,
      read: async (after: number | null, limit: number) => await listImportErrors(pool, id, after ?? 0, limit),
      positionOf: (error: FailedLine) => error.line,
      isPosition: isIntegerPosition,
    }
    const page = await readPage(errors, request.query)
    await answerToken(makeToken, request, reply, null)
    return page
  })
}

/** By name: what it does, and how. Each @returns false when the job is not in a state for it. */
const ACTIONS = [
  ['cancel', 'End it; what was applied stays', cancelJob],
  ['apply', 'Apply what a dry run has checked', applyDryRun],
  ['retry-failed', 'Try the lines that failed once more', retryFailedLines],
] as const

function addActions(app: HttpServer, { pool, onJob }: ImportRouteParts): void {
  for (const [name, summary, act] of ACTIONS) {
    const response = responses({ 202: read('The import as it is now', named('Import'), ReplayHeader) }, [
      'not-found',
      'invalid-state',
      'request-in-progress',
      'idempotency-mismatch',
    ])
    const schema = { tags, summary, params: Params, headers: Type.Object(RequestHeaders.idempotencyKey), response }
    app.post(`${IMPORTS_PATH}/:id/${name}`, { schema, config }, async (request, reply) => {
      const { id } = request.params
      const { answer, replayed } = await onceInTransaction(pool, request, async (client) => {
        const before = await existingJob(client, id)
        const repeated = name === 'cancel' && before.state === 'cancelled'
        if (!(await act(client, id)) && !repeated) throw invalidState(`The import is ${before.state}, so ${name} is not possible`)
        return importView(await existingJob(client, id))
      })
      if (replayed) void reply.header('idempotent-replayed', 'true')
      else onJob()
      return await reply.code(202).send(answer)
    })
  }
}
