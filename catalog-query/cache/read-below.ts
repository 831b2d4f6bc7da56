/** Everything below memory: a copy in Redis, its check, a load, and what is left when no database answers (product-reader.ts). */
import { CatalogError } from '../../shared/problem.ts'
import type { Representation } from '../../shared/representation.ts'
import { NO_STAMP, stampTimeUs } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { CopyKey } from './cache-store.ts'
import type { CopyKeeper } from './copy-keeper.ts'
import { AWAY, type CopySource, type FoundCopy } from './copy-source.ts'
import { contentOf, encodePayload, type CopyContent } from './copy.ts'
import type { MemoryTier } from './memory-tier.ts'
import type { LoadedProduct, ProductLoader } from './product-loader.ts'
import type { Forward, ProductRead } from './product-read.ts'
import type { ReaderObserver } from './reader-observer.ts'
import { renderCopy } from './render-copy.ts'
import { isOnItsWay, satisfies } from './token-rule.ts'
import { LAST_KNOWN_US } from './trust.ts'

export interface ReadBelowParts {
  readonly memory: MemoryTier
  /** null, as `keeper`: there is no Redis. */
  readonly copies: CopySource | null
  readonly keeper: CopyKeeper | null
  readonly loader: ProductLoader
  readonly nowUs: () => number
  readonly pause: (waitMs: number) => Promise<unknown>
  readonly observe: ReaderObserver
}

/** One read on its way down the tiers. */
export interface Asked {
  readonly key: CopyKey
  readonly bucket: number
  readonly representation: Representation
  readonly token: ConsistencyToken | null
  /** False in a batch: a lock an id would cost more than the query that it may save. */
  readonly herd: boolean
  /** When it began, in drops of memory. */
  readonly moment: number
}

/** How long a loser of the herd lock waits before each look; then it loads itself. Mostly the first is enough; the later ones are for a busy owner. */
const HERD_WAITS_MS = [5, 10, 20, 40, 80]

/**
 * Before each further look for an event that is on its way; then a database is asked. The event is there after some milliseconds, and replaces
 * the copy for all: what a database would have to be asked for, and the primary where the replicas lag.
 */
const EVENT_WAITS_MS = [5, 5, 10, 20]

/**
 * Before each further look for the heartbeat that vouches for a copy (or still for the event), where no replica counts; then the primary is asked. The
 * clock is ticked every 100 ms, and its tick is in Redis some milliseconds later.
 */
const HEARTBEAT_WAITS_MS = [20, 20, 20, 20, 20, 20]

/** A read, and what Redis had for it when it last looked. */
interface Look {
  readonly asked: Asked
  readonly found: FoundCopy
}

export function createReadBelow(parts: ReadBelowParts): (asked: Asked) => Promise<ProductRead> {
  return async (first) => {
    const look = await lookInRedis(parts, first)
    const hit = keepHit(parts, look)
    if (hit !== null) return hit
    try {
      return await readDatabase(parts, look)
    } catch (error) {
      const known = isDatabaseAway(error) ? lastKnown(parts, look) : null
      parts.observe.read(known === null ? 'failed' : 'last-known')
      if (known === null) throw error
      return known
    }
  }
}

/** Whoever has just written a product reads it before its event is in Redis, as a rule: looks again while that is on its way. */
async function lookInRedis(parts: ReadBelowParts, asked: Asked): Promise<Look> {
  const first = { asked, found: await readCopy(parts, asked) }
  return await lookAgain(parts, first, { waitsMs: EVENT_WAITS_MS, goOn: isEventOnItsWay })
}

async function readCopy({ copies }: ReadBelowParts, { key }: Asked): Promise<FoundCopy> {
  return copies === null ? AWAY : await copies.read(key)
}

interface Patience {
  /** Before each further look. */
  readonly waitsMs: readonly number[]
  /** Whether a further look may find what this one did not. */
  readonly goOn: (look: Look, nowUs: number) => boolean
}

async function lookAgain(parts: ReadBelowParts, first: Look, { waitsMs, goOn }: Patience): Promise<Look> {
  let look = first
  for (const waitMs of waitsMs) {
    if (!goOn(look, parts.nowUs())) break
    await parts.pause(waitMs)
    // A drop that came while we waited is older than this look.
    const asked = { ...look.asked, moment: parts.memory.moment() }
    look = { asked, found: await readCopy(parts, asked) }
  }
  return look
}

/** A copy is there for the event to replace, and it lacks the very write that the token stands for. */
function isEventOnItsWay(look: Look, now: number): boolean {
  const { asked, found } = look
  const written = asked.token?.product ?? null
  return written?.id === asked.key.productId && found.copy !== null && found.copy.rev < written.rev && isVouchOnItsWay(look, now)
}

/** A copy is there, and what vouches for it keeps up, but has not come to what the token stands for. */
function isVouchOnItsWay({ asked: { token }, found: { state, copy, vouched } }: Look, now: number): boolean {
  return token !== null && state === 'trusted' && copy !== null && isOnItsWay(vouched, token, now)
}

async function readDatabase(parts: ReadBelowParts, look: Look): Promise<ProductRead> {
  const { asked, found } = look
  if (found.state === 'suspect' && acceptsByRev(look)) {
    const checked = await check(parts, look)
    if (checked !== null) return checked
  }
  if (found.state === 'missing' && asked.token === null && asked.herd && parts.keeper !== null) {
    return await loadInHerd(parts, look, parts.keeper)
  }
  const { loadFromReplica } = parts.loader
  if (asked.token !== null && loadFromReplica !== null && isVouchOnItsWay(look, parts.nowUs())) {
    const loaded = await loadFromReplica(asked.key.productId, asked.token)
    return loaded === null ? await loadUnlessVouched(parts, look) : fill(parts, look, loaded)
  }
  return await load(parts, look)
}

/**
 * No replica counts, so the primary is next; but the copy in Redis may lack no more than its bucket's next heartbeat. Without this look whoever
 * has just written would read all else on the primary until then. Replicas are asked once more with it: one may have caught up meanwhile.
 */
async function loadUnlessVouched(parts: ReadBelowParts, first: Look): Promise<ProductRead> {
  const goOn = (look: Look, now: number) => hitOf(look) === null && isVouchOnItsWay(look, now)
  const look = await lookAgain(parts, first, { waitsMs: HEARTBEAT_WAITS_MS, goOn })
  return keepHit(parts, look) ?? (await load(parts, look))
}

/** @returns null when the database has another rev: then the whole product is loaded */
async function check(parts: ReadBelowParts, look: Look): Promise<ProductRead | null> {
  const { asked, found } = look
  const checked = await parts.loader.checkRev(asked.key.productId)
  const read = fromCopy(look, 'stale')
  const same = read !== null && read.rev === checked.rev
  parts.observe.check(!same ? 'changed' : checked.marked ? 'unknown' : 'same')
  if (!same) return null
  // Not even the database is known to be current: the answer is the same as its, and marked.
  if (checked.marked) return { ...read, marked: true }
  if (found.copy !== null) parts.keeper?.touch(asked.bucket, asked.key, { copy: found.copy, asOf: checked.asOf })
  return keep(parts, asked, { ...read, vouched: checked.asOf }, found.payload)
}

async function loadInHerd(parts: ReadBelowParts, first: Look, keeper: CopyKeeper): Promise<ProductRead> {
  const { asked } = first
  const taken = await keeper.lock(asked.bucket, asked.key)
  if (taken === null) parts.observe.herd('away')
  if (taken === null) return await load(parts, first)
  if (!taken) return (await waitForOther(parts, first)) ?? (await load(parts, first))
  const unlock = () => keeper.unlock(asked.bucket, asked.key)
  try {
    // Whoever had the lock before may have filled it since we looked.
    const look = { asked, found: await readCopy(parts, asked) }
    const hit = keepHit(parts, look)
    if (hit === null) {
      parts.observe.herd('taken')
      return await load(parts, look, unlock)
    }
    unlock()
    parts.observe.herd('waited')
    return hit
  } catch (error) {
    unlock()
    throw error
  }
}

/** Another process loads: its copy is soon in Redis. @returns null when it is not */
async function waitForOther(parts: ReadBelowParts, first: Look): Promise<ProductRead | null> {
  const look = await lookAgain(parts, first, { waitsMs: HERD_WAITS_MS, goOn: (one) => hitOf(one) === null })
  const hit = keepHit(parts, look)
  parts.observe.herd(hit === null ? 'gave-up' : 'waited')
  return hit
}

/** @param filled called once the copy was offered to Redis, or could not be */
async function load(parts: ReadBelowParts, look: Look, filled = () => {}): Promise<ProductRead> {
  return fill(parts, look, await parts.loader.load(look.asked.key.productId, look.asked.token), filled)
}

function fill(parts: ReadBelowParts, look: Look, loaded: LoadedProduct, filled = () => {}): ProductRead {
  const { asked, found } = look
  const payload = encodePayload(renderCopy(loaded.source, asked.representation, Math.floor(parts.nowUs() / 1000)))
  const { rev } = loaded.source
  if (found.state === 'unfillable') parts.observe.fill('no-watermark')
  if (parts.keeper === null || found.state === 'unfillable' || found.state === 'away') filled()
  else parts.keeper.offer({ bucket: asked.bucket, key: asked.key, rev, asOf: loaded.asOf, payload }, filled)
  const read = fromLoad(look, loaded, payload)
  // No database is current: what a cache holds may be newer than what this one has.
  const known = loaded.marked ? lastKnown(parts, look) : null
  return known !== null && known.vouched > read.vouched ? known : keep(parts, asked, read, payload)
}

/** What Redis had, where it may be answered with. */
function keepHit(parts: ReadBelowParts, look: Look): ProductRead | null {
  const hit = hitOf(look)
  return hit === null ? null : keep(parts, look.asked, hit, look.found.payload)
}

function hitOf(look: Look): ProductRead | null {
  const copy = look.found.state === 'trusted' ? fromCopy(look, 'none') : null
  return copy !== null && satisfies(copy, look.asked.token) ? copy : null
}

function keep({ memory, observe, nowUs }: ReadBelowParts, { key, moment }: Asked, read: ProductRead, payload: Buffer | null): ProductRead {
  observe.read(read.tier)
  if (payload !== null && !memory.droppedSince(key.productId, moment)) memory.put(key.code, read, payload, nowUs())
  return read
}

/** The newest copy in memory or Redis that is at most 10 minutes old and satisfies the token, marked. */
function lastKnown({ memory, nowUs }: ReadBelowParts, look: Look): ProductRead | null {
  const { asked, found } = look
  const { productId, code } = asked.key
  const inMemory = memory.lastKnown(productId, code, nowUs())
  const inRedis = nowUs() - stampTimeUs(found.vouched) <= LAST_KNOWN_US ? fromCopy(look, 'stale') : null
  const newest = inRedis === null || (inMemory !== null && inMemory.vouched >= inRedis.vouched) ? inMemory : inRedis
  return newest === null || !satisfies(newest, asked.token) ? null : { ...newest, forward: 'stale', marked: true }
}

/** Checking the rev alone is enough, unless the token asks for more than the copy's own rev shows. */
function acceptsByRev({ asked: { key, token }, found: { copy } }: Look): boolean {
  return copy !== null && satisfies({ id: key.productId, rev: copy.rev, vouched: NO_STAMP }, token)
}

function fromCopy({ asked: { key }, found: { copy, vouched } }: Look, forward: Forward): ProductRead | null {
  if (copy === null) return null
  return { ...readOf(key.productId, copy), rev: copy.rev, tier: 'redis', forward, vouched, marked: false }
}

function fromLoad({ asked, found }: Look, loaded: LoadedProduct, payload: Buffer): ProductRead {
  const forward = found.copy === null ? 'miss' : found.state === 'trusted' ? 'request' : 'stale'
  const { source, tier, asOf, marked } = loaded
  return { ...readOf(asked.key.productId, contentOf(payload)), rev: source.rev, tier, forward, vouched: asOf, marked }
}

function readOf(id: string, content: CopyContent): Omit<ProductRead, 'rev' | 'tier' | 'forward' | 'vouched' | 'marked'> {
  const { state, names, body, card, locale, changedAtMs, renderedAtMs, contained } = content
  return { id, state, names, body, card, locale, changedAtMs, renderedAtMs, contained }
}

function isDatabaseAway(error: unknown): boolean {
  return error instanceof CatalogError && error.status === 503
}
