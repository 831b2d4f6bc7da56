/** What each write finds when its products are locked: a refusal, nothing to do, or something to work out. */
import { type CatalogError, gone, keyTaken, notFound, versionConflict } from '../../shared/problem.ts'
import type { ProductRef, ProductWrite, VersionCondition } from './product-write.ts'
import type { LockedProduct } from './stored-product.ts'

export interface ExistingTarget {
  readonly kind: 'existing'
  readonly locked: LockedProduct
  /** It is not in the bin and its version is the one that the write asks for, or none is asked for: equal content means that nothing is to be done. */
  readonly asked: boolean
  /** Its version is not the one that the write asks for. */
  readonly stale: boolean
}

export type WriteTarget =
  | ExistingTarget
  | { readonly kind: 'refused'; readonly error: CatalogError }
  /** In the bin already, or never was. */
  | { readonly kind: 'done'; readonly locked: LockedProduct }
  | { readonly kind: 'new' }

export function refOf(write: ProductWrite): ProductRef {
  return write.op === 'put' ? { key: write.input.key } : write.product
}

export function findTargets(writes: readonly ProductWrite[], locked: readonly LockedProduct[]): readonly WriteTarget[] {
  const byKey = new Map(locked.map((one) => [one.key, one]))
  const byId = new Map(locked.map((one) => [one.id, one]))
  const named = new Set<string>()
  return writes.map((write) => {
    const ref = refOf(write)
    const found = 'key' in ref ? byKey.get(ref.key) : byId.get(ref.id.toLowerCase())
    const name = found?.id ?? ('key' in ref ? ref.key : ref.id)
    if (named.has(name)) throw new Error(`Expected one write for each product, got two for ${name}`)
    named.add(name)
    return findTarget(write, found)
  })
}

function findTarget(write: ProductWrite, locked: LockedProduct | undefined): WriteTarget {
  if (write.op === 'put') return targetOfPut(write, locked)
  if (locked === undefined) {
    const [by, value] = 'key' in write.product ? ['key', write.product.key] : ['id', write.product.id]
    return refused(notFound('product', by, value))
  }
  if (write.op === 'delete' && locked.deleted) return { kind: 'done', locked }
  if (write.op === 'patch' && locked.deleted) return refused(gone('product', locked.key))
  const target = existing(locked, write.ifVersion)
  return write.op === 'restore' && !locked.deleted && !target.stale ? { kind: 'done', locked } : target
}

/** A product in the bin is not there for a PUT by its key, which brings it back under its old id. */
function targetOfPut(write: Extract<ProductWrite, { op: 'put' }>, locked: LockedProduct | undefined): WriteTarget {
  const { input, mode, ifVersion } = write
  if (locked === undefined || locked.deleted) {
    // RFC 9110, 13.1.1: where nothing is there, no If-Match is true.
    if (ifVersion !== null) return refused(versionConflict(input.key, { currentVersion: null }))
    if (mode === 'update') return refused(notFound('product', 'key', input.key))
    return locked === undefined ? { kind: 'new' } : existing(locked, null)
  }
  if (mode === 'create') return refused(keyTaken(input.key, locked.version))
  return existing(locked, ifVersion)
}

function existing(locked: LockedProduct, condition: VersionCondition): ExistingTarget {
  const stale = typeof condition === 'number' && condition !== locked.version
  return { kind: 'existing', locked, stale, asked: !stale && !locked.deleted }
}

function refused(error: CatalogError): WriteTarget {
  return { kind: 'refused', error }
}
