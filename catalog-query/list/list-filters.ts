/** The filters that a list may have: each is one condition on a row of read.listing. A new one is one entry here and its parameter. */

export type ListFilterName = 'brand' | 'category'

/** A condition with its values; `bind` takes a value and gives its `$n`. */
type Condition = (values: readonly string[], bind: (value: unknown) => string) => { readonly name: string; readonly sql: string }

const MAX_INT4 = 2_147_483_647

/** Without a filter by category: the row that stands for all of them. */
export const ALL_CATEGORIES = 'category_id = 0'

/**
 * Slugs and ids are resolved within the statement, so that one snapshot vouches for all of it; one that does not exist matches nothing.
 * A slug of digits is a slug first.
 */
export const FILTER_CONDITIONS: Readonly<Record<ListFilterName, Condition>> = {
  // One brand is an equality, which keeps the index's order; several are not.
  brand: (values, bind) =>
    values.length === 1
      ? { name: 'brand', sql: `brand_id = (select id from brand where slug = ${bind(values[0])})` }
      : { name: 'brands', sql: `brand_id = any (array(select id from brand where slug = any (${bind(values)}::text[])))` },
  category: ([value = ''], bind) => ({
    name: 'category',
    sql: `category_id = (
      select id
      from category
      where slug = ${bind(value)} or id = ${bind(toId(value))}::int
      order by slug = ${bind(value)} desc
      limit 1)`,
  }),
}

function toId(text: string): number | null {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Infinity
  return id <= MAX_INT4 ? id : null
}
