import { expect, test } from 'vitest'
import { toStamp } from '../shared/stamp.ts'
import type { ConsistencyToken } from '../shared/token.ts'
import type { ReadSnapshot } from './cache/product-read.ts'
import { createReferenceData } from './reference-data.ts'

const SECOND = 1_000_000
const START = 1_790_000_000_000_000
const SHOP = { id: 1, code: 'default', name: 'Shop', currency: 'EUR', defaultLocale: 'de' }

/** A replica whose rows, clock and reach the test sets. */
function openReference(locales: string[] = ['de', 'en', 'de-CH']) {
  const world = { nowUs: START, locales, away: false, lagUs: 100_000, reads: [] as (ConsistencyToken | null)[] }
  const readSnapshot: ReadSnapshot = (_statement, token) => {
    world.reads.push(token)
    if (world.away) return Promise.reject(new Error('away'))
    const asOf = toStamp(1, world.nowUs - world.lagUs)
    const rows = [{ channels: [SHOP], locales: [...world.locales] }]
    return Promise.resolve({ rows: rows as never[], asOf, contained: asOf, tier: 'replica', marked: false })
  }
  const reference = createReferenceData(readSnapshot, () => world.nowUs)
  return { world, resolve: reference.resolve }
}

test('what is present is resolved without a promise, to the same representation each time', async () => {
  const { resolve, world } = openReference()
  const first = await resolve(undefined, 'de-CH', null)
  expect(first).toMatchObject({ channel: SHOP, representation: { channel: 'default', locales: ['de-CH', 'de'] }, absence: null })
  world.nowUs += SECOND / 4
  expect(resolve('default', 'DE-ch', null)).toMatchObject({ absence: null })
  expect((await resolve(undefined, 'de-CH', null)).representation).toBe(first.representation)
  expect(world.reads).toHaveLength(1)
})

test('an absence is believed for a tenth of a second, and says how old it is', async () => {
  const { resolve, world } = openReference()
  const first = await resolve(undefined, 'fr', null)
  expect(first).toMatchObject({ representation: { locales: ['de'] }, absence: { vouched: toStamp(1, START - 100_000) } })
  world.nowUs += SECOND / 20
  expect(resolve(undefined, 'fr', null)).not.toBeInstanceOf(Promise)
  world.nowUs += SECOND / 10
  world.locales.push('fr')
  expect(await resolve(undefined, 'fr', null)).toMatchObject({ representation: { locales: ['fr', 'de'] }, absence: null })
  expect(world.reads).toHaveLength(2)
})

test('data of a replica that lags is trusted for what is left of B, and refreshed no more often than it can get younger', async () => {
  const { resolve, world } = openReference()
  world.lagUs = 1_800_000
  await resolve(undefined, 'de', null)
  world.nowUs += 50_000
  expect(resolve(undefined, 'de', null)).not.toBeInstanceOf(Promise)
  expect(world.reads).toHaveLength(1)
  world.nowUs += 100_000
  expect(resolve(undefined, 'de', null)).not.toBeInstanceOf(Promise)
  expect(world.reads).toHaveLength(2)
  await new Promise(setImmediate)
  world.nowUs += 201_000
  expect(resolve(undefined, 'de', null)).toBeInstanceOf(Promise)
})

test('callers of one absence share one read', async () => {
  const { resolve, world } = openReference()
  await Promise.all(['fr', 'it', 'es', 'fr'].map(async (locale) => await resolve(undefined, locale, null)))
  expect(world.reads).toHaveLength(1)
})

test('an absence is read again with the token of whoever brings one', async () => {
  const { resolve, world } = openReference()
  await resolve(undefined, 'fr', null)
  const token = { stamp: toStamp(1, START), lsn: '0/1', product: null }
  await resolve(undefined, 'fr', token)
  expect(world.reads).toEqual([null, token])
  const ofProduct = { ...token, product: { id: 'p', rev: 1 } }
  expect(resolve(undefined, 'de', ofProduct)).not.toBeInstanceOf(Promise)
  await resolve(undefined, 'de', token)
  expect(world.reads).toEqual([null, token, token])
})

test('a channel that is not there is refused, and found once it is', async () => {
  const { resolve } = openReference()
  await expect(resolve('eu', undefined, null)).rejects.toMatchObject({ problem: 'invalid-parameter' })
})

test('data in use is refreshed in the background; when no database answers it goes on', async () => {
  const { resolve, world } = openReference()
  await resolve(undefined, 'de', null)
  // As it was read it was a little old.
  world.nowUs += SECOND - world.lagUs
  expect(resolve(undefined, 'de', null)).not.toBeInstanceOf(Promise)
  expect(world.reads).toHaveLength(1)
  world.nowUs += 1
  expect(resolve(undefined, 'de', null)).not.toBeInstanceOf(Promise)
  expect(world.reads).toHaveLength(2)
  await new Promise(setImmediate)
  world.away = true
  world.nowUs += 60 * SECOND
  expect(await resolve(undefined, 'de', null)).toMatchObject({ representation: { locales: ['de'] }, absence: { marked: true } })
  expect(await resolve(undefined, 'fr', null)).toMatchObject({ absence: { marked: true } })
})
