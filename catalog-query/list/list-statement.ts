/** The one statement of a list: a stretch of an index of read.listing, found by keyset; where filters leave too little of it, what they find, sorted. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import type { ListQuery } from './list-query.ts'
import type { ListStart } from './list-row.ts'
import { listScope, type ListScope } from './list-scope.ts'
import { SORT_LEGS, type SortLeg } from './list-sorts.ts'

export interface ListStretch {
  readonly start: ListStart | null
  /** Rows left out first; only where there is no start. */
  readonly skip: number
  readonly rows: number
}

/**
 * Rows of the order's index that are looked at for a filter's matches. Where a filter lets many through, a page is found among the first of
 * them; where it lets few through, those few are found by their own index and sorted. Neither needs to know beforehand which it is, and a
 * plan that guesses wrong (PostgreSQL knows a value's frequency, but not how it goes with another's or with the order) cannot walk the table.
 */
const WALK_ROWS = 2_000
/** More of them for a page far behind, which can hardly be found among the first. */
const WALK_ROWS_PER_ROW = 4

/**
 * Rows come nearest to the start first: for a `prev` page that is the order backwards.
 * The number of rows is part of the text: as a parameter it would be unknown to a generic plan, which then expects a tenth of the table.
 * @returns without filters, one of few statements with a name; with filters it has none, and is planned for its values
 */
export function listStatement(query: ListQuery, stretch: ListStretch): SnapshotStatement {
  const scope = listScope(query)
  const walks = walksOf(query, stretch, scope)
  const parts = walks.map((walk) => partOf(scope, walk, stretch.skip + stretch.rows))
  const order = walks.flatMap(({ number, direction }) =>
    ['position', 'id'].map((column) =>
      walks.length === 1 ? `${column} ${direction}` : `case leg when ${number} then ${column} end ${direction}`,
    ),
  )
  const legs = walks.length === 1 ? [] : [`leg ${stretch.start?.direction === 'prev' ? 'desc' : 'asc'}`]
  const name = nameOf(query, stretch)
  const text = /* sql */ `
    /* ${name} */
    with ${[scope.resolved, ...parts.flatMap(({ shared }) => shared)].join(',\n    ')}
    select id, leg, position
    from (
      ${parts.map(({ select }) => select).join('\n      union all\n      ')}) as found
    order by ${[...legs, ...order].join(', ')}
    limit ${stretch.rows} offset ${stretch.skip}`
  const isPlain = scope.checks.length === 0 && stretch.skip === 0
  return { name: isPlain ? name : '', text, values: scope.values }
}

/** Never anything that a request has written: it stands in the statement's text. */
function nameOf(query: ListQuery, { start, rows }: ListStretch): string {
  const filters = [...query.filters.keys()].map((name) => (name.startsWith('attr.') ? 'attribute' : name))
  return ['list', query.sort, ...(start === null ? [] : [start.direction, start.leg]), ...filters, rows].join('-')
}

/** One leg of the order, in the direction of the request, from where the request begins. */
interface Walk {
  readonly leg: SortLeg
  readonly number: number
  readonly direction: 'asc' | 'desc'
  /** On the alias `l`. */
  readonly keyset: readonly string[]
}

function walksOf(query: ListQuery, { start }: ListStretch, { bind }: ListScope): readonly Walk[] {
  const backwards = start?.direction === 'prev'
  return SORT_LEGS[query.sort].flatMap((leg, number): readonly Walk[] => {
    if (start !== null && (backwards ? number > start.leg : number < start.leg)) return []
    const direction = backwards === (leg.direction === 'asc') ? 'desc' : 'asc'
    if (start?.leg !== number) return [{ leg, number, direction, keyset: [] }]
    const place = `(${leg.fromPosition(bind(start.position))}, ${bind(start.id)}::uuid)`
    return [{ leg, number, direction, keyset: [`(l.${leg.column}, l.product_id) ${direction === 'asc' ? '>' : '<'} ${place}`] }]
  })
}

interface Part {
  readonly shared: readonly string[]
  readonly select: string
}

function partOf(scope: ListScope, walk: Walk, needed: number): Part {
  const { leg, number, direction, keyset } = walk
  // A range of the very column that is walked is a part of the index as the keyset is.
  const within = scope.checks.filter(({ name, sql }) => name === 'price' && leg.column === 'price_minor' && !sql.includes(' or '))
  const checks = scope.checks.filter((check) => !within.includes(check)).map(({ sql }) => sql)
  const only = leg.only === undefined ? [] : [leg.only]
  const near = [scope.range, ...only, ...keyset, ...within.map(({ sql }) => sql)]
  const order = `order by l.${leg.column} ${direction}, l.product_id ${direction}`
  const row = `l.product_id as id, ${number} as leg, ${leg.toPosition} as position`
  const whole = checks.length === 0 || (leg.only !== undefined && leg.onlyFound === undefined)
  if (whole) {
    const select = `(select ${row} from read.listing l where ${[...near, ...checks].join(' and ')} ${order} limit ${needed})`
    return { shared: [], select }
  }
  const walked = `walked_${number}`
  const columns = [...new Set([leg.column, 'product_id', 'price_minor', 'facets'])].map((column) => `l.${column}`).join(', ')
  const shared = /* sql */ `${walked} as materialized (
      select ${row}
      from (
        select ${columns}
        from read.listing l
        where ${near.join(' and ')}
        ${order}
        limit ${Math.max(WALK_ROWS, WALK_ROWS_PER_ROW * needed)}) as l
      where ${checks.join('\n        and ')}
      ${order}
      limit ${needed})`
  const found = [scope.find, ...(leg.onlyFound === undefined ? [] : [leg.onlyFound]), ...keyset]
  // `offset 0`: what the filters find is planned as all of it, not as the first few of an order.
  const select = /* sql */ `select id, leg, position from ${walked} where (select count(*) from ${walked}) >= ${needed}
      union all
      (select ${row}
      from (
        select l.${leg.column}, l.product_id
        from read.listing l
        where (select count(*) from ${walked}) < ${needed}
        and ${found.join('\n        and ')}
        offset 0) as l
      ${order}
      limit ${needed})`
  return { shared: [shared], select }
}
