/** What each write wants its product to be: a PUT's document as it came, a patch merged into what is stored. */
import { type CatalogError, invalidBody, payloadTooLarge, versionConflict } from '../../shared/problem.ts'
import { type StoredProduct, versionedInput } from './complete-product.ts'
import { changedPointers, mergePatch, overlap, patchedPointers } from './merge-patch.ts'
import { parseProductInput } from './parse-product-input.ts'
import { MAX_DOCUMENT_BYTES, type ProductInput } from './product-input.ts'
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
  const merged = mergePatch(stored.product, write.patch)
  if (outgrows(merged, stored.product)) return payloadTooLarge(MAX_DOCUMENT_BYTES)
  const parsed = parseProductInput(merged)
  return parsed.ok ? { id, stored, action: 'updated', input: parsed.input } : invalidBody(parsed.errors)
}

/** Patch by patch a document could grow beyond what a PUT may send. One that is larger written out in full than it was sent may stay as large. */
function outgrows(merged: unknown, stored: object): boolean {
  const bytes = Buffer.byteLength(JSON.stringify(merged) ?? '')
  return bytes > MAX_DOCUMENT_BYTES && bytes > Buffer.byteLength(JSON.stringify(stored))
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
