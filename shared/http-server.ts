/** What both HTTP servers share: ids, limits, problem details for every failure, sampled logs and request metrics. */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Logger } from 'pino'
import { Histogram, type Registry } from 'prom-client'
import { watchMethods } from './allowed-methods.ts'
import { isRetryable, isUnavailable } from './postgres.ts'
import {
  CatalogError,
  invalidParameter,
  malformedBody,
  methodNotAllowed,
  overloaded,
  payloadTooLarge,
  problemDetails,
  PROBLEMS,
  unavailable,
  unsupportedMediaType,
  invalidBody,
} from './problem.ts'
import { codeOf, documentError, expectedBy, pointerOf, unescapePointer, type SchemaFault } from './schema-faults.ts'
import { traceIdOf } from './trace-context.ts'

export interface HttpServerOptions {
  readonly log: Logger
  readonly metrics: Registry
  readonly bodyLimitBytes: number
  /** Addresses of proxies whose X-Forwarded-* is believed; false for none. */
  readonly trustProxy: boolean | string
  /** Longest a request may take to arrive, its body included. Default 30,000; uploads need more. */
  readonly requestTimeoutMs?: number
  /** Of 1,000 successful requests, how many are logged. Failures (5xx) always are. */
  readonly logPerMille: number
}

export type HttpServer = ReturnType<typeof createHttpServer>

const REQUEST_ID = /^[\w.:-]{1,64}$/
const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

export function createHttpServer(options: HttpServerOptions) {
  const logger: FastifyBaseLogger = options.log
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes,
    trustProxy: options.trustProxy,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    frameworkErrors: (error, request, reply) => void sendProblem(toCatalogError(error, request), request, reply),
    clientErrorHandler: refuseConnection,
    forceCloseConnections: 'idle',
    // What still comes over a kept-alive connection is answered, and the connection ended after it.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512, caseSensitive: true },
    ajv: { customOptions: { allErrors: true, coerceTypes: 'array', removeAdditional: false, useDefaults: true } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.removeContentTypeParser('text/plain')
  const findMethods = watchMethods(app)
  app.setErrorHandler((error, request, reply) => {
    // That a body cannot be read matters less than that nobody here would have read it.
    const isUnread = request.is404 && !(error instanceof CatalogError)
    return sendProblem(isUnread ? nothingThere(request, findMethods(pathOf(request))) : toCatalogError(error, request), request, reply)
  })
  app.setNotFoundHandler((request, reply) => {
    const allowed = findMethods(pathOf(request))
    if (request.method === 'OPTIONS' && allowed.length > 0) return reply.code(204).header('allow', allowed.join(', ')).send()
    return sendProblem(nothingThere(request, allowed), request, reply)
  })
  addRequestMetrics(app, options)
  refuseBadEncoding(app)
  closeConnectionsAsTheyIdle(app)
  return app
}

/** What is no HTTP, or has headers that are too large: answered on the bare socket. */
function refuseConnection(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const status = tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'
  const problem = malformedBody(tooLarge ? 'The URL and the headers are too large' : 'The request cannot be read as HTTP')
  const body = JSON.stringify({ ...problemDetails(problem, '', randomUUID()), status: Number(status.slice(0, 3)) })
  if (!socket.writable) return void socket.destroy()
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\nconnection: close`
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : randomUUID()
}

function nothingThere(request: FastifyRequest, allowed: readonly string[]): CatalogError {
  // A route that takes any path may know of nothing at this one.
  if (allowed.length > 0 && !allowed.includes(request.method)) return methodNotAllowed(request.method, allowed)
  return new CatalogError('not-found', `Nothing is at ${request.method} ${pathOf(request)}`)
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url
}

/** By which a log line is found: the id that the answer has, and the sender's trace, if it told one. */
export function idsOf(request: FastifyRequest): { readonly requestId: string; readonly traceId: string | undefined } {
  return { requestId: request.id, traceId: traceIdOf(request.headers['traceparent']) }
}

/** Answers problem details; a 5xx is logged here, once, with its cause. */
export function sendProblem(error: CatalogError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Whoever is too busy to answer is too busy to write a line each time; refusals are counted by status.
  if (error.status >= 500 && error.problem !== 'overloaded')
    request.log.error({ err: error.cause ?? error, ...idsOf(request), url: request.url }, error.message)
  if (error.status >= 500 || !reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store')
  return reply
    .code(error.status)
    .headers({ ...error.headers, 'x-request-id': request.id })
    .type('application/problem+json')
    .send(JSON.stringify(problemDetails(error, pathOf(request), request.id)))
}

interface FastifyFailure extends Error {
  readonly code?: string
  readonly statusCode?: number
  readonly validation?: readonly SchemaFault[]
  readonly validationContext?: string
}

/** No message of a library, no SQL, no stack leaves: what is not a CatalogError becomes one. */
export function toCatalogError(error: unknown, request: FastifyRequest): CatalogError {
  if (error instanceof CatalogError) return error
  const failure = error as FastifyFailure
  if (failure.validation) return fromValidation(failure, request)
  if (failure.code === 'FST_ERR_BAD_URL')
    return invalidParameter([{ parameter: 'path', code: 'encoding', message: 'The URL must be percent-encoded UTF-8' }])
  if (failure.code === 'FST_ERR_MAX_PARAM_LENGTH')
    return invalidParameter([{ parameter: 'path', code: 'maxLength', message: 'A segment of the path is too long' }])
  if (failure.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return payloadTooLarge(request.routeOptions.bodyLimit)
  if (failure.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return unsupportedMediaType(request.headers['content-type'] ?? '', 'application/json')
  if (failure.code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return malformedBody('The body is empty')
  if (failure.code === 'FST_ERR_CTP_INVALID_JSON_BODY') return malformedBody('The body is not JSON')
  if (failure.statusCode !== undefined && failure.statusCode >= 400 && failure.statusCode < 500)
    return malformedBody('The request cannot be read')
  if (isUnavailable(error)) return unavailable('The database cannot be reached', error)
  if (isRetryable(error)) return overloaded('Other writes of the same things were faster each time', error)
  return new CatalogError('internal', PROBLEMS.internal[1], { cause: error })
}

/** Of one answer: ten thousand parameters, each of them wrong, are not told one by one. */
const ERRORS_AT_MOST = 100

function fromValidation({ validation = [], validationContext }: FastifyFailure, request: FastifyRequest): CatalogError {
  const faults = validation.slice(0, ERRORS_AT_MOST)
  if (validationContext === 'body') return invalidBody(faults.map((fault) => documentError(fault, 'The body')))
  const sent = (validationContext === 'querystring' ? request.query : {}) as Readonly<Record<string, unknown>>
  // Of a name that stands twice where it may stand once, no value is looked at.
  const repeated = new Set(faults.filter((fault) => fault.keyword === 'type' && Array.isArray(sent[parameterOf(fault)])).map(parameterOf))
  const others = faults.filter((fault) => !repeated.has(parameterOf(fault)))
  return invalidParameter([
    ...[...repeated].map((parameter) => ({ parameter, code: 'type', message: `${parameter} must be given once` })),
    ...others.map((fault) => ({
      parameter: parameterOf(fault),
      code: codeOf(fault),
      message: `${parameterOf(fault)} ${expectedBy(fault)}`,
    })),
  ])
}

/** By its name, whichever of its values is wrong. */
function parameterOf(fault: SchemaFault): string {
  return unescapePointer(pointerOf(fault).split('/', 2)[1] ?? '')
}

/** The parser takes what it cannot decode as it is: a filter by `%FF` would find nothing, and nobody would know why. */
function refuseBadEncoding(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const query = request.url.includes('%') ? request.url.slice(request.url.indexOf('?') + 1) : ''
    const bad = query.split('&').find((pair) => !isEncoded(pair))
    if (bad === undefined) return done()
    const [parameter = ''] = bad.split('=')
    done(invalidParameter([{ parameter, code: 'encoding', message: `${parameter} must be percent-encoded UTF-8` }]))
  })
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const SWEEP_EVERY_MS = 50

/** A close ends the connections that are idle then; one that answers its last request later would be kept open, and the close with it. */
function closeConnectionsAsTheyIdle(app: FastifyInstance): void {
  let sweep: NodeJS.Timeout | undefined
  app.addHook('preClose', (done) => {
    sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_EVERY_MS)
    done()
  })
  app.addHook('onClose', (_app, done) => {
    clearInterval(sweep)
    done()
  })
}

function addRequestMetrics(app: FastifyInstance, options: HttpServerOptions): void {
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request line to the last byte handed to the socket',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY_BUCKETS_S,
    registers: [options.metrics],
  })
  // labels() builds a string key a call; the child is looked up by route and status instead.
  const children = new Map<string, { observe(value: number): void }>()
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const key = `${request.method} ${route} ${reply.statusCode}`
    let child = children.get(key)
    if (child === undefined) {
      child = seconds.labels(request.method, route, String(reply.statusCode))
      children.set(key, child)
    }
    child.observe(reply.elapsedTime / 1000)
    if (Math.random() * 1000 < options.logPerMille) {
      request.log.info(
        { ...idsOf(request), method: request.method, url: request.url, status: reply.statusCode, ms: reply.elapsedTime },
        'request',
      )
    }
    done()
  })
}
