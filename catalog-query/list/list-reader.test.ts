import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FACET, facetToken } from '../../shared/facet-token.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { createReplicas } from '../cache/replicas.ts'
import { createListCounter } from './list-count.ts'
import { decodeCursor } from './list-cursor.ts'
import type { ListFilters } from './list-filters.ts'
import { cutPage, type Page } from './list-page.ts'
import { canonicalFilters, canonicalQuery, queryBinding, type ListQuery } from './list-query.ts'
import { createListReader } from './list-reader.ts'
import { placeOf, startOf, type ListRow } from './list-row.ts'
import { LIST_SORTS, SORT_LEGS } from './list-sorts.ts'
import { listStatement } from './list-statement.ts'
import { catalog, fillListing, filters, naiveList, prepareListing } from './test-catalog.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  await prepareListing(database)
})
afterAll(async () => await database[Symbol.asyncDispose]())

interface Request extends ListQuery {
  readonly limit: number
}

const request: fc.Arbitrary<Request> = fc
  .record({
    channel: fc.constantFrom('default', 'eu'),
    filters,
    sort: fc.constantFrom(...LIST_SORTS),
    limit: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 100 })),
  })
  .filter((wanted) => wanted.sort !== 'manual' || wanted.filters.has('category'))

function openLists() {
  let statements = 0
  const { readSnapshot } = createReplicas({
    replicas: [{ name: 'replica', pool: database.replica }],
    primary: database.primary,
    primaryLimit: 4,
  })
  const options = { maxBytes: 1_000_000 }
  const readList = createListReader((statement, token) => (statements++, readSnapshot(statement, token)), options)
  const readPage = async (wanted: Request, cursor: string | null, skip = 0): Promise<Page<string>> => {
    const canonical = canonicalQuery(wanted)
    const binding = queryBinding(canonical)
    const start = startOf(decodeCursor(cursor ?? undefined, binding), SORT_LEGS[wanted.sort])
    const { value } = await readList({ query: wanted, start, skip, limit: wanted.limit }, null)
    const page = cutPage<ListRow>(value, { limit: wanted.limit, direction: start?.direction ?? null, placeOf, binding })
    return { ...page, shown: page.shown.map(({ id }) => id) }
  }
  return { readPage, readCount: createListCounter(readSnapshot, options), statements: () => statements }
}

async function walk(readPage: ReturnType<typeof openLists>['readPage'], wanted: Request): Promise<Page<string>[]> {
  const pages = [await readPage(wanted, null)]
  for (let next = pages[0]?.next ?? null; next !== null; next = pages.at(-1)?.next ?? null) pages.push(await readPage(wanted, next))
  return pages
}

test('any catalog walked by any filters, order and limit, forwards and back and by page, is what a naive list is', async () => {
  await fc.assert(
    fc.asyncProperty(catalog, fc.array(request, { minLength: 1, maxLength: 8 }), async (items, requests) => {
      await fillListing(database, items)
      const { readPage, readCount } = openLists()
      for (const wanted of requests) {
        const expected = naiveList(items, wanted)
        const pages = await walk(readPage, wanted)
        expect(pages.flatMap((page) => page.shown)).toEqual(expected)
        expect(pages.every((page, i) => page.shown.length === wanted.limit || i === pages.length - 1)).toBe(true)
        expect(pages[0]?.prev).toBeNull()
        let back = pages.at(-1)
        for (const page of pages.slice(0, -1).toReversed()) {
          back = await readPage(wanted, back?.prev ?? '')
          expect(back.shown).toEqual(page.shown)
          expect(back.next).not.toBeNull()
        }
        expect(back?.prev ?? null).toBeNull()
        expect((await readPage(wanted, null, wanted.limit)).shown).toEqual(expected.slice(wanted.limit, 2 * wanted.limit))
        expect((await readCount(wanted, null)).value).toEqual({ value: expected.length, relation: 'eq' })
      }
    }),
    { numRuns: 40 },
  )
}, 240_000)

test('a warm list runs no statement, and ten callers of a cold one run one', async () => {
  const { readPage, statements } = openLists()
  const wanted: Request = { channel: 'default', filters: new Map(), sort: 'price', limit: 10 }
  await Promise.all(Array.from({ length: 10 }, () => readPage(wanted, null)))
  expect(statements()).toBe(1)
  await readPage({ ...wanted, limit: 24 }, null)
  expect(statements()).toBe(1)
})

const PRODUCTS = 30_000

/** Every tenth is red, every thousandth blue; the weights are all different; what is popular is heavy. */
const MANY_ROWS = `
  truncate read.listing, facet_token, product cascade;
  insert into facet_token (id, attribute_id, value, number)
    select (101::bigint << 32) + n, 101, n::text, n from generate_series(1, ${PRODUCTS}) n;
  insert into facet_token (id, attribute_id, value) values ((100::bigint << 32) + 50001, 100, 'red'), ((100::bigint << 32) + 50002, 100, 'blue');
  insert into product (id, key, i18n, content_hash, updated_at)
    select md5(n::text)::uuid, n::text, '{}', '', now() - n * interval '1 minute' from generate_series(1, ${PRODUCTS}) n;
  insert into read.listing (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, title_key, facets)
    select 1, category, md5(n::text)::uuid, n % 977, n, now() - n * interval '1 minute', true, md5(n::text),
      array[1::bigint << 32 | n % 3 + 1, 2::bigint << 32 | n % 4 + 1, (101::bigint << 32) + n]
        || case when n % 10 = 0 then array[(100::bigint << 32) + 50001] else '{}' end || case when n % 1000 = 1 then array[(100::bigint << 32) + 50002] else '{}' end
    from generate_series(1, ${PRODUCTS}) n, unnest(array[0, n % 4 + 1]) category`

test('no list reads a whole table, whatever its filters and order', async () => {
  await database.primary.query(MANY_ROWS)
  await database.primary.query('vacuum analyze')
  const wanted: Parameters<typeof canonicalFilters>[0][] = [
    {},
    { category: ['parkas'] },
    { brand: ['brand-1'] },
    { 'attr.color': ['blue'] },
    { 'attr.color': ['blue'], category: ['parkas'] },
    { 'attr.color': ['red'], 'attr.weight': ['5..9'] },
    { 'attr.weight': ['..4'] },
    { 'attr.color': ['red', 'blue'], brand: ['brand-2'], price: ['10..20'] },
    { price: ['10..11'] },
    { updatedSince: [new Date(Date.now() - 600_000).toISOString()] },
  ]
  for (const sort of LIST_SORTS) {
    for (const filter of wanted) {
      if (sort === 'manual' && filter.category === undefined) continue
      const query = { channel: 'default', filters: canonicalFilters(filter), sort }
      const { plan, rows } = await explain(query)
      expect(plan, `${sort} ${JSON.stringify(filter)}`).not.toMatch(/Seq Scan on (listing|product|facet_token)/)
      // The walk and what is found, and no more than an index entry or two beside each.
      expect(rows, `${sort} ${JSON.stringify(filter)}`).toBeLessThan(PRODUCTS / 3)
    }
  }
})

const MET = `
  select product_id as id
  from read.listing
  where category_id = $1 and facets @> array[$2::bigint]
  order by popularity desc, product_id desc`

test('where filters meet in more products than are looked at first, and where in fewer, the whole list is in order', async () => {
  for (const { filter, category, token, count } of [
    { filter: { brand: ['brand-1'], category: ['parkas'] }, category: 3, token: facetToken(FACET.brand, 1), count: 2_500 },
    { filter: { 'attr.color': ['blue'], category: ['jackets'] }, category: 2, token: facetToken(100, 50_002), count: 30 },
  ]) {
    const { rows } = await database.primary.query<{ id: string }>(MET, [category, token])
    expect(rows).toHaveLength(count)
    const wanted: Request = { channel: 'default', filters: canonicalFilters(filter), sort: 'popular', limit: 100 }
    for (const skip of [0, 20, count - 10]) {
      const { shown } = await openLists().readPage(wanted, null, skip)
      expect(shown).toEqual(rows.slice(skip, skip + 100).map(({ id }) => id))
    }
  }
})

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly Plans?: readonly PlanNode[]
}

/** The plan as text, and how many rows of listing it has read. */
async function explain(query: { channel: string; filters: ListFilters; sort: ListQuery['sort'] }): Promise<{ plan: string; rows: number }> {
  const { text, values } = listStatement(query, { start: null, skip: 0, rows: 25 })
  const run = async (format: string): Promise<unknown[]> => {
    const { rows } = await database.primary.query<{ 'QUERY PLAN': unknown }>(`explain (${format}) ${text}`, [...values])
    return rows.map((row) => row['QUERY PLAN'])
  }
  const plan = (await run('costs off')).join('\n')
  const [json] = (await run('analyze, timing off, format json')) as [readonly { Plan: PlanNode }[]]
  const rowsOf = (node: PlanNode): number =>
    (node['Relation Name'] === 'listing' ? node['Actual Rows'] * node['Actual Loops'] : 0) +
    (node.Plans ?? []).reduce((sum, child) => sum + rowsOf(child), 0)
  return { plan, rows: json.reduce((sum, { Plan }) => sum + rowsOf(Plan), 0) }
}
