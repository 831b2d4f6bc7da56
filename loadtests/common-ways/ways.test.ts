/** The common ways are set up as they should be: what one process invalidates another forgets. And what none of them can see. */
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createLifecycle } from '../../shared/lifecycle.ts'
import { redisMissing, testRedis, type TestRedis } from '../../test/support/parts.ts'
import { createConnections } from './connections.ts'
import type { CachedProduct } from './way.ts'
import { COMMON_WAY_NAMES, COMMON_WAYS, type CommonWayName } from './ways.ts'

const ID = '0197a000-0000-7000-8000-000000000001'
const log = pino({ level: 'silent' })

/** One process of a way: its own memory and connections. */
async function openProcess(name: CommonWayName, redis: TestRedis, load: () => Promise<CachedProduct | null>) {
  const lifecycle = createLifecycle(log)
  const { connect, isReady } = createConnections(redis.url, lifecycle, log)
  const way = await COMMON_WAYS[name].open({ connect, load })
  await expect.poll(isReady).toBe(true)
  return {
    ...way,
    revOf: async () => (await way.read(ID))?.rev,
    [Symbol.asyncDispose]: async () => {
      await way[Symbol.asyncDispose]()
      await lifecycle.stop()
    },
  }
}

/** A product that is at rev 1 until it is written. */
function createOrigin() {
  const origin = { rev: 1, loads: 0 }
  const load = () => {
    origin.loads++
    return Promise.resolve({ rev: origin.rev, body: `{"rev":${origin.rev}}`, readAtMs: performance.timeOrigin + performance.now() })
  }
  return { origin, load }
}

const noLoad = () => Promise.resolve(null)
/** The others delete a second time, which helps as long as the load does not take longer still. */
const ONCE = COMMON_WAY_NAMES.filter((name) => COMMON_WAYS[name].againAfterMs === null)
const isRedisMissing = await redisMissing()

test.skipIf(isRedisMissing).each(COMMON_WAY_NAMES)('%s: what an invalidator drops, every process reads again', async (name) => {
  await using redis = await testRedis()
  const { origin, load } = createOrigin()
  await using first = await openProcess(name, redis, load)
  await using second = await openProcess(name, redis, load)
  await using invalidator = await openProcess(name, redis, noLoad)

  expect([await first.revOf(), await second.revOf(), await first.revOf(), await second.revOf()]).toEqual([1, 1, 1, 1])
  expect(origin.loads).toBe(1)

  origin.rev = 2
  await invalidator.invalidate(ID)
  await expect.poll(first.revOf).toBe(2)
  await expect.poll(second.revOf).toBe(2)
  expect(origin.loads).toBeLessThanOrEqual(3)
})

test.skipIf(isRedisMissing).each(ONCE)('%s: a load that ends after the invalidation brings the old rev back', async (name) => {
  await using redis = await testRedis()
  const { origin, load } = createOrigin()
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slowly = async () => {
    const product = await load()
    begun.resolve()
    await goOn.promise
    return product
  }
  await using slow = await openProcess(name, redis, slowly)
  await using invalidator = await openProcess(name, redis, noLoad)

  // 1. rev 1 is read, 2. rev 2 is committed and its event handled, 3. rev 1 is kept: nothing will ever take it away again.
  const reading = slow.revOf()
  await begun.promise
  origin.rev = 2
  await invalidator.invalidate(ID)
  goOn.resolve()
  expect(await reading).toBe(1)

  await using other = await openProcess(name, redis, load)
  expect(await other.revOf()).toBe(1)
  expect(origin.loads).toBe(1)
})
