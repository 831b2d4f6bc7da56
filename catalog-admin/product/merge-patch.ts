/** JSON Merge Patch (RFC 7396), and which places of a document a patch or an edit touches. */
import { escapePointer } from '../../shared/schema-faults.ts'

type Json = Readonly<Record<string, unknown>>

/** `null` removes a member, an object is merged, anything else (arrays too) replaces what was there. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/** JSON pointers of what the patch sets or removes. */
export function patchedPointers(patch: unknown, pointer = ''): readonly string[] {
  if (!isObject(patch) || Object.keys(patch).length === 0) return [pointer]
  return Object.entries(patch).flatMap(([name, value]) => patchedPointers(value, `${pointer}/${escapePointer(name)}`))
}

/** JSON pointers of what differs; an array is one thing, as it is to a patch. */
export function changedPointers(before: unknown, after: unknown, pointer = ''): readonly string[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) => changedPointers(before[name], after[name], `${pointer}/${escapePointer(name)}`))
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [pointer]
}

/** Whether one of these places is, holds or lies in one of those. */
export function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.some((other) => one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`)))
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
