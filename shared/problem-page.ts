/** `GET /problems/NAME`: what a problem's `type` leads to, a page that a person can read (api.md, "Conventions"). */
import type { FastifyInstance } from 'fastify'
import { CatalogError, PROBLEMS, type ProblemName } from './problem.ts'

/** What the client can do about it, in one or two sentences. */
const ADVICE: Readonly<Record<ProblemName, string>> = {
  'invalid-parameter': 'errors names each parameter and what was expected of it. A parameter that is not known counts too.',
  'invalid-cursor': 'Begin the list again without a cursor. A cursor belongs to the filters and the sort that it was made for.',
  'malformed-body': 'Send UTF-8 JSON, whole, with the Content-Encoding that it has.',
  unauthenticated: 'Send a key that has not been revoked in X-Api-Key, or a token that has not expired in Authorization.',
  'missing-scope': 'required names the scope. Use a client that has it, or have one made by POST /admin/v1/clients.',
  'not-found': 'Check the address. A product that readers may not see yet is not found by them either.',
  'method-not-allowed': 'The Allow header lists what is allowed at this address.',
  'not-acceptable': 'Let Accept-Encoding allow gzip, br or identity.',
  'key-taken': 'Change that product by PUT …/by-key/{key}, or choose another key.',
  'sku-taken': 'A SKU belongs to one variant of the whole catalog. sku names it.',
  'slug-taken': 'Choose another slug, or leave it out: one is then made from the title.',
  'schedule-overlap': 'Delete the other schedule first, or choose another time.',
  'request-in-progress': 'Wait for the first request with this Idempotency-Key to end, then send it again.',
  'invalid-state': 'detail says which state it is in and what it would have to be.',
  gone: 'It existed and was deleted. Restore it from the bin, or stop asking for it. Of a change feed: begin the copy anew.',
  'version-conflict':
    'Read it again, look at changedPointers, and send the edit with the new version in If-Match; a PATCH may ask for ?onConflict=rebase.',
  'payload-too-large': 'Send less at once. Many products go by an import.',
  'unsupported-media-type': 'detail names the Content-Type that is expected.',
  'validation-failed': 'errors names each place by a JSON pointer and what was expected there. Nothing was written.',
  'idempotency-mismatch': 'Use a new Idempotency-Key for a new request; only the very same request may repeat one.',
  'precondition-required': 'Send If-Match with the ETag that you read, so that nobody’s edit is lost, or * to override.',
  'rate-limited': 'Wait for the seconds in Retry-After. RateLimit headers say how much is left.',
  internal: 'The fault is ours. Tell us the requestId.',
  overloaded: 'Wait for the seconds in Retry-After, then send it again.',
  unavailable: 'Wait for the seconds in Retry-After, then send it again.',
}

function isProblemName(name: string): name is ProblemName {
  return Object.hasOwn(PROBLEMS, name)
}

/** HTML; null when there is no such problem. */
function renderProblemPage(name: string): string | null {
  if (!isProblemName(name)) return null
  const [status, title] = PROBLEMS[name]
  return page(
    name,
    `<h1>${title}</h1><p><code>${name}</code> · HTTP ${status}</p><p>${ADVICE[name]}</p><p><a href="/problems">All problems</a></p>`,
  )
}

function renderProblemIndex(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([name, [status, title]]) => `<tr><td>${status}</td><td><a href="/problems/${name}">${name}</a></td><td>${title}</td></tr>`,
  )
  return page('Problems', `<h1>Problems</h1><table>${rows.join('')}</table>`)
}

function page(title: string, body: string): string {
  const style = 'body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}td{padding:.1rem 1rem .1rem 0}'
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${style}</style>${body}</html>\n`
}

const CACHE = 'public, max-age=86400'

/** Serves the pages without credentials, and hides them from the OpenAPI document. */
export function registerProblemPages(app: FastifyInstance): void {
  const options = { schema: { hide: true }, config: { scope: null } }
  app.get('/problems', options, (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('cache-control', CACHE).send(renderProblemIndex()),
  )
  app.get<{ Params: { name: string } }>('/problems/:name', options, (request, reply) => {
    const html = renderProblemPage(request.params.name)
    if (html === null) throw new CatalogError('not-found', 'No problem has this name')
    return reply.type('text/html; charset=utf-8').header('cache-control', CACHE).send(html)
  })
}
