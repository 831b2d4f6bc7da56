import { expect, test } from 'vitest'
import { exitCodeOf, progressLine, summaryOf, uploadLine } from './import-report.ts'
import type { ImportView } from './import-view.ts'

type Overrides = Partial<Omit<ImportView, 'progress'>> & { progress?: Partial<ImportView['progress']> }

function job({ progress, ...rest }: Overrides = {}): ImportView {
  return {
    id: '0197aaaa-0000-7000-8000-000000000000',
    state: 'running',
    mode: 'upsert',
    dryRun: false,
    progress: {
      lines: 19_406,
      done: 12_000,
      created: 11_000,
      updated: 900,
      unchanged: 90,
      failed: 10,
      linesPerSecond: 2_900,
      etaSeconds: 3,
      ...progress,
    },
    throttle: { active: false, reason: null },
    problem: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    links: { errors: '/e' },
    ...rest,
  }
}

test('the progress line tells share, count, rate, time left and failures', () => {
  expect(progressLine(job())).toBe('[███████████████░░░░░░░░░]   61 %  12,000 of 19,406  2,900/s  3 s left  10 failed')
})

test('the progress line of a job that waits tells why', () => {
  const waiting = job({ throttle: { active: true, reason: 'a replica is 1500 ms behind' }, progress: { failed: 0 } })
  expect(progressLine(waiting)).toMatch(/ {2}waits: a replica is 1500 ms behind$/)
})

test('a job without lines draws an empty bar', () => {
  expect(progressLine(job({ progress: { lines: 0, done: 0, linesPerSecond: 0, etaSeconds: null, failed: 0 } }))).toContain(
    '0 %  0 of 0  0/s',
  )
})

test('an upload from a pipe has no share, one from a file has', () => {
  expect(uploadLine(3_100_000, null)).toBe('3.1 MB sent')
  expect(uploadLine(3_000_000, 12_000_000)).toBe('[██████░░░░░░░░░░░░░░░░░░]   25 %  3.0 of 12.0 MB sent')
})

test('the summary shows the first errors with their lines, and how many more there are', () => {
  const problem = { detail: '/title is required' }
  const ended = job({ state: 'partial', progress: { done: 19_406 } })
  expect(
    summaryOf(
      ended,
      [
        { line: 17, key: 'P-1', problem },
        { line: 18, key: null, problem },
      ],
      10,
    ),
  ).toEqual([
    'Imported. 19,406 lines in 10.0 s (1,941/s):',
    '  11,000 created, 900 updated, 90 unchanged, 10 failed',
    '  line 17 (P-1): /title is required',
    '  line 18: /title is required',
    '  and 8 more: GET /e',
  ])
})

test.each([
  ['succeeded', 100, 0, 0],
  ['succeeded', 0, 0, 0],
  ['ready', 100, 0, 0],
  ['ready', 100, 100, 2],
  ['partial', 100, 1, 1],
  ['failed', 100, 100, 2],
  ['failed', 0, 0, 2],
  ['cancelled', 50, 0, 1],
  ['cancelled', 0, 0, 2],
] as const)('%s after %i lines with %i failed is exit code %i', (state, done, failed, code) => {
  expect(exitCodeOf(job({ state, progress: { done, failed } }))).toBe(code)
})
