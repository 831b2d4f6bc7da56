/** The one statement that counts the facets of a list: each set of products looked at once, its tokens counted, and of these what is worth showing. */
import { FACET } from '../../shared/facet-token.ts'
import type { SnapshotStatement } from '../cache/product-read.ts'
import { attributeOf, filterCondition, spellings, type Bind } from '../list/list-filters.ts'
import { listScope } from '../list/list-scope.ts'
import { parseRange } from '../list/number-range.ts'
import {
  attributeParts,
  attributeTables,
  bindEdges,
  brandPart,
  categoryPart,
  pricePart,
  selectedBrandPart,
  selectedCategoryPart,
  selectedRangePart,
  selectedValuesPart,
  tagPart,
  yesPart,
} from './facet-parts.ts'
import { setSelect, type FacetSet, type SiblingName } from './facet-sets.ts'

/** Tables for `with`, and selects for the answer. */
interface Part {
  readonly tables: readonly string[]
  readonly selects: readonly string[]
}

/**
 * Answers rows of FacetRow.
 * @param sets the first is the whole one
 */
export function facetStatement(sets: readonly FacetSet[]): SnapshotStatement {
  const values: unknown[] = []
  const bind: Bind = (value) => `$${values.push(value)}`
  const edges = bindEdges(bind)
  const setTables = sets.flatMap((set, i) => {
    const scope = listScope(set.query, values)
    // All sets are about one category: what the first resolves is the whole statement's.
    const table = (resolved: string) => `set_${i} as materialized (${resolved}${setSelect(set, scope)})`
    return i === 0 ? [scope.resolved, table('')] : [table(`with ${scope.resolved}`)]
  })
  const sizeTable = `sizes as materialized (select array[${sets.map((_, i) => `(select count(*) from set_${i})`).join(', ')}]::int[] as size)`
  const parts = sets.map((set, i) =>
    set.without === null ? wholePart(sets, { bind, edges }) : siblingPart(set.without, i, { sets, bind, edges }),
  )
  const selects = parts.flatMap((part) => part.selects)
  const text = /* sql */ `
    /* facets */
    with ${[...setTables, sizeTable, ...parts.flatMap(({ tables }) => tables)].join(',\n    ')}
    ${selects.map((select) => `(${select})`).join('\n    union all\n    ')}`
  return { name: '', text, values, costly: true }
}

const sizeOf = (set: number): string => `(select size[${set + 1}] from sizes)`

/**
 * An attribute a row, with its tokens and how many products have each: what is shown of one attribute is at hand without looking through all the others.
 * @param attributeId SQL, or one of FACET: whose tokens; undefined: all
 */
function countedTable(i: number, attributeId?: string | number): string {
  // In the select list: as a table of its own `unnest` costs half as much again, since every row's list would be remembered for the next.
  return /* sql */ `counted_${i} as materialized (
      select token >> 32 as attribute_id, array_agg(token) as tokens, array_agg(n) as counts,
        sum(n)::float8 as covered, count(*) as variety, sum(n::float8 * n) as squares
      from (
        select token, count(*)::int as n
        from (select unnest(facets) as token from set_${i}) as tokens
        ${attributeId === undefined ? '' : `where token >> 32 = ${attributeId}`}
        group by token) as each
      group by 1)`
}

/** Offers whatever is not selected. */
function wholePart([whole, ...others]: readonly FacetSet[], { bind, edges }: { bind: Bind; edges: string }): Part {
  const selected = new Set(others.map(({ without }) => without))
  const codes = [...selected].flatMap((name) => (name === null ? [] : (attributeOf(name) ?? [])))
  const inCategory = whole?.query.filters.has('category') === true
  const unlessSelected = (name: SiblingName, select: string) => (selected.has(name) ? [] : [select])
  return {
    tables: [countedTable(0), ...attributeTables({ name: 'chosen', counted: 'counted_0', size: sizeOf(0), except: bind(codes) })],
    selects: [
      ...(inCategory ? [selectedCategoryPart(sizeOf(0))] : []),
      categoryPart('counted_0', inCategory),
      ...unlessSelected('brand', brandPart('counted_0')),
      ...unlessSelected('tag', tagPart('counted_0')),
      ...unlessSelected('inStock', yesPart('inStock', 'counted_0')),
      ...unlessSelected('onSale', yesPart('onSale', 'counted_0')),
      ...unlessSelected('price', pricePart('set_0', edges)),
      ...attributeParts('chosen', 'set_0', edges),
    ],
  }
}

/** Offers what one filter chooses among: what is selected of it, and its siblings. */
function siblingPart(name: SiblingName, i: number, { sets, bind, edges }: { sets: readonly FacetSet[]; bind: Bind; edges: string }): Part {
  const values = sets[0]?.query.filters.get(name) ?? []
  const [set, counted] = [`set_${i}`, `counted_${i}`]
  const rangeParts = () =>
    values
      .filter((value) => parseRange(value) !== null || spellings(value).length > 1)
      .map((value) => selectedRangePart(bind(name), bind(value), { set, check: filterCondition(name, [value], bind).check }))
  switch (name) {
    case 'price':
      return { tables: [], selects: [pricePart(set, edges), ...rangeParts()] }
    case 'brand':
      return { tables: [countedTable(i, FACET.brand)], selects: [brandPart(counted), selectedBrandPart(counted, bind(values))] }
    case 'inStock':
    case 'onSale':
      return { tables: [countedTable(i, FACET[name])], selects: [yesPart(name, counted)] }
    case 'tag': {
      const selected = selectedValuesPart(`'tag'`, counted, { attributeId: String(FACET.tag), values: bind(values) })
      return { tables: [countedTable(i, FACET.tag)], selects: [tagPart(counted), selected] }
    }
    default: {
      const attributeId = `(select id from attribute where code = ${bind(attributeOf(name))})`
      const tables = attributeTables({ name: `own_${i}`, counted, size: sizeOf(i), only: attributeId })
      const selected = selectedValuesPart(bind(name), counted, { attributeId, values: bind(values) })
      return {
        tables: [countedTable(i, attributeId), ...tables],
        selects: [...attributeParts(`own_${i}`, set, edges), selected, ...rangeParts()],
      }
    }
  }
}
