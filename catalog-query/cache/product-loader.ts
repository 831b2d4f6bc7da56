/** Loads products from a database: the misses of one event-loop turn are one statement, and so are the checks of suspect copies. */
import type { ProductDocument, ProductState } from '../../shared/product-document.ts'
import type { Stamp } from '../../shared/stamp.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import type { SnapshotStatement } from './product-read.ts'
import type { ProductSource } from './render-copy.ts'
import type { ReadReplicaRows, ReadResult, ReadRows } from './replicas.ts'
import type { TextRow } from './snapshot-source.ts'
import { createTurnBatch, type TurnBatchOptions } from './turn-batch.ts'

export interface LoadedProduct {
  readonly source: ProductSource
  readonly asOf: Stamp
  readonly tier: 'replica' | 'primary'
  readonly marked: boolean
}

export interface CheckedRev {
  /** 0 when there is no such product. */
  readonly rev: number
  readonly asOf: Stamp
  readonly tier: 'replica' | 'primary'
  readonly marked: boolean
}

export interface ProductLoader {
  /** Concurrent loads of one id share one. @throws CatalogError unavailable or overloaded */
  load(id: string, token: ConsistencyToken | null): Promise<LoadedProduct>
  /** From a replica, or null where the primary would be next; null itself: there are no replicas. @throws CatalogError overloaded */
  readonly loadFromReplica: ((id: string, token: ConsistencyToken) => Promise<LoadedProduct | null>) | null
  /** The rev alone. @throws CatalogError unavailable or overloaded */
  checkRev(id: string): Promise<CheckedRev>
}

/** Ids of one statement at most. */
const IDS_PER_STATEMENT = 200

const LOAD_PRODUCTS = /* sql */ `
  select product_id::text as id, rev, state, doc,
    floor(extract(epoch from changed_at) * 1000)::bigint as changed_at_ms
  from read.product
  where product_id = any($1::uuid[])`

const CHECK_REVS = /* sql */ `
  select product_id::text as id, rev
  from read.product
  where product_id = any($1::uuid[])`

export interface ProductLoaderParts {
  readonly readRows: ReadRows
  readonly readReplicaRows: ReadReplicaRows | null
  /** When a turn's loads are sent (turn-batch.ts). */
  readonly defer?: (send: () => void) => void
}

export function createProductLoader({ readRows, readReplicaRows, defer }: ProductLoaderParts): ProductLoader {
  const turn = { maxItems: IDS_PER_STATEMENT, ...(defer === undefined ? {} : { defer }) }
  const loading = new Map<string, Promise<LoadedProduct>>()
  const loadMany = async (ids: readonly string[], token: ConsistencyToken | null) =>
    productsOf(ids, await readRows(loadProducts(ids), token))
  const loadInTurn = createTurnBatch((ids: readonly string[]) => loadMany(ids, null), turn)
  const checkRev = createTurnBatch(async (ids: readonly string[]) => {
    const result = await readRows({ name: 'check-revs', text: CHECK_REVS, values: [ids] }, null)
    return inOrder(ids, result, (_id, row) => ({ ...vouchedBy(result), rev: Number(row?.['rev'] ?? 0) }))
  }, turn)
  const loadWithToken = batchByToken(loadMany, turn)

  async function loadShared(id: string): Promise<LoadedProduct> {
    const known = loading.get(id)
    if (known !== undefined) return await known
    const promise = loadInTurn(id).finally(() => loading.delete(id))
    loading.set(id, promise)
    return await promise
  }

  return {
    load: async (id, token) => (token === null ? await loadShared(id) : await loadWithToken(id, token)),
    loadFromReplica:
      readReplicaRows === null
        ? null
        : batchByToken(async (ids, token) => {
            const result = await readReplicaRows(loadProducts(ids), token)
            return result === null ? ids.map(() => null) : productsOf(ids, result)
          }, turn),
    checkRev,
  }
}

/** A request's token is one object, so the products of a batch that carries one are one statement too. */
function batchByToken<T>(
  loadMany: (ids: readonly string[], token: ConsistencyToken) => Promise<readonly T[]>,
  turn: TurnBatchOptions,
): (id: string, token: ConsistencyToken) => Promise<T> {
  const batches = new WeakMap<ConsistencyToken, (id: string) => Promise<T>>()
  return async (id, token) => {
    const batch = batches.get(token) ?? createTurnBatch((ids: readonly string[]) => loadMany(ids, token), turn)
    batches.set(token, batch)
    return await batch(id)
  }
}

function loadProducts(ids: readonly string[]): SnapshotStatement {
  return { name: 'load-products', text: LOAD_PRODUCTS, values: [ids] }
}

function productsOf(ids: readonly string[], result: ReadResult): readonly LoadedProduct[] {
  return inOrder(ids, result, (id, row) => toLoaded(id, row, result))
}

function inOrder<T>(ids: readonly string[], result: ReadResult, make: (id: string, row: TextRow | undefined) => T): readonly T[] {
  const byId = new Map(result.rows.map((row) => [row['id'], row]))
  return ids.map((id) => make(id, byId.get(id)))
}

function vouchedBy({ asOf, tier, marked }: ReadResult): { asOf: Stamp; tier: 'replica' | 'primary'; marked: boolean } {
  return { asOf, tier, marked }
}

function toLoaded(_id: string, row: TextRow | undefined, result: ReadResult): LoadedProduct {
  const contained = result.contained
  if (row === undefined) {
    return { ...vouchedBy(result), source: { state: 'absent', rev: 0, document: null, changedAtMs: 0, contained } }
  }
  const source = {
    state: row['state'] as ProductState,
    rev: Number(row['rev']),
    document: row['doc'] ? (JSON.parse(row['doc']) as ProductDocument) : null,
    changedAtMs: Number(row['changed_at_ms']),
    contained,
  }
  return { ...vouchedBy(result), source }
}
