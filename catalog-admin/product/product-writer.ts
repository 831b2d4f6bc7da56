/** The one write path: a PUT and a block of an import run the same statements, and hardly more of them for many products than for one. */
import type { PoolClient } from 'pg'
import { v7 as newId } from 'uuid'
import { RetryTransaction, sqlState, UNIQUE_VIOLATION } from '../../shared/postgres.ts'
import { CatalogError } from '../../shared/problem.ts'
import { type Channel, readChannels } from '../reference/channels.ts'
import { readClaims } from './product-claims.ts'
import { preferIndexes } from './prefer-indexes.ts'
import { type Change, createPlan, type Plan } from './product-plan.ts'
import { type Proposal, propose } from './product-proposal.ts'
import { slugsInQuestion } from './product-slugs.ts'
import { readVersions } from './product-version.ts'
import { MAX_WRITES, type ProductWrite, type WriteContext, type WriteProducts, type WriteResult } from './product-write.ts'
import { glanceAtProducts, lockProducts, readStoredProducts } from './stored-product.ts'
import { isUnchanged } from './unchanged-put.ts'
import { writeChanges } from './write-changes.ts'
import { type ExistingTarget, findTargets, refOf, type WriteTarget } from './write-target.ts'

/** On its way through the steps a write is settled, by a refusal or for want of a difference, or goes on as the next step's matter. */
type Step<T> = { readonly settled: WriteResult } | { readonly open: T }

interface Open {
  readonly write: ProductWrite
  /** null: a new product. */
  readonly target: ExistingTarget | null
}

export const writeProducts: WriteProducts = async (client, writes, context) => {
  try {
    return await applyWrites(client, writes, context)
  } catch (error) {
    throw isRace(error) ? new RetryTransaction('Another transaction wrote the same', { cause: error }) : error
  }
}

const FOREIGN_KEY_VIOLATION = '23503'

/** What we checked has changed since: a SKU was taken, a category deleted. Read again, it gets a proper answer. */
function isRace(error: unknown): boolean {
  const state = sqlState(error)
  return state === UNIQUE_VIOLATION || state === FOREIGN_KEY_VIOLATION
}

async function applyWrites(client: PoolClient, writes: readonly ProductWrite[], context: WriteContext): Promise<readonly WriteResult[]> {
  if (writes.length > MAX_WRITES) throw new Error(`Expected at most ${MAX_WRITES} writes, got ${writes.length}`)
  await preferIndexes(client)
  const targets = findTargets(writes, await lockProducts(client, writes.map(refOf)))
  const channels = await readChannels(client)
  const opened = await settleEqual(client, writes, targets, channels)
  const proposed = await proposeAll(client, opened)
  const plan = await openPlan(client, openOnes(proposed), channels)
  const planned = proposed.map((step) => ('open' in step ? consider(plan, step.open) : step))
  await retryIfMade(client, refusedAsNew(proposed, planned))
  const revs = await writeChanges(client, openOnes(planned), { channels, newChannels: [...plan.newChannels.values()] }, context)
  return planned.map((step) => ('open' in step ? written(step.open, revs.get(step.open.id) ?? 0) : step.settled))
}

function openOnes<T>(steps: readonly Step<T>[]): readonly T[] {
  return steps.flatMap((step) => ('open' in step ? [step.open] : []))
}

/** Settles the refusals and what a glance shows to be so already. */
async function settleEqual(
  client: PoolClient,
  writes: readonly ProductWrite[],
  targets: readonly WriteTarget[],
  channels: ReadonlyMap<string, Channel>,
): Promise<readonly Step<Open>[]> {
  const ids = targets.flatMap((target) => ('locked' in target ? [target.locked.id] : []))
  const glances = new Map((await glanceAtProducts(client, ids)).map((glance) => [glance.id, glance]))
  return writes.map((write, i): Step<Open> => {
    const target = targets[i]
    if (target === undefined || target.kind === 'new') return { open: { write, target: null } }
    if (target.kind === 'refused') return refused(target.error)
    const { locked } = target
    const glance = glances.get(locked.id)
    if (glance === undefined) throw new Error(`Expected read.product to have a row for ${locked.id}`)
    const { id, key, version } = locked
    const unchanged: Step<Open> = { settled: { ok: true, outcome: 'unchanged', id, key, version, rev: glance.rev } }
    if (target.kind === 'done') return unchanged
    const equal = target.asked && write.op === 'put' && isUnchanged(write.input, locked, glance, channels)
    return equal ? unchanged : { open: { write, target } }
  })
}

async function proposeAll(client: PoolClient, steps: readonly Step<Open>[]): Promise<readonly Step<Proposal>[]> {
  const existing = openOnes(steps).flatMap(({ write, target }) => (target === null ? [] : [{ write, target }]))
  const stored = new Map(
    (
      await readStoredProducts(
        client,
        existing.map(({ target }) => ({ id: target.locked.id })),
      )
    ).map((one) => [one.id, one]),
  )
  const versions = await readVersions(
    client,
    existing.flatMap(({ write, target }) =>
      target.stale && typeof write.ifVersion === 'number' ? [{ productId: target.locked.id, version: write.ifVersion }] : [],
    ),
  )
  return steps.map((step): Step<Proposal> => {
    if ('settled' in step) return step
    const { write, target } = step.open
    if (target === null && write.op === 'put') return { open: { id: newId(), stored: null, action: 'created', input: write.input } }
    const product = stored.get(target?.locked.id ?? '')
    if (target === null || product === undefined) throw new Error(`Expected the product of a ${write.op} to have been found`)
    const proposal = propose(write, target, product, versions.get(product.id))
    return proposal instanceof CatalogError ? refused(proposal) : { open: proposal }
  })
}

async function openPlan(client: PoolClient, proposals: readonly Proposal[], channels: ReadonlyMap<string, Channel>): Promise<Plan> {
  const kept = proposals.filter(({ action }) => action !== 'deleted')
  const claims = await readClaims(client, {
    keys: kept.flatMap(({ input, stored }) => (stored !== null && stored.product.key !== input.key ? [input.key] : [])),
    skus: kept.flatMap(({ input }) => input.variants.map((variant) => variant.sku)),
    slugs: kept.flatMap(({ id, input, stored, action }) =>
      slugsInQuestion({ id, input, stored: stored?.product.i18n ?? null, yields: action === 'restored' }),
    ),
  })
  return createPlan(channels, claims)
}

function consider(plan: Plan, proposal: Proposal): Step<Change> {
  const change = plan.consider(proposal)
  if (change instanceof CatalogError) return refused(change)
  if (change !== null) return { open: change }
  const { stored } = proposal
  if (stored === null) throw new Error('Expected a new product to be a change')
  return { settled: { ok: true, outcome: 'unchanged', id: stored.id, key: stored.product.key, version: stored.version, rev: stored.rev } }
}

function refusedAsNew(proposed: readonly Step<Proposal>[], planned: readonly Step<Change>[]): readonly string[] {
  return proposed.flatMap((step, i) => {
    const after = planned[i]
    const isRefused = after !== undefined && 'settled' in after && !after.settled.ok
    return isRefused && 'open' in step && step.open.stored === null ? [step.open.input.key] : []
  })
}

/**
 * The lock's snapshot may be from before another transaction made a product, and the claims' from after it: what was new then is refused for
 * the SKU that is its own.
 */
async function retryIfMade(client: PoolClient, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  const { keyOwner } = await readClaims(client, { keys, skus: [], slugs: [] })
  if (keys.some((key) => keyOwner(key) !== undefined)) throw new RetryTransaction('Another transaction made one of the new products')
}

function written({ id, product, version, action }: Change, rev: number): WriteResult {
  return { ok: true, outcome: action === 'published' ? 'updated' : action, id, key: product.key, version, rev }
}

function refused(error: CatalogError): { readonly settled: WriteResult } {
  return { settled: { ok: false, error } }
}
