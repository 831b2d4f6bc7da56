/** The HTTP face of imports: upload, progress, errors, and what can be done to a job (api.md, "admin: long work"). */
import type { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7, validate as isUuid } from 'uuid'
import { invalidCursor, invalidState, malformedBody, notFound, overloaded, unsupportedMediaType } from '../../shared/problem.ts'
import { principalOf } from '../access/route-guard.ts'
import { type FailedLine, listImportErrors } from './import-error.ts'
import { applyDryRun, createImportJob, endJob, findImportJob, type ImportJob, listImportJobs, retryFailedLines } from './import-job.ts'
import { IMPORTS_PATH, ImportErrorView, ImportModeSchema, importView, ImportView } from './import-view.ts'
import { MAX_UPLOAD_BYTES, storeUpload } from './upload.ts'

export interface ImportRouteParts {
  readonly pool: Pool
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
const Cursor = Type.Optional(Type.String({ maxLength: 200 }))
const Params = Type.Object({ id: Type.String({ format: 'uuid' }) })
const ERRORS_PER_PAGE = 100
const JOBS_PER_PAGE = 24

export function registerImportRoutes(app: FastifyInstance, parts: ImportRouteParts): void {
  void app.register(async (scope) => addUploadRoute(scope, parts))
  addListRoutes(app, parts.pool)
  addActionRoutes(app, parts)
}

/** In a scope of its own: the one route whose body is not read but handed on as a stream. */
function addUploadRoute(scope: FastifyInstance, parts: ImportRouteParts): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(FORMAT, (_request, body, done) => done(null, body))
  scope.addContentTypeParser('text/csv', (_request, _body, done) => done(unsupportedMediaType('text/csv, which is not there yet', FORMAT)))
  scope.addContentTypeParser('*', (request, _body, done) => done(unsupportedMediaType(request.headers['content-type'] ?? '', FORMAT)))
  const schema = {
    tags,
    summary: 'Import a file',
    description: `The body is the file, ${FORMAT}, one product a line; gzip by Content-Encoding.`,
    querystring: Type.Object(
      { mode: Type.Optional({ ...ImportModeSchema, default: 'upsert' }), dryRun: Type.Optional(Type.Boolean({ default: false })) },
      strict,
    ),
    response: { 202: ImportView },
  }
  scope.withTypeProvider<TypeBoxTypeProvider>().post(IMPORTS_PATH, { schema, config }, async (request, reply) => {
    const gzipped = isGzip(request.headers['content-encoding'])
    const body = request.body as Readable | undefined
    if (body === undefined) throw malformedBody('The body is missing')
    const { mode = 'upsert', dryRun = false } = request.query
    const { pool, owner, stopping } = parts
    const jobId = uuidv7()
    if (!(await createImportJob(pool, { id: jobId, mode, dryRun, createdBy: principalOf(request).id, owner }))) {
      throw overloaded('Too many imports are open: wait for one to end, or cancel one')
    }
    await storeUpload(pool, { jobId, owner, body, gzipped, stopping }, parts.maxUploadBytes ?? MAX_UPLOAD_BYTES)
    parts.onJob()
    return await reply
      .code(202)
      .header('location', `${IMPORTS_PATH}/${jobId}`)
      .send(importView(await existingJob(pool, jobId)))
  })
}

function isGzip(encoding: string | undefined): boolean {
  if (encoding === undefined || encoding === 'identity') return false
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  throw unsupportedMediaType(`Content-Encoding ${encoding}`, 'gzip or identity')
}

async function existingJob(pool: Pool, id: string): Promise<ImportJob> {
  const job = await findImportJob(pool, id)
  if (job === null) throw notFound('import', 'id', id)
  return job
}

function addListRoutes(app: FastifyInstance, pool: Pool): void {
  const typed = app.withTypeProvider<TypeBoxTypeProvider>()
  const one = { tags, summary: 'How far an import is', params: Params, response: { 200: ImportView } }
  typed.get(`${IMPORTS_PATH}/:id`, { schema: one, config }, async (request) => importView(await existingJob(pool, request.params.id)))

  const list = {
    tags,
    summary: 'Imports, newest first',
    querystring: pageQuery(JOBS_PER_PAGE, 100),
    response: { 200: pageOf(ImportView) },
  }
  typed.get(IMPORTS_PATH, { schema: list, config }, async (request) => {
    const { cursor, limit = JOBS_PER_PAGE } = request.query
    const before = cursor === undefined ? null : readCursor(cursor, isUuid)
    const jobs = await listImportJobs(pool, before, limit + 1)
    return { data: jobs.slice(0, limit).map(importView), page: { limit, next: nextCursor(jobs, limit, (job) => job.id) } }
  })

  const errors = {
    tags,
    summary: 'The lines that failed, in the order of the file',
    params: Params,
    querystring: pageQuery(ERRORS_PER_PAGE, 1_000),
    response: { 200: pageOf(ImportErrorView) },
  }
  typed.get(`${IMPORTS_PATH}/:id/errors`, { schema: errors, config }, async (request) => {
    const { cursor, limit = ERRORS_PER_PAGE } = request.query
    const after = cursor === undefined ? 0 : Number(readCursor(cursor, (text) => /^\d{1,9}$/.test(text)))
    await existingJob(pool, request.params.id)
    const failed = await listImportErrors(pool, request.params.id, after, limit + 1)
    const data = failed.slice(0, limit) as (FailedLine & { problem: { type: string; title: string; status: number; detail: string } })[]
    return { data, page: { limit, next: nextCursor(failed, limit, ({ line }) => String(line)) } }
  })
}

function addActionRoutes(app: FastifyInstance, { pool, onJob }: ImportRouteParts): void {
  const actions = [
    ['cancel', 'End it; what was applied stays', async (id: string) => await endJob(pool, id, 'cancelled', null)],
    ['apply', 'Apply what a dry run has checked', async (id: string) => await applyDryRun(pool, id)],
    ['retry-failed', 'Try the lines that failed once more', async (id: string) => await retryFailedLines(pool, id)],
  ] as const
  for (const [name, summary, act] of actions) {
    const schema = { tags, summary, params: Params, response: { 202: ImportView } }
    const typed = app.withTypeProvider<TypeBoxTypeProvider>()
    typed.post(`${IMPORTS_PATH}/:id/${name}`, { schema, config }, async (request, reply) => {
      const { id } = request.params
      const before = await existingJob(pool, id)
      const done = await act(id)
      const repeated = name === 'cancel' && before.state === 'cancelled'
      if (!done && !repeated) throw invalidState(`The import is ${before.state}, so ${name} is not possible`)
      onJob()
      return await reply.code(202).send(importView(await existingJob(pool, id)))
    })
  }
}

function pageQuery(limit: number, maximum: number) {
  return Type.Object({ cursor: Cursor, limit: Type.Optional(Type.Integer({ minimum: 1, maximum, default: limit })) }, strict)
}

function pageOf<T extends typeof ImportView | typeof ImportErrorView>(item: T) {
  return Type.Object({
    data: Type.Array(item),
    page: Type.Object({ limit: Type.Integer(), next: Type.Union([Type.String(), Type.Null()]) }),
  })
}

/** Opaque: the place of the last item. @param rows one more than fits, when there is more */
function nextCursor<T>(rows: readonly T[], limit: number, place: (row: T) => string): string | null {
  const last = rows[limit - 1]
  return last === undefined || rows.length <= limit ? null : Buffer.from(place(last)).toString('base64url')
}

function readCursor(cursor: string, isValid: (place: string) => boolean): string {
  const place = Buffer.from(cursor, 'base64url').toString('latin1')
  if (!isValid(place)) throw invalidCursor()
  return place
}
