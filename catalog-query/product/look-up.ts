/** From a business key to a product's id: key, SKU or slug, read in per-turn batches and kept as hints (find-product.ts says what they are worth). */
import type { ConsistencyToken } from '../../shared/token.ts'
import { proofOf } from '../cache/product-names.ts'
import type { ReadSnapshot, Snapshot, SnapshotStatement } from '../cache/product-read.ts'
import { createSnapshotCache, vouchedBy, type Vouched } from '../cache/snapshot-cache.ts'
import { createTurnBatch } from '../cache/turn-batch.ts'

export type LookUp =
  | { readonly by: 'key' | 'sku'; readonly value: string }
  /** The first of `locales` (a representation's chain) that has the slug, wins. */
  | { readonly by: 'slug'; readonly value: string; readonly locales: readonly string[] }

export interface Hint {
  /** null: no product has it. */
  readonly id: string | null
  /** Of a slug that is not in use any more: the one that is, in the same locale. */
  readonly movedTo: string | null
  /** What the product's names hold if the hint is right. */
  readonly proof: Buffer
  /** Its product was read after it, and did not prove it. */
  unprovable: boolean
}

export interface LookUps {
  /** The hint in memory, however old. */
  recall(lookUp: LookUp): Hint | null
  /** The hint in memory if it is at most B old, else from a database. @throws CatalogError unavailable or overloaded */
  find(lookUp: LookUp, token: ConsistencyToken | null): Vouched<Hint> | Promise<Vouched<Hint>>
  /** From a database. @throws as find */
  reload(lookUp: LookUp, token: ConsistencyToken | null): Promise<Vouched<Hint>>
}

type FindInTurn = (lookUp: LookUp) => Promise<Vouched<Hint>>

/** Look-ups of one statement at most. */
const LOOK_UPS_PER_STATEMENT = 200
/** With its proof, a Buffer. */
const HINT_BYTES = 300

const FIND_BY_KEY = /* sql */ `
  select key as value, id::text as id
  from product
  where key = any($1::text[])`

const FIND_BY_SKU = /* sql */ `
  select sku as value, product_id::text as id
  from variant
  where sku = any($1::text[])`

const FIND_BY_SLUG = /* sql */ `
  select wanted.slug as value, wanted.locale, old.product_id::text as id,
    case when not old.current then (
      select slug
      from product_slug as latest
      where latest.product_id = old.product_id and latest.locale = old.locale and latest.current
      limit 1) end as "movedTo"
  from unnest($1::text[], $2::text[]) as wanted(locale, slug)
  join product_slug as old on old.locale = wanted.locale and old.slug = wanted.slug`

interface HintRow {
  readonly value: string
  readonly locale?: string
  readonly id: string
  readonly movedTo?: string | null
}

export function createLookUps(readSnapshot: ReadSnapshot, options: { maxBytes: number }): LookUps {
  const hints = createSnapshotCache<Hint>({ maxBytes: options.maxBytes, sizeOf: () => HINT_BYTES })
  const batches = { key: byTurn(readSnapshot, 'key'), sku: byTurn(readSnapshot, 'sku'), slug: byTurn(readSnapshot, 'slug') }
  const load = (lookUp: LookUp) => (token: ConsistencyToken | null) => batches[lookUp.by](token)(lookUp)
  return {
    recall: (lookUp) => hints.recall(nameOf(lookUp)),
    find: (lookUp, token) => hints.read(nameOf(lookUp), token, load(lookUp)),
    reload: (lookUp, token) => hints.reload(nameOf(lookUp), token, load(lookUp)),
  }
}

/** Chains are few and live long (reference-data.ts). */
const chainNames = new WeakMap<readonly string[], string>()

function nameOf(lookUp: LookUp): string {
  if (lookUp.by !== 'slug') return `${lookUp.by} ${lookUp.value}`
  const chain = chainNames.get(lookUp.locales) ?? lookUp.locales.join('+')
  chainNames.set(lookUp.locales, chain)
  return `slug ${chain} ${lookUp.value}`
}

/** One statement for the look-ups of a turn; those of one token are a batch of their own. */
function byTurn(readSnapshot: ReadSnapshot, by: LookUp['by']): (token: ConsistencyToken | null) => FindInTurn {
  const batch = (token: ConsistencyToken | null): FindInTurn =>
    createTurnBatch((lookUps: readonly LookUp[]) => findMany(readSnapshot, { by, lookUps, token }), { maxItems: LOOK_UPS_PER_STATEMENT })
  const withoutToken = batch(null)
  const withToken = new WeakMap<ConsistencyToken, FindInTurn>()
  return (token) => {
    if (token === null) return withoutToken
    const find = withToken.get(token) ?? batch(token)
    withToken.set(token, find)
    return find
  }
}

async function findMany(
  readSnapshot: ReadSnapshot,
  { by, lookUps, token }: { by: LookUp['by']; lookUps: readonly LookUp[]; token: ConsistencyToken | null },
): Promise<readonly Vouched<Hint>[]> {
  const snapshot = await readSnapshot<HintRow>(statementOf(by, lookUps), token)
  const rows = new Map(snapshot.rows.map((row) => [rowName(row.value, row.locale), row]))
  return lookUps.map((lookUp) => hintOf(snapshot, rows, lookUp))
}

function statementOf(by: LookUp['by'], lookUps: readonly LookUp[]): SnapshotStatement {
  if (by !== 'slug') {
    return { name: `find-by-${by}`, text: by === 'key' ? FIND_BY_KEY : FIND_BY_SKU, values: [lookUps.map((lookUp) => lookUp.value)] }
  }
  const wanted = lookUps.flatMap((lookUp) => localesOf(lookUp).map((locale) => [locale, lookUp.value] as const))
  return { name: 'find-by-slug', text: FIND_BY_SLUG, values: [wanted.map(([locale]) => locale), wanted.map(([, slug]) => slug)] }
}

function hintOf(snapshot: Snapshot<HintRow>, rows: ReadonlyMap<string, HintRow>, lookUp: LookUp): Vouched<Hint> {
  const names = lookUp.by === 'slug' ? localesOf(lookUp).map((locale) => rowName(lookUp.value, locale)) : [rowName(lookUp.value)]
  const row = names.map((name) => rows.get(name)).find((found) => found !== undefined)
  return vouchedBy(snapshot, { id: row?.id ?? null, movedTo: row?.movedTo ?? null, proof: proofOf(lookUp), unprovable: false })
}

function localesOf(lookUp: LookUp): readonly string[] {
  return lookUp.by === 'slug' ? lookUp.locales : []
}

const rowName = (value: string, locale = '') => `${locale} ${value}`
