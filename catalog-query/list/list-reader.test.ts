import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { createReplicas } from '../cache/replicas.ts'
import { tick } from '../../shared/clock.ts'
import { decodeCursor } from './list-cursor.ts'
import type { ListFilterName } from './list-filters.ts'
import { cutPage, type Page } from './list-page.ts'
import { canonicalFilters, canonicalQuery, queryBinding, type ListQuery } from './list-query.ts'
import { createListReader } from './list-reader.ts'
import { placeOf, startOf, type ListRow } from './list-row.ts'
import { LIST_SORTS, SORT_ORDERS, type ListSort } from './list-sorts.ts'
import { listStatement } from './list-statement.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  await tick(database.primary)
  await database.primary.query(`
    insert into channel (code, name, currency, default_locale) values ('eu', 'Europe', 'EUR', 'de');
    insert into brand (slug, name) select 'brand-' || n, 'Brand ' || n from generate_series(1, 4) n;
    insert into category (parent_id, ancestors, slug, name, i18n) values
      (null, '{}', 'clothing', 'Clothing', '{}'), (1, '{1}', 'jackets', 'Jackets', '{}'), (2, '{1,2}', 'parkas', 'Parkas', '{}'), (null, '{}', '2', 'Digits', '{}')`)
})
afterAll(async () => await database[Symbol.asyncDispose]())

interface Item {
  readonly id: string
  readonly channel: string
  /** Ids of its own categories. */
  readonly categories: readonly number[]
  readonly brand: number | null
  readonly price: number
  readonly popularity: number
  readonly createdAtUs: number
}

const ANCESTORS: Readonly<Record<number, readonly number[]>> = { 1: [1], 2: [1, 2], 3: [1, 2, 3], 4: [4] }
const CATEGORY_NAMES: Readonly<Record<string, number | undefined>> = { clothing: 1, jackets: 2, parkas: 3, '1': 1, '3': 3, '2': 4, '4': 4 }
const withAncestors = (item: Item) => new Set([0, ...item.categories.flatMap((category) => ANCESTORS[category] ?? [])])

const BASE_US = 1_790_000_000_000_000
const item = fc.record({
  id: fc.uuid({ version: 7 }),
  channel: fc.constantFrom('default', 'eu'),
  categories: fc.uniqueArray(fc.constantFrom(1, 2, 3, 4), { maxLength: 3 }),
  brand: fc.option(fc.constantFrom(1, 2, 3)),
  // Few values: ties are the rule.
  price: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(Number.MAX_SAFE_INTEGER)),
  popularity: fc.oneof(
    fc.constantFrom(0, 0.1, 12.5, -3, 1e30),
    fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e30), max: Math.fround(1e30) }),
  ),
  createdAtUs: fc.integer({ min: BASE_US, max: BASE_US + 3 }),
})
const catalog = fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 40 })
const request = fc.record({
  channel: fc.constantFrom('default', 'eu'),
  category: fc.option(fc.constantFrom(...Object.keys(CATEGORY_NAMES), 'no-such', '99', "x' or 1=1 --"), { nil: undefined }),
  brands: fc.uniqueArray(fc.constantFrom('brand-1', 'brand-2', 'brand-3', 'brand-4', 'no-such'), { maxLength: 3 }),
  sort: fc.constantFrom(...LIST_SORTS),
  limit: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 100 })),
})
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never

async function fillListing(items: readonly Item[]): Promise<void> {
  const rows = items.flatMap((entry) => [...withAncestors(entry)].map((category) => ({ ...entry, category })))
  await database.primary.query('truncate read.listing')
  await database.primary.query(
    `insert into read.listing (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, brand_id, facets)
     select channel.id, category, product, price, popularity, timestamptz 'epoch' + created_us * interval '1 microsecond', true, brand, '{}'
     from unnest($1::text[], $2::int[], $3::uuid[], $4::bigint[], $5::real[], $6::bigint[], $7::int[])
       as t(code, category, product, price, popularity, created_us, brand)
     join channel on channel.code = t.code`,
    [
      rows.map((row) => row.channel),
      rows.map((row) => row.category),
      rows.map((row) => row.id),
      rows.map((row) => row.price),
      rows.map((row) => row.popularity),
      rows.map((row) => row.createdAtUs),
      rows.map((row) => row.brand),
    ],
  )
  await tick(database.primary)
  await database.caughtUp()
}

/** What a list is, said again without an index, a keyset or SQL. */
function naive(items: readonly Item[], wanted: Request): string[] {
  const value: Record<ListSort, (entry: Item) => number> = {
    popular: (entry) => -Math.fround(entry.popularity),
    newest: (entry) => -entry.createdAtUs,
    price: (entry) => entry.price,
    '-price': (entry) => -entry.price,
  }
  const sign = SORT_ORDERS[wanted.sort].direction === 'asc' ? 1 : -1
  const category = wanted.category === undefined ? 0 : (CATEGORY_NAMES[wanted.category] ?? -1)
  const of = value[wanted.sort]
  return items
    .filter((entry) => entry.channel === wanted.channel && withAncestors(entry).has(category))
    .filter((entry) => wanted.brands.length === 0 || wanted.brands.some((brand) => brand === `brand-${entry.brand}`))
    .toSorted((a, b) => of(a) - of(b) || sign * (a.id < b.id ? -1 : 1))
    .map(({ id }) => id)
}

function toQuery({ channel, category, brands, sort }: Request): ListQuery {
  const filters: Partial<Record<ListFilterName, readonly string[]>> = { brand: brands }
  if (category !== undefined) filters.category = [category]
  return { channel, filters: canonicalFilters(filters), sort }
}

function openLists() {
  let statements = 0
  const { readSnapshot } = createReplicas({
    replicas: [{ name: 'replica', pool: database.replica }],
    primary: database.primary,
    primaryLimit: 4,
  })
  const readList = createListReader((statement, token) => (statements++, readSnapshot(statement, token)), { maxBytes: 1_000_000 })
  const readPage = async (wanted: Request, cursor: string | null): Promise<Page<string>> => {
    const query = toQuery(wanted)
    const canonical = canonicalQuery(query)
    const binding = queryBinding(canonical)
    const start = startOf(decodeCursor(cursor ?? undefined, binding), SORT_ORDERS[query.sort])
    const { value } = await readList({ query, canonical, start, limit: wanted.limit }, null)
    const page = cutPage<ListRow>(value, { limit: wanted.limit, direction: start?.direction ?? null, placeOf, binding })
    return { ...page, shown: page.shown.map(({ id }) => id) }
  }
  return { readPage, statements: () => statements }
}

async function walk(readPage: ReturnType<typeof openLists>['readPage'], wanted: Request): Promise<Page<string>[]> {
  const pages = [await readPage(wanted, null)]
  for (let next = pages[0]?.next ?? null; next !== null; next = pages.at(-1)?.next ?? null) pages.push(await readPage(wanted, next))
  return pages
}

test('any catalog walked by any filters, order and limit, forwards and back, is what a naive list is', async () => {
  await fc.assert(
    fc.asyncProperty(catalog, fc.array(request, { minLength: 1, maxLength: 8 }), async (items, requests) => {
      await fillListing(items)
      const { readPage } = openLists()
      for (const wanted of requests) {
        const expected = naive(items, wanted)
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
      }
    }),
    { numRuns: 40 },
  )
}, 120_000)

test('a warm list runs no statement, and ten callers of a cold one run one', async () => {
  const { readPage, statements } = openLists()
  const wanted: Request = { channel: 'default', category: undefined, brands: [], sort: 'price', limit: 10 }
  await Promise.all(Array.from({ length: 10 }, () => readPage(wanted, null)))
  expect(statements()).toBe(1)
  await readPage({ ...wanted, limit: 24 }, null)
  expect(statements()).toBe(1)
})

test('every order walks an index: no list reads a table or sorts more than it shows', async () => {
  await database.primary.query(`
    truncate read.listing;
    insert into read.listing (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, brand_id, facets)
    select 1, category, md5(n::text)::uuid, n % 977, n % 89, now() - n * interval '1 minute', true, n % 3 + 1, '{}'
    from generate_series(1, 20000) n, unnest(array[0, n % 4 + 1]) category;
    analyze read.listing, category, brand, channel`)
  for (const sort of LIST_SORTS) {
    for (const category of [undefined, 'parkas']) {
      for (const position of [null, { direction: 'next', position: 40, id: '0197a3b2-0000-7000-8000-000000000000' } as const]) {
        const query = toQuery({ channel: 'default', category, brands: [], sort, limit: 24 })
        const { text, values } = listStatement(query, position, 25)
        const { rows } = await database.primary.query<{ 'QUERY PLAN': string }>(`explain ${text}`, [...values])
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
        expect(plan, `${sort} ${category}`).not.toMatch(/Seq Scan on listing|Sort Key: (?!\(\(category)/)
        expect(plan).toMatch(/Index (Only )?Scan( Backward)? using listing_/)
      }
    }
  }
})
