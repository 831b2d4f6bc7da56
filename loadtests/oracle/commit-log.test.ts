import { expect, test } from 'vitest'
import { createCommitLog } from './commit-log.ts'

const TIMELINE = 2 ** 40

test('a failover loses what the old primary committed and the new one does not have, also if it is acknowledged only later', () => {
  const log = createCommitLog()
  const [kept, lost, late, unanswered] = [log.begun('a'), log.begun('a'), log.begun('b'), log.begun('a')]
  log.acknowledged(kept, TIMELINE + 1)
  log.acknowledged(lost, TIMELINE + 2)
  expect(
    log.truncated(
      new Map([
        ['a', TIMELINE + 1],
        ['b', TIMELINE],
      ]),
      500,
    ),
  ).toBe(1)
  log.acknowledged(late, TIMELINE + 3)
  const afterwards = log.begun('b')
  log.acknowledged(afterwards, 2 * TIMELINE + 4)
  expect([kept, lost, late, unanswered, afterwards].map(({ lostMs }) => lostMs)).toEqual([null, 500, 500, null, null])
})
