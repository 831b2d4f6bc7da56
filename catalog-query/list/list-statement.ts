/** The one statement of a list: a stretch of an index of read.listing, found by keyset; where filters leave too little of it, what they find, sorted. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import { matchesOf } from '../search/words-condition.ts'
import type { ListQuery } from './list-query.ts'
import type { ListStart } from './list-row.ts'
import { countTokens, listScope, type ListScope } from './list-scope.ts'
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
 * Matches that are looked at before anything is walked, where an index hands out no more than matches: several tokens meet within it, words do. A
 * single token of a tenth of all products would be read to its end before the first is seen.
 */
const FIRST_FOUND = 500
/** A row that is walked costs several of these: it is looked up in the index of words by its id. */
const FIRST_FOUND_BY_WORDS = 4_000

/**
 * Rows come nearest to the start first: for a `prev` page that is the order backwards.
 * The number of rows is part of the text: as a parameter it would be unknown to a generic plan, which then expects a tenth of the table.
 * @returns without filters, one of few statements with a name; with filters it has none, and is planned for its values
 */
export function listStatement(query: ListQuery, stretch: ListStretch): SnapshotStatement {
  const scope = listScope(query)
  const walks = walksOf(query, stretch, scope)
  const parts = walks.map((walk) => partOf(query, scope, walk, stretch.skip + stretch.rows))
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
  return { name: isPlain ? name : '', text, values: scope.values, costly: true }
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

function partOf(query: ListQuery, scope: ListScope, walk: Walk, needed: number): Part {
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
  const [walked, found, few] = [`walked_${number}`, `found_${number}`, `few_${number}`]
  const columns = [...new Set([leg.column, 'product_id', 'price_minor', 'facets'])].map((column) => `l.${column}`).join(', ')
  // Read as far as it is needed: a table of its own is planned as all that is found, not as the first few of an order.
  const finds = /* sql */ `${found} as materialized (
      select l.${leg.column}, l.product_id
      from read.listing l
      where ${[scope.find, ...(leg.onlyFound === undefined ? [] : [leg.onlyFound]), ...keyset].join('\n        and ')})`
  const first = lookedAtFirst(query, scope, found)
  const counts =
    first === null
      ? []
      : [
          ...first.shared,
          /* sql */ `${few} as materialized (
      select count(*) <= ${first.rows} as are_all
      from (select from ${first.of} limit ${first.rows + 1}) as first)`,
        ]
  const walks = /* sql */ `${walked} as materialized (
      select ${row}
      from (
        select ${columns}
        from read.listing l
        where ${[...(first === null ? [] : [`not (select are_all from ${few})`]), ...near].join(' and ')}
        ${order}
        limit ${Math.max(WALK_ROWS, WALK_ROWS_PER_ROW * needed)}) as l
      where ${checks.join('\n        and ')}
      ${order}
      limit ${needed})`
  const select = /* sql */ `select id, leg, position from ${walked} where (select count(*) from ${walked}) >= ${needed}
      union all
      (select ${row}
      from ${found} as l
      where (select count(*) from ${walked}) < ${needed}
      ${order}
      limit ${needed})`
  return { shared: [finds, ...counts, walks], select }
}

interface FirstLook {
  readonly shared: readonly string[]
  /** A table of what is found. */
  readonly of: string
  readonly rows: number
}

/** What shows that few are found, before anything is walked; null: first is walked. */
function lookedAtFirst({ filters, wanted }: ListQuery, { bind }: ListScope, found: string): FirstLook | null {
  if (wanted === undefined) return countTokens(filters) > 1 ? { shared: [], of: found, rows: FIRST_FOUND } : null
  // What the words match, not what other filters leave of it: of very many, the rest is not looked at, and a page of those would not be the order's first.
  const matched = `${found}_words`
  const matches = `${matched} as materialized (select from read.search s where ${matchesOf(wanted, bind)})`
  return { shared: [matches], of: matched, rows: FIRST_FOUND_BY_WORDS }
}
