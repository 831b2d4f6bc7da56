import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runModel, type Faults } from './model-run.ts'

/**
 * The whole protocol, interleaved at every await by fast-check's scheduler. A failure prints the seed and the path: pass them to
 * fc.assert to see it again. MODEL_RUNS sets how many runs of each kind (default 60; a night's worth is 20,000).
 */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 60)

const CALM: Faults = {
  cacheCalls: 0,
  evictions: 0,
  cacheFailovers: 0,
  log: 0,
  relayCrashes: 0,
  invalidators: 0,
  databaseFailovers: 0,
  skew: false,
}

const KINDS: Readonly<Record<string, Faults>> = {
  'nothing fails': CALM,
  'copies, tables and watermarks are evicted': { ...CALM, evictions: 0.2 },
  'the cache is reached late or not at all, and invalidators sleep': { ...CALM, cacheCalls: 0.05, invalidators: 0.05 },
  'invalidators fall behind, die between pieces, and get records again': { ...CALM, invalidators: 0.1 },
  'the cache fails over to an earlier state, or restarts empty': { ...CALM, cacheFailovers: 0.05 },
  'the log takes half a page, and relays die anywhere': { ...CALM, log: 0.05, relayCrashes: 0.05 },
  'the database fails over and loses a tail': { ...CALM, databaseFailovers: 0.01 },
  'clocks differ': { ...CALM, skew: true, evictions: 0.05 },
  'everything at once': {
    cacheCalls: 0.03,
    evictions: 0.05,
    cacheFailovers: 0.02,
    log: 0.03,
    relayCrashes: 0.03,
    invalidators: 0.03,
    databaseFailovers: 0.005,
    skew: true,
  },
}

const drained = async (run: () => Promise<void>): Promise<void> => {
  await run()
  // Every promise callback of a task has run before the next task is chosen: time passes between tasks, never within.
  await new Promise((resolve) => setImmediate(resolve))
}

test.each(Object.entries(KINDS))('no answer is staler than what vouches for it, and no token is broken: %s', async (_name, faults) => {
  let reads = 0
  await fc.assert(
    fc.asyncProperty(fc.scheduler({ act: drained }), fc.integer(), async (scheduler, seed) => {
      reads += (await runModel(scheduler, { seed, faults })).reads
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
  expect(reads).toBeGreaterThan(RUNS * 40)
})

test('the model reaches every tier, so that what it finds in order is in order', async () => {
  const totals: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(fc.scheduler({ act: drained }), fc.integer(), async (scheduler, seed) => {
      const { byTier, reads, marked } = await runModel(scheduler, { seed, faults: KINDS['everything at once'] as Faults })
      for (const [name, count] of Object.entries({ ...byTier, reads, marked })) totals[name] = (totals[name] ?? 0) + count
    }),
    { numRuns: 20, endOnFailure: true, seed: 1 },
  )
  expect(Object.keys(totals).toSorted()).toEqual(['marked', 'memory', 'primary', 'reads', 'redis', 'replica'])
  for (const tier of ['memory', 'redis', 'replica', 'primary']) expect(totals[tier], tier).toBeGreaterThan(20)
})
