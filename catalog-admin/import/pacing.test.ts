import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../../test/support/parts.ts'
import { createLagFinder, createPacing } from './pacing.ts'

const never = new AbortController().signal
const quick = { maxLagMs: 1_000, sampleEveryMs: 1, maxPauseMs: 10_000 }

test('a turn waits for as long as something is behind, and says what', async () => {
  const lags = ['the event log is 1500 ms behind', 'the event log is 1200 ms behind', null]
  const heard: string[] = []
  await createPacing(async () => lags.shift() ?? null, quick).turn(never, (reason) => heard.push(reason))
  expect(heard).toEqual(['the event log is 1500 ms behind', 'the event log is 1200 ms behind'])
  expect(lags).toEqual([])
})

test('a sample is believed for a while: two turns in a row ask once', async () => {
  let samples = 0
  const pacing = createPacing(
    async () => {
      samples += 1
      return null
    },
    { ...quick, sampleEveryMs: 60_000 },
  )
  await pacing.turn(never, () => {})
  await pacing.turn(never, () => {})
  expect(samples).toBe(1)
})

test('a pause ends at its limit: an import crawls but never stands still for ever', async () => {
  const pacing = createPacing(async () => 'for ever behind', { ...quick, maxPauseMs: 20 })
  await expect(pacing.turn(never, () => {})).resolves.toBeUndefined()
})

test('a pause ends when the program stops', async () => {
  const stopping = new AbortController()
  const pacing = createPacing(async () => 'for ever behind', { ...quick, sampleEveryMs: 60_000 })
  await expect(pacing.turn(stopping.signal, () => stopping.abort())).resolves.toBeUndefined()
})

test('an old unpublished change is a reason to wait, a published or a young one is none', async () => {
  await using database = await testDatabase()
  const find = createLagFinder(database.primary, [])
  expect(await find(1_000)).toBeNull()
  await database.primary.query(`
    insert into outbox (product_id, rev, type, created_at, published_at)
    values (gen_random_uuid(), 1, 'updated', now() - interval '1 hour', now()), (gen_random_uuid(), 2, 'updated', now(), null)`)
  expect(await find(60_000)).toBeNull()
  await database.primary.query(
    `insert into outbox (product_id, rev, type, created_at) values (gen_random_uuid(), 3, 'updated', now() - interval '1 hour')`,
  )
  await database.primary.query(`update outbox set published_at = now() where rev = 2`)
  expect(await find(60_000)).toMatch(/^the event log is 36\d{5} ms behind$/)
})

test('a replica whose clock is old is a reason to wait, one that does not answer is none', async () => {
  await using database = await testDatabase()
  await database.primary.query(`update read.clock set at = clock_timestamp() - interval '1 hour'`)
  await database.caughtUp()
  expect(await createLagFinder(database.primary, [database.replica])(60_000)).toMatch(/^a replica is 36\d{5} ms behind$/)
  const gone = new Pool({ host: '127.0.0.1', port: 1 })
  expect(await createLagFinder(database.primary, [gone])(60_000)).toBeNull()
  await gone.end()
})
