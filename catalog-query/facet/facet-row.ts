/** What the facets' statement answers: rows of several kinds in one shape. */

export interface FacetRow {
  /**
   * `value`: of a facet. `range`: a selected one. `cell`: numbers of a facet, by cells (value-cells.ts).
   * `neighbours`: two numbers of one product with none between them, by the cells of both.
   * `attribute`: one that is shown, its order in `count`.
   */
  readonly part: 'value' | 'range' | 'cell' | 'neighbours' | 'attribute'
  /** `brand`, `category`, `attr.NAME` … */
  readonly facet: string
  readonly value: string | null
  readonly count: number
  /** A brand's name, an attribute's labels by locale, a category's name and i18n. */
  readonly label: unknown
  /** Of an attribute: whether it is offered as ranges of numbers. */
  readonly isRange: boolean | null
  readonly unit: string | null
  readonly cell: number | null
  readonly atEdge: boolean | null
  /** The least and the greatest number of a cell; of neighbours, one of the lower's cell and one of the higher's. */
  readonly low: number | null
  readonly high: number | null
}

const TYPES = {
  value: 'text',
  count: 'int',
  label: 'jsonb',
  isRange: 'boolean',
  unit: 'text',
  cell: 'int',
  atEdge: 'boolean',
  low: 'float8',
  high: 'float8',
} as const

/** SQL expressions by column. */
export interface RowColumns extends Readonly<Partial<Record<keyof typeof TYPES, string>>> {
  readonly part: FacetRow['part']
  readonly facet: string
}

/** A select whose columns are those of FacetRow, so that it can stand in a `union all`. */
export function selectRow({ part, facet, ...columns }: RowColumns, from = ''): string {
  const rest = Object.entries(TYPES).map(([name, type]) => `(${columns[name as keyof typeof TYPES] ?? 'null'})::${type} as "${name}"`)
  return `select '${part}' as part, (${facet})::text as facet, ${rest.join(', ')} ${from}`
}
