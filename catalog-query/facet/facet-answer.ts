/** Makes the answer of `GET /v1/products/facets` of what was counted: labels in the reader's language, selected values always there. */
import { localized } from '../../shared/representation.ts'
import type { LocalizedText } from '../../shared/product-document.ts'
import { attributeOf, type ListFilterName } from '../list/list-filters.ts'
import { parseRange } from '../list/number-range.ts'
import type { FacetCounts } from './facet-reader.ts'
import type { FacetRow } from './facet-row.ts'
import type { FacetSet } from './facet-sets.ts'
import { toBuckets, type Bucket } from './value-cells.ts'

interface FacetHead {
  /** `color`, `brand`, `price` … */
  readonly attribute: string
  /** What filters by it: `attr.color`, `brand`, `price` … */
  readonly parameter: string
  readonly label: string
  readonly unit?: string
}

export interface TermsFacet extends FacetHead {
  readonly type: 'terms'
  readonly values: readonly { readonly value: string; readonly label: string; readonly count: number; readonly selected: boolean }[]
}

interface RangeFacet extends FacetHead {
  readonly type: 'range'
  /** null: of no product. */
  readonly min: number | null
  readonly max: number | null
  readonly buckets: readonly (Bucket & { readonly selected: boolean })[]
}

export type Facet = TermsFacet | RangeFacet

export interface FacetAnswer {
  readonly facets: readonly Facet[]
  /** Some counts are of a sample. */
  readonly approximate: boolean
}

/** What every catalog has, in the order in which a person narrows a list down. */
const FIRST: readonly (readonly [ListFilterName, string])[] = [
  ['category', 'Category'],
  ['brand', 'Brand'],
  ['price', 'Price'],
  ['inStock', 'In stock'],
  ['onSale', 'On sale'],
  ['tag', 'Tag'],
]
const YES = 'Yes'
const NO = 'No'

/** @param locales of the reader, preferred first */
export function facetAnswer({ rows, sets }: FacetCounts, locales: readonly string[]): FacetAnswer {
  const byFacet = Map.groupBy(rows, ({ facet }) => facet)
  const attributes = rows.filter(({ part }) => part === 'attribute').toSorted((a, b) => a.count - b.count)
  const names = [...FIRST.map(([name]) => name), ...namesOf(attributes, sets)]
  const facets = names.flatMap((name) => {
    const set = sets.find(({ without }) => without === name) ?? sets[0]
    const selected = sets[0]?.query.filters.get(name) ?? []
    return toFacet(name, byFacet.get(name) ?? [], { selected, scale: 1 / (set?.sample ?? 1), locales }) ?? []
  })
  return { facets, approximate: sets.some(({ sample }) => sample < 1) }
}

/** Those that are selected first: they are what the reader is at. */
function namesOf(attributes: readonly FacetRow[], sets: readonly FacetSet[]): readonly ListFilterName[] {
  const selected = sets.flatMap(({ without }) => (without !== null && attributeOf(without) !== null ? [without] : []))
  const shown = attributes.map(({ facet }) => facet as ListFilterName)
  return [...new Set([...selected, ...shown])]
}

interface FacetContext {
  readonly selected: readonly string[]
  /** What a count of a sample stands for. */
  readonly scale: number
  readonly locales: readonly string[]
}

/** @returns null where there is nothing to choose and nothing chosen */
function toFacet(name: ListFilterName, rows: readonly FacetRow[], context: FacetContext): Facet | null {
  const attribute = rows.find(({ part }) => part === 'attribute')
  const head: FacetHead = {
    attribute: attributeOf(name) ?? name,
    parameter: name,
    label: labelOf(name, attribute, context.locales),
    ...(attribute?.unit ? { unit: attribute.unit } : {}),
  }
  // Of an attribute that no product is left with, the selection says how it was offered.
  const wasRange = attribute !== undefined && attribute.isRange === null && context.selected.every((value) => parseRange(value) !== null)
  // A text that is selected is no bucket: then what is selected is shown, each a value of its own.
  const isRange = name === 'price' || (attribute?.isRange === true && context.selected.every(isNumbers)) || wasRange
  return isRange ? rangeFacet(head, rows, context) : termsFacet(head, rows, context)
}

function labelOf(name: ListFilterName, attribute: FacetRow | undefined, locales: readonly string[]): string {
  const code = attributeOf(name)
  if (code === null) return FIRST.find(([first]) => first === name)?.[1] ?? name
  return localized((attribute?.label ?? {}) as LocalizedText, locales) ?? humanized(code)
}

/** `print_technology` → `Print technology`: what an attribute is called until a person gives it a name. */
function humanized(code: string): string {
  const words = code.replace(/[_\s]+/g, ' ').trim()
  return words === '' ? code : words.charAt(0).toUpperCase() + words.slice(1)
}

function termsFacet(head: FacetHead, rows: readonly FacetRow[], { selected, scale, locales }: FacetContext): TermsFacet | null {
  const values = new Map<string, TermsFacet['values'][number]>()
  for (const row of rows) {
    if (row.part !== 'value' && row.part !== 'range') continue
    const value = row.value ?? ''
    // A range that is selected of something offered as terms is a value of its own.
    const known = values.get(value)?.count ?? 0
    const isSelected = selected.includes(value) || (row.label as { selected?: boolean } | null)?.selected === true
    values.set(value, {
      value,
      label: valueLabel(row, locales),
      count: Math.max(known, Math.round(row.count * scale)),
      selected: isSelected,
    })
  }
  // The category's own row may say it by its id.
  const missing = head.parameter === 'category' && values.size > 0 ? [] : selected.filter((value) => !values.has(value))
  for (const value of missing) values.set(value, { value, label: plainLabel(value), count: 0, selected: true })
  if (values.size === 0) return null
  const sorted = [...values.values()].toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
  return {
    ...head,
    type: 'terms',
    values: head.parameter === 'category' ? sorted.toSorted((a, b) => Number(b.selected) - Number(a.selected)) : sorted,
  }
}

function valueLabel({ label, value }: FacetRow, locales: readonly string[]): string {
  if (typeof label === 'string') return label
  if (label !== null && typeof label === 'object') {
    const { name, i18n } = label as { name: string; i18n: LocalizedText }
    return localized(i18n, locales) ?? name
  }
  return plainLabel(value ?? '')
}

function plainLabel(value: string): string {
  if (value === 'true') return YES
  return value === 'false' ? NO : value
}

function rangeFacet(head: FacetHead, rows: readonly FacetRow[], { selected, scale }: FacetContext): RangeFacet | null {
  const cells = rows.filter(({ part }) => part === 'cell')
  const counted = cells.map(({ cell, atEdge, count }) => ({ cell: cell ?? 0, atEdge: atEdge === true, count }))
  const numbers = cells.flatMap(({ low, high }) => [low ?? 0, high ?? 0])
  const neighbours = rows.flatMap(({ part, low, high, count }) =>
    part === 'neighbours' ? [{ low: low ?? 0, high: high ?? 0, count }] : [],
  )
  const buckets = toBuckets(counted, neighbours).map(({ from, to, count }) => ({
    from,
    to,
    count: Math.round(count * scale),
    selected: selected.some((value) => isNamed(value, { from, to })),
  }))
  const own = selected.filter((value) => !buckets.some((bucket) => isNamed(value, bucket))).map((value) => ownBucket(value, rows, scale))
  if (numbers.length === 0 && own.length === 0) return null
  if (buckets.length === 0 && own.length === 0 && head.parameter !== 'price') return null
  const [min, max] = numbers.length === 0 ? [null, null] : [Math.min(...numbers), Math.max(...numbers)]
  return { ...head, type: 'range', min, max, buckets: [...own, ...buckets] }
}

/** Whether a selected value is this very range. */
function isNamed(value: string, { from, to }: Pick<Bucket, 'from' | 'to'>): boolean {
  const range = rangeOf(value)
  return range.from === from && range.to === to
}

function isNumbers(value: string): boolean {
  return parseRange(value) !== null || (value.trim() !== '' && Number.isFinite(Number(value)))
}

/** One number is a range too. */
function rangeOf(value: string): Pick<Bucket, 'from' | 'to'> {
  return parseRange(value) ?? { from: Number(value), to: Number(value) }
}

function ownBucket(value: string, rows: readonly FacetRow[], scale: number): Bucket & { selected: boolean } {
  const count = rows.find((row) => (row.part === 'range' || row.part === 'value') && row.value === value)?.count ?? 0
  return { ...rangeOf(value), count: Math.round(count * scale), selected: true }
}
