/** What each write wants its product to be: a PUT's document as it came, a patch merged into what is stored. */
import { type CatalogError, validationFailed, versionConflict } from '../../shared/problem.ts'
import { type StoredProduct, versionedInput } from './complete-product.ts'
import { changedPointers, mergePatch, overlap, patchedPointers } from './merge-patch.ts'
import { parseProductInput } from './parse-product-input.ts'
import type { ProductInput } from './product-input.ts'
import type { ProductVersion } from './product-version.ts'
import type { ProductWrite } from './product-write.ts'
import type { ExistingTarget } from './write-target.ts'

export interface Proposal {
  readonly id: string
  readonly stored: StoredProduct | null
  readonly action: 'created' | 'updated' | 'deleted' | 'restored'
  /** As it is to be. Of a deletion: as it is. */
  readonly input: ProductInput
}

/** @returns an error when the write does not go with what is stored */
export function propose(
  write: ProductWrite,
  target: ExistingTarget,
  stored: StoredProduct,
  base: ProductVersion | undefined,
): Proposal | CatalogError {
  const conflict = target.stale ? findConflict(write, stored, base) : null
  if (conflict !== null) return conflict
  const { id } = stored
  if (write.op === 'put') return { id, stored, action: stored.deletedMs === null ? 'updated' : 'created', input: write.input }
  if (write.op !== 'patch') return { id, stored, action: write.op === 'delete' ? 'deleted' : 'restored', input: stored.product }
  const parsed = parseProductInput(mergePatch(stored.product, write.patch))
  return parsed.ok ? { id, stored, action: 'updated', input: parsed.input } : validationFailed(parsed.errors)
}

/** A patch that may be rebased goes through when nothing that it sets was changed since the version it was made for. */
function findConflict(write: ProductWrite, stored: StoredProduct, base: ProductVersion | undefined): CatalogError | null {
  const known = base?.input ?? null
  const changed = known === null ? [] : changedPointers(known, versionedInput(stored.product))
  const mayRebase = write.op === 'patch' && write.onConflict === 'rebase' && known !== null
  if (mayRebase && !overlap(patchedPointers(write.patch), changed)) return null
  const changedMs = base?.changedMs ?? null
  return versionConflict(stored.product.key, {
    currentVersion: stored.version,
    changedPointers: changed,
    changedBy: base?.changedBy ?? null,
    changedAt: changedMs === null ? null : new Date(changedMs).toISOString(),
  })
}
