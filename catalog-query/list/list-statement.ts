/** The one statement of a list: a stretch of an index of read.listing, found by keyset, never by offset. */
import type { SnapshotStatement } from '../cache/product-read.ts'
import { ALL_CATEGORIES, FILTER_CONDITIONS } from './list-filters.ts'
import type { ListQuery } from './list-query.ts'
import type { ListStart } from './list-row.ts'
import { SORT_ORDERS } from './list-sorts.ts'

/**
 * Rows come nearest to the start first: for a `prev` page that is the order backwards.
 * The number of rows is part of the text: as a parameter it would be unknown to a generic plan, which then expects a tenth of the table.
 * @returns statements of a bounded number of texts and names, one for each order, direction and set of filters
 */
export function listStatement(query: ListQuery, start: ListStart | null, rows: number): SnapshotStatement {
  const order = SORT_ORDERS[query.sort]
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const conditions = [`channel_id = (select id from channel where code = ${bind(query.channel)})`]
  const names: string[] = [query.sort]
  if (!query.filters.has('category')) conditions.push(ALL_CATEGORIES)
  for (const [filter, wanted] of [...query.filters].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { name, sql } = FILTER_CONDITIONS[filter](wanted, bind)
    conditions.push(sql)
    names.push(name)
  }
  const backwards = start?.direction === 'prev'
  const direction = backwards === (order.direction === 'asc') ? 'desc' : 'asc'
  if (start !== null) {
    names.push(start.direction)
    const place = `(${order.fromPosition(bind(start.position))}, ${bind(start.id)}::uuid)`
    conditions.push(`(${order.column}, product_id) ${direction === 'asc' ? '>' : '<'} ${place}`)
  }
  const text = /* sql */ `
    select product_id as id, ${order.toPosition} as position
    from read.listing
    where ${conditions.join('\n      and ')}
    order by ${order.column} ${direction}, product_id ${direction}
    limit ${rows}`
  return { name: `list-${names.join('-')}-${rows}`, text, values }
}
