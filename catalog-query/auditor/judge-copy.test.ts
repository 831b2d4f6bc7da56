import { describe, expect, test } from 'vitest'
import { toStamp } from '../../shared/stamp.ts'
import { createEventChecks, type Evidence } from './event-checks.ts'
import { judgeCopy, type HeldCopy } from './judge-copy.ts'
import { createAskPrimary } from './primary-check.ts'
import { createSeenEvents } from './seen-events.ts'

const AT_US = 1_800_000_000_000_000
const change = { productId: 'p', rev: 2 ** 40 + 5, stamp: toStamp(1, AT_US) }
const held = (patch: Partial<HeldCopy> = {}): HeldCopy => ({
  place: 'redis',
  code: 'default/en',
  trusted: true,
  rev: 2 ** 40 + 4,
  vouched: toStamp(1, AT_US - 1),
  ...patch,
})

describe('a copy is judged', () => {
  test('in order when it is the change or a later one, whatever vouches for it', () => {
    expect(judgeCopy(change, held({ rev: change.rev }), AT_US + 60_000_000)).toBe('current')
    expect(judgeCopy(change, held({ rev: 2 ** 41 }), AT_US)).toBe('current')
  })

  test('harmless when it would not be served unchecked', () => {
    expect(judgeCopy(change, held({ trusted: false }), AT_US + 60_000_000)).toBe('checked-first')
  })

  test('merely behind within the promise', () => {
    expect(judgeCopy(change, held(), AT_US + 2_000_000)).toBe('behind')
    expect(judgeCopy(change, held({ vouched: change.stamp }), AT_US + 2_000_000)).toBe('behind')
  })

  test('suspicious when what vouches for it claims the change, at once', () => {
    expect(judgeCopy(change, held({ vouched: toStamp(1, AT_US + 1) }), AT_US + 10)).toBe('suspicious')
    expect(judgeCopy(change, held({ vouched: toStamp(2, AT_US - 9) }), AT_US + 10)).toBe('suspicious')
  })

  test('suspicious when it is served for longer than was promised', () => {
    expect(judgeCopy(change, held(), AT_US + 2_800_000)).toBe('suspicious')
  })
})

test('the primary decides: it has the change, or has what the copy has, or cannot say', async () => {
  const ask = async (row: { rev: number; timeline: number } | null) =>
    (await createAskPrimary(() => Promise.resolve(row === null ? null : { ...row, contained: change.stamp }))(change, held())).verdict
  expect(await ask({ rev: change.rev, timeline: 1 })).toBe('confirmed')
  expect(await ask({ rev: change.rev + 3, timeline: 1 })).toBe('confirmed')
  // A failover lost the change: the copy is right.
  expect(await ask({ rev: 2 ** 40 + 4, timeline: 2 })).toBe('dismissed')
  // After a failover somebody wrote again: whether the change had survived is not to be seen any more.
  expect(await ask({ rev: 2 ** 41 + 1, timeline: 2 })).toBe('unknown')
  expect(await ask(null)).toBe('unknown')
})

test('more changes than it may look at are skipped and counted, and each look is made once', async () => {
  const skipped: string[] = []
  const looked: number[] = []
  const suspicions: Evidence[] = []
  let checked = 0
  const checks = createEventChecks({
    processes: () => [{ url: 'one', look: () => Promise.resolve([held({ vouched: toStamp(1, AT_US + 1) })]) }],
    askPrimary: () => Promise.resolve({ verdict: 'confirmed', primaryRev: change.rev }),
    nowUs: () => AT_US,
    perSecond: 3,
    lookAfterMs: [0, 30],
    observe: {
      looked: (afterMs) => looked.push(afterMs),
      suspicion: (evidence) => suspicions.push(evidence),
      checked: () => checked++,
      skipped: (why) => skipped.push(why),
    },
  })
  for (let i = 0; i < 5; i++) checks.add({ ...change, productId: `p${i}` })
  const stop = new AbortController()
  const running = checks.run(stop.signal)
  while (checks.pending() > 0) await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  await running
  expect(skipped).toEqual(['rate', 'rate'])
  expect(looked.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 30, 30, 30])
  expect([checked, suspicions.length]).toEqual([3, 6])
  expect(suspicions[0]).toMatchObject({ process: 'one', change: { productId: 'p0' }, confirmation: { verdict: 'confirmed' } })
})

test('what the log has shown is forgotten by generations, and it is known since when', () => {
  let clockUs = AT_US
  const seen = createSeenEvents(() => clockUs, 2)
  const run = (productId: string, rev: number) => {
    clockUs += 10
    const event = { productId, rev, stamp: toStamp(1, clockUs), state: 'visible' as const, doc: null, omitted: false, changedAtMs: 0 }
    seen.note({ partition: 3, from: 0, to: 1, events: [event], offsets: [0], heartbeat: toStamp(1, clockUs), newestTimeline: 1 })
  }
  run('a', 1)
  run('b', 2)
  expect([seen.has('a', 1), seen.has('a', 2), seen.knownSinceUs()]).toEqual([true, false, AT_US])
  run('c', 3)
  run('d', 4)
  expect([seen.has('a', 1), seen.knownSinceUs()]).toEqual([true, AT_US])
  run('e', 5)
  expect([seen.has('a', 1), seen.has('c', 3), seen.knownSinceUs()]).toEqual([false, true, AT_US + 30])
  expect([seen.heartbeat(3), seen.heartbeat(4)]).toEqual([toStamp(1, clockUs), '0'.repeat(20)])
})
