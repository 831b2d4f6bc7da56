import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createHttpServer } from './http-server.ts'
import { traceIdOf } from './trace-context.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const VALID = `00-${TRACE_ID}-${PARENT}-01`

test('the trace id of a well-formed traceparent is known, of a later version too', () => {
  for (const header of [VALID, `cc-${TRACE_ID}-${PARENT}-00`, `cc-${TRACE_ID}-${PARENT}-00-what.may.come`]) {
    expect(traceIdOf(header), header).toBe(TRACE_ID)
  }
})

test.each([
  ['nothing', undefined],
  ['an empty one', ''],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
  ['capitals', VALID.toUpperCase()],
  ['a trace id that is too short', `00-${TRACE_ID.slice(1)}-${PARENT}-01`],
  ['version ff', `ff-${TRACE_ID}-${PARENT}-01`],
  ['more than version 00 has', `${VALID}-more`],
  ['more without a dash', `cc-${TRACE_ID}-${PARENT}-00more`],
  ['no flags', `00-${TRACE_ID}-${PARENT}`],
  ['two headers', `${VALID}, ${VALID}`],
  ['two headers in a list', [VALID, VALID]],
])('%s is ignored', (_name, header) => {
  expect(traceIdOf(header)).toBeUndefined()
})

test('a line about a request names its trace, whether it was answered or failed', async () => {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) })
  const app = createHttpServer({ log, metrics: new Registry(), bodyLimitBytes: 1_000, trustProxy: false, logPerMille: 1_000 })
  app.get('/works', () => 'yes')
  app.get('/fails', () => Promise.reject(new Error('broken')))
  await app.inject({ url: '/works', headers: { traceparent: VALID } })
  await app.inject({ url: '/works', headers: { traceparent: 'nonsense' } })
  await app.inject({ url: '/fails', headers: { traceparent: VALID } })
  await app.close()
  expect(lines.map(({ url, msg, traceId }) => [url, msg, traceId])).toEqual([
    ['/works', 'request', TRACE_ID],
    ['/works', 'request', undefined],
    ['/fails', 'Something went wrong on our side', TRACE_ID],
    ['/fails', 'request', TRACE_ID],
  ])
})
