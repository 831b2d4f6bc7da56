/** Everything below memory: a copy in Redis, its check, a load, and what is left when no database answers (product-reader.ts). */
import { CatalogError } from '../../shared/problem.ts'
import type { Representation } from '../../shared/representation.ts'
import { NO_STAMP, stampTimeUs } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { CopyKey } from './cache-store.ts'
import type { CopyKeeper } from './copy-keeper.ts'
import { AWAY, type CopySource, type FoundCopy } from './copy-source.ts'
import { encodePayload, type CopyContent } from './copy.ts'
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

export function createReadBelow(parts: ReadBelowParts): (asked: Asked) => Promise<ProductRead> {
  const { copies } = parts
  return async (first) => {
    const { asked, found } = copies === null ? { asked: first, found: AWAY } : await lookInRedis(parts, copies, first)
    const hit = trustedCopy(asked, found)
    if (hit !== null && satisfies(hit, asked.token)) return keep(parts, asked, hit, found.payload)
    try {
      return await readDatabase(parts, asked, found)
    } catch (error) {
      const known = isDatabaseAway(error) ? lastKnown(parts, asked, found) : null
      parts.observe.read(known === null ? 'failed' : 'last-known')
      if (known === null) throw error
      return known
    }
  }
}

/** Whoever has just written a product reads it before its event is in Redis, as a rule: looks again while that is on its way. */
async function lookInRedis(
  { memory, pause, nowUs }: ReadBelowParts,
  copies: CopySource,
  first: Asked,
): Promise<{ readonly asked: Asked; readonly found: FoundCopy }> {
  let asked = first
  let found = await copies.read(asked.key)
  for (const waitMs of EVENT_WAITS_MS) {
    if (!isEventOnItsWay(asked, found, nowUs())) break
    await pause(waitMs)
    // The drop that comes with the event is older than this look.
    asked = { ...asked, moment: memory.moment() }
    found = await copies.read(asked.key)
  }
  return { asked, found }
}

/** A copy is there for the event to replace, and it lacks the very write that the token stands for. */
function isEventOnItsWay({ key, token }: Asked, { state, copy, vouched }: FoundCopy, now: number): boolean {
  const written = token?.product ?? null
  if (token === null || written?.id !== key.productId || state !== 'trusted' || copy === null) return false
  return copy.rev < written.rev && isOnItsWay(vouched, token, now)
}

async function readDatabase(parts: ReadBelowParts, asked: Asked, found: FoundCopy): Promise<ProductRead> {
  if (found.state === 'suspect' && acceptsByRev(asked, found)) {
    const checked = await check(parts, asked, found)
    if (checked !== null) return checked
  }
  if (found.state === 'missing' && asked.token === null && asked.herd && parts.keeper !== null) {
    return await loadInHerd(parts, asked, { found, keeper: parts.keeper })
  }
  return await load(parts, asked, found)
}

/** @returns null when the database has another rev: then the whole product is loaded */
async function check(parts: ReadBelowParts, asked: Asked, found: FoundCopy): Promise<ProductRead | null> {
  const checked = await parts.loader.checkRev(asked.key.productId)
  const read = fromCopy(asked, found, 'stale')
  const same = read !== null && read.rev === checked.rev
  parts.observe.check(!same ? 'changed' : checked.marked ? 'unknown' : 'same')
  if (!same) return null
  // Not even the database is known to be current: the answer is the same as its, and marked.
  if (checked.marked) return { ...read, marked: true }
  if (found.copy !== null) parts.keeper?.touch(asked.bucket, asked.key, { copy: found.copy, asOf: checked.asOf })
  return keep(parts, asked, { ...read, vouched: checked.asOf }, found.payload)
}

async function loadInHerd(
  parts: ReadBelowParts,
  asked: Asked,
  { found, keeper }: { found: FoundCopy; keeper: CopyKeeper },
): Promise<ProductRead> {
  const taken = await keeper.lock(asked.bucket, asked.key)
  if (taken === null) parts.observe.herd('away')
  if (taken === null) return await load(parts, asked, found)
  if (!taken) return (await waitForOther(parts, asked)) ?? (await load(parts, asked, found))
  const unlock = () => keeper.unlock(asked.bucket, asked.key)
  try {
    // Whoever had the lock before may have filled it since we looked.
    const now = (await parts.copies?.read(asked.key)) ?? AWAY
    const hit = trustedCopy(asked, now)
    if (hit === null) {
      parts.observe.herd('taken')
      return await load(parts, asked, now, unlock)
    }
    unlock()
    parts.observe.herd('waited')
    return keep(parts, asked, hit, now.payload)
  } catch (error) {
    unlock()
    throw error
  }
}

/** Another process loads: its copy is soon in Redis. @returns null when it is not */
async function waitForOther(parts: ReadBelowParts, asked: Asked): Promise<ProductRead | null> {
  for (const waitMs of HERD_WAITS_MS) {
    await parts.pause(waitMs)
    const found = (await parts.copies?.read(asked.key)) ?? AWAY
    const hit = trustedCopy(asked, found)
    if (hit === null) continue
    parts.observe.herd('waited')
    return keep(parts, asked, hit, found.payload)
  }
  parts.observe.herd('gave-up')
  return null
}

/** @param filled called once the copy was offered to Redis, or could not be */
async function load(parts: ReadBelowParts, asked: Asked, found: FoundCopy, filled = () => {}): Promise<ProductRead> {
  const loaded = await parts.loader.load(asked.key.productId, asked.token)
  const content = renderCopy(loaded.source, asked.representation, Math.floor(parts.nowUs() / 1000))
  const payload = encodePayload(content)
  const { rev } = loaded.source
  if (found.state === 'unfillable') parts.observe.fill('no-watermark')
  if (parts.keeper === null || found.state === 'unfillable' || found.state === 'away') filled()
  else parts.keeper.offer({ bucket: asked.bucket, key: asked.key, rev, asOf: loaded.asOf, payload }, filled)
  const read = fromLoad(asked, found, { loaded, content })
  // No database is current: what a cache holds may be newer than what this one has.
  const known = loaded.marked ? lastKnown(parts, asked, found) : null
  return known !== null && known.vouched > read.vouched ? known : keep(parts, asked, read, payload)
}

function keep({ memory, observe, nowUs }: ReadBelowParts, { key, moment }: Asked, read: ProductRead, payload: Buffer | null): ProductRead {
  observe.read(read.tier)
  if (payload !== null && !memory.droppedSince(key.productId, moment)) memory.put(key.code, read, payload, nowUs())
  return read
}

/** The newest copy in memory or Redis that is at most 10 minutes old and satisfies the token, marked. */
function lastKnown({ memory, nowUs }: ReadBelowParts, asked: Asked, found: FoundCopy): ProductRead | null {
  const { productId, code } = asked.key
  const inMemory = memory.lastKnown(productId, code, nowUs())
  const inRedis = nowUs() - stampTimeUs(found.vouched) <= LAST_KNOWN_US ? fromCopy(asked, found, 'stale') : null
  const newest = inRedis === null || (inMemory !== null && inMemory.vouched >= inRedis.vouched) ? inMemory : inRedis
  return newest === null || !satisfies(newest, asked.token) ? null : { ...newest, forward: 'stale', marked: true }
}

/** Checking the rev alone is enough, unless the token asks for more than the copy's own rev shows. */
function acceptsByRev({ key, token }: Asked, { copy }: FoundCopy): boolean {
  return copy !== null && satisfies({ id: key.productId, rev: copy.rev, vouched: NO_STAMP }, token)
}

function trustedCopy(asked: Asked, found: FoundCopy): ProductRead | null {
  return found.state === 'trusted' ? fromCopy(asked, found, 'none') : null
}

function fromCopy({ key }: Asked, { copy, vouched }: FoundCopy, forward: Forward): ProductRead | null {
  if (copy === null) return null
  return { ...contentOf(key.productId, copy), rev: copy.rev, tier: 'redis', forward, vouched, marked: false }
}

function fromLoad({ key }: Asked, found: FoundCopy, { loaded, content }: { loaded: LoadedProduct; content: CopyContent }): ProductRead {
  const forward = found.copy === null ? 'miss' : found.state === 'trusted' ? 'request' : 'stale'
  const { source, tier, asOf, marked } = loaded
  return { ...contentOf(key.productId, content), rev: source.rev, tier, forward, vouched: asOf, marked }
}

function contentOf(id: string, content: CopyContent): Omit<ProductRead, 'rev' | 'tier' | 'forward' | 'vouched' | 'marked'> {
  const { state, names, body, gzip, brotli, card, locale, changedAtMs, renderedAtMs, contained } = content
  return { id, state, names, body, gzip, brotli, card, locale, changedAtMs, renderedAtMs, contained }
}

function isDatabaseAway(error: unknown): boolean {
  return error instanceof CatalogError && error.status === 503
}
