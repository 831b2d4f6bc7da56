/** The one write path: a single PUT and a block of an import run the same statements, whose number does not depend on how many products they write. */
import type { PoolClient } from 'pg'
import { RetryTransaction, sqlState } from '../../shared/postgres.ts'
import { CatalogError } from '../../shared/problem.ts'
import { v7 as newId } from 'uuid'
import { addChannels, type Channel, readChannels } from '../reference/channels.ts'
import { addReferences } from '../reference/references.ts'
import { drawRevs, logChanges } from './change-log.ts'
import { readClaims } from './product-claims.ts'
import { type Change, createPlan, type Plan } from './product-plan.ts'
import { type Proposal, propose } from './product-proposal.ts'
import { writeProductRows } from './product-rows.ts'
import { slugsInQuestion } from './product-slugs.ts'
import { readVersions } from './product-version.ts'
import type { ProductWrite, WriteContext, WriteProducts, WriteResult } from './product-write.ts'
import { writeReadModel } from './read-model.ts'
import { glanceAtProducts, lockProducts, type ProductGlance, readStoredProducts } from './stored-product.ts'
import { isUnchanged } from './unchanged-put.ts'
import { writeVariantRows } from './variant-rows.ts'
import { findTargets, refOf, type WriteTarget } from './write-target.ts'

/** Either is settled, or it is still to be worked out. */
type Settled = WriteResult | null

export const writeProducts: WriteProducts = async (client, writes, context) => {
  try {
    return await applyWrites(client, writes, context)
  } catch (error) {
    throw isRace(error) ? new RetryTransaction('Another transaction wrote the same', { cause: error }) : error
  }
}

const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'

/** What we checked has changed since: a SKU was taken, a category deleted. Read again, it is a proper answer. */
function isRace(error: unknown): boolean {
  const state = sqlState(error)
  return state === UNIQUE_VIOLATION || state === FOREIGN_KEY_VIOLATION
}

async function applyWrites(client: PoolClient, writes: readonly ProductWrite[], context: WriteContext): Promise<readonly WriteResult[]> {
  await preferIndexes(client)
  const locked = await lockProducts(client, writes.map(refOf))
  const targets = findTargets(writes, locked)
  const [channels, glances] = [
    await readChannels(client),
    await glanceAtProducts(
      client,
      locked.map(({ id }) => id),
    ),
  ]
  const settled = settle(writes, targets, channels, new Map(glances.map((glance) => [glance.id, glance])))
  const proposals = await proposeOpen(client, writes, targets, settled)
  const plan = await openPlan(client, proposals, channels)
  const changes = proposals.map((proposal) => (proposal === null || proposal instanceof CatalogError ? proposal : plan.consider(proposal)))
  const revs = await writeChanges(client, changes.filter(isChange), plan, channels, context)
  return writes.map((_, i) => settled[i] ?? resultOf(changes[i] ?? null, proposals[i] ?? null, revs))
}

// A generic plan made while the tables were small would scan them whole for as long as the connection lives; one made anew for each statement
// costs more than a small write. With scans out of the question every plan is the right one.
const PREFER_INDEXES = /* sql */ `select set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`

async function preferIndexes(client: PoolClient): Promise<void> {
  await client.query({ name: 'prefer-indexes', text: PREFER_INDEXES })
}

/** Refusals, and what is so already. */
function settle(
  writes: readonly ProductWrite[],
  targets: readonly WriteTarget[],
  channels: ReadonlyMap<string, Channel>,
  glances: ReadonlyMap<string, ProductGlance>,
): readonly Settled[] {
  return writes.map((write, i) => {
    const target = targets[i]
    if (target?.kind === 'refused') return { ok: false, error: target.error }
    if (target === undefined || target.kind === 'new') return null
    const { locked } = target
    const glance = glances.get(locked.id)
    const equal =
      target.kind === 'done' ||
      (write.op === 'put' && !target.stale && !target.back && glance !== undefined && isUnchanged(write.input, locked, glance, channels))
    return equal ? { ok: true, outcome: 'unchanged', id: locked.id, key: locked.key, version: locked.version, rev: glance?.rev ?? 0 } : null
  })
}

type OpenProposal = Proposal | CatalogError | null

async function proposeOpen(
  client: PoolClient,
  writes: readonly ProductWrite[],
  targets: readonly WriteTarget[],
  settled: readonly Settled[],
): Promise<readonly OpenProposal[]> {
  const open = targets.map((target, i) => (settled[i] === null && target.kind === 'existing' ? target : null)).filter((one) => one !== null)
  const read = await readStoredProducts(
    client,
    open.map(({ locked }) => locked.id),
  )
  const stored = new Map(read.map((product) => [product.id, product]))
  const versions = await readVersions(client, staleVersions(writes, targets))
  return writes.map((write, i) => {
    const target = targets[i]
    if (settled[i] !== null || target === undefined) return null
    if (target.kind === 'new') return write.op === 'put' ? { id: newId(), stored: null, action: 'created', input: write.input } : null
    const product = target.kind === 'existing' ? stored.get(target.locked.id) : undefined
    if (target.kind !== 'existing' || product === undefined) return null
    return propose(write, target, product, versions.get(product.id))
  })
}

function staleVersions(writes: readonly ProductWrite[], targets: readonly WriteTarget[]) {
  return writes.flatMap((write, i) => {
    const target = targets[i]
    if (target?.kind !== 'existing' || !target.stale || typeof write.ifVersion !== 'number') return []
    return [{ productId: target.locked.id, version: write.ifVersion }]
  })
}

async function openPlan(client: PoolClient, proposals: readonly OpenProposal[], channels: ReadonlyMap<string, Channel>): Promise<Plan> {
  const written = proposals.filter(isProposal).filter(({ action }) => action !== 'deleted')
  const skus = new Set(written.flatMap(({ input }) => input.variants.map((variant) => variant.sku)))
  const slugs = written.flatMap(({ id, input, stored, action }) =>
    slugsInQuestion({ id, input, stored: stored?.product.i18n ?? null, yields: action === 'restored' }),
  )
  return createPlan(channels, await readClaims(client, skus, slugs))
}

/** @returns the revs by product id */
async function writeChanges(
  client: PoolClient,
  changes: readonly Change[],
  plan: Plan,
  known: ReadonlyMap<string, Channel>,
  context: WriteContext,
): Promise<ReadonlyMap<string, number>> {
  if (changes.length === 0) return new Map()
  const channels = plan.newChannels.size > 0 ? await addChannels(client, [...plan.newChannels.values()]) : known
  const references = await addReferences(
    client,
    changes.map(({ product }) => product),
  )
  const { nowMs, revs } = await drawRevs(client, changes.length)
  await writeProductRows(client, changes, references, { nowMs, context })
  await writeVariantRows(client, changes, channels)
  await writeReadModel(client, changes, revs, { references, channels, nowMs })
  await logChanges(client, changes, revs, context)
  return new Map(changes.map(({ id }, i) => [id, revs[i] ?? 0]))
}

function isProposal(proposal: OpenProposal): proposal is Proposal {
  return proposal !== null && !(proposal instanceof CatalogError)
}

function isChange(change: Change | CatalogError | null): change is Change {
  return change !== null && !(change instanceof CatalogError)
}

function resultOf(change: Change | CatalogError | null, proposal: OpenProposal, revs: ReadonlyMap<string, number>): WriteResult {
  if (change instanceof CatalogError) return { ok: false, error: change }
  if (change !== null) {
    const { id, product, version, action } = change
    return { ok: true, outcome: action === 'published' ? 'updated' : action, id, key: product.key, version, rev: revs.get(id) ?? 0 }
  }
  const stored = proposal === null || proposal instanceof CatalogError ? null : proposal.stored
  if (stored === null) throw new Error('Expected every write to be settled or to have found its product')
  return { ok: true, outcome: 'unchanged', id: stored.id, key: stored.product.key, version: stored.version, rev: stored.rev }
}
