/** What the API says of an import (api.md, "admin: long work"). */
import { type Static, type TSchema, Type } from 'typebox'
import { Time, TimeOrNull } from '../http/schemas.ts'
import type { ImportJob } from './import-job.ts'
import { IMPORT_MODES, IMPORT_STATES, IMPORTS_PATH } from './import-state.ts'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
// As ProblemSchema, but no request is at fault: without `instance` and `requestId`.
const Problem = Type.Object(
  { type: Type.String(), title: Type.String(), status: Type.Integer(), detail: Type.String() },
  { additionalProperties: true, description: 'Problem details, RFC 9457' },
)

export const ImportModeSchema = Type.Enum(IMPORT_MODES)

export const ImportSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    state: Type.Enum(IMPORT_STATES),
    mode: ImportModeSchema,
    dryRun: Type.Boolean(),
    progress: Type.Object({
      lines: nullable(Type.Integer({ description: 'Lines that are not blank' })),
      done: Type.Integer(),
      created: Type.Integer(),
      updated: Type.Integer(),
      unchanged: Type.Integer(),
      failed: Type.Integer(),
      linesPerSecond: Type.Integer({ description: 'Since it was started, pauses included' }),
      etaSeconds: nullable(Type.Integer()),
    }),
    throttle: Type.Object({ active: Type.Boolean(), reason: nullable(Type.String()) }),
    problem: nullable(Problem),
    createdAt: Time,
    finishedAt: TimeOrNull,
    links: Type.Object({
      errors: Type.String(),
      cancel: Type.Optional(Type.String()),
      apply: Type.Optional(Type.String()),
      retryFailed: Type.Optional(Type.String()),
    }),
  },
  { $id: 'Import' },
)

export type ImportView = Static<typeof ImportSchema>

export const ImportErrorSchema: TSchema = Type.Object(
  { line: Type.Integer({ minimum: 1 }), key: nullable(Type.String()), problem: Problem },
  { $id: 'ImportError' },
)

export function importView(job: ImportJob): ImportView {
  const linesPerSecond = job.elapsedMs === null ? 0 : ((job.linesDone - job.linesBefore) * 1000) / Math.max(job.elapsedMs, 1)
  const { linesTotal: lines, linesDone: done, created, updated, unchanged, failed } = job
  const runs = job.state === 'running' || job.state === 'validating'
  const etaSeconds = runs && lines !== null && linesPerSecond > 0 ? Math.ceil((lines - done) / linesPerSecond) : null
  return {
    id: job.id,
    state: job.state,
    mode: job.mode,
    dryRun: job.dryRun,
    progress: { lines, done, created, updated, unchanged, failed, linesPerSecond: Math.round(linesPerSecond), etaSeconds },
    throttle: { active: job.throttleReason !== null, reason: job.throttleReason },
    problem: job.problem as Static<typeof Problem> | null,
    createdAt: job.createdAt,
    finishedAt: job.finishedAt,
    links: linksOf(job),
  }
}

/** Of the actions only those that its state allows. */
function linksOf(job: ImportJob): ImportView['links'] {
  const path = `${IMPORTS_PATH}/${job.id}`
  const mayRetry = (job.state === 'partial' || job.state === 'failed') && job.failed > 0 && job.problem === null
  return {
    errors: `${path}/errors`,
    ...(['uploading', 'validating', 'ready', 'running'].includes(job.state) ? { cancel: `${path}/cancel` } : {}),
    ...(job.state === 'ready' ? { apply: `${path}/apply` } : {}),
    ...(mayRetry ? { retryFailed: `${path}/retry-failed` } : {}),
  }
}
