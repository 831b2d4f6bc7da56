import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import type { SnapshotStatement } from '../cache/product-read.ts'
import { createReplicas } from '../cache/replicas.ts'
import { canonicalFilters, type ListQuery } from '../list/list-query.ts'
import { parseRange } from '../list/number-range.ts'
import {
  catalog,
  CATEGORY_NAMES,
  crowdedCatalog,
  fillListing,
  filters,
  matching,
  passes,
  prepareListing,
  withAncestors,
  type Item,
} from '../list/test-catalog.ts'
import { facetAnswer, type Facet, type TermsFacet } from './facet-answer.ts'
import { createFacetReader } from './facet-reader.ts'
import type { FacetRow } from './facet-row.ts'
import { facetSets, sampled, sizesStatement, type SetSize } from './facet-sets.ts'
import { facetStatement } from './facet-statement.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  await prepareListing(database)
})
afterAll(async () => await database[Symbol.asyncDispose]())

function openFacets() {
  const statements: SnapshotStatement[] = []
  const { readSnapshot } = createReplicas({ replicas: [{ name: 'replica', pool: database.replica }], primary: null, primaryLimit: 1 })
  const readFacets = createFacetReader((statement, token) => (statements.push(statement), readSnapshot(statement, token)), {
    maxBytes: 1_000_000,
  })
  const read = async (query: ListQuery) => facetAnswer((await readFacets(query, null)).value, ['en'])
  return { read, statements }
}

const CHILDREN: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  0: { clothing: 1, '2': 4 },
  1: { jackets: 2 },
  2: { parkas: 3 },
}

/** The values of a facet and how many products the list would have with each, said again without a token. */
function naiveCount(items: readonly Item[], query: ListQuery, name: string, value: string): number {
  const others = new Map([...query.filters].filter(([other]) => other !== name))
  return matching(items, { ...query, filters: others }).filter((entry) => passes(entry, name, [value])).length
}

function checkFacet(facet: Facet, items: readonly Item[], query: ListQuery): void {
  const { parameter } = facet
  if (facet.type === 'terms' && parameter === 'category') return checkCategories(facet, items, query)
  const shown =
    facet.type === 'terms' ? facet.values : facet.buckets.map(({ from, to, count }) => ({ value: `${from ?? ''}..${to ?? ''}`, count }))
  for (const { value, count } of shown) expect(count, `${parameter}=${value}`).toBe(naiveCount(items, query, parameter, value))
}

function checkCategories({ values }: TermsFacet, items: readonly Item[], query: ListQuery): void {
  const found = matching(items, query)
  const [wanted] = query.filters.get('category') ?? []
  const category = wanted === undefined ? 0 : (CATEGORY_NAMES[wanted] ?? -1)
  const children = Object.entries(CHILDREN[category] ?? {})
    .map(([slug, id]) => ({ slug, count: found.filter((entry) => withAncestors(entry).has(id)).length }))
    .filter(({ count }) => count > 0)
  const shown = values.filter(({ selected }) => !selected).map(({ value, count }) => ({ slug: value, count }))
  expect(shown.toSorted((a, b) => (a.slug < b.slug ? -1 : 1))).toEqual(children.toSorted((a, b) => (a.slug < b.slug ? -1 : 1)))
  for (const { count } of values.filter(({ selected }) => selected)) expect(count).toBe(found.length)
}

/** Values that some product of the list has, of what every product may have. */
function expectComplete(facets: readonly Facet[], items: readonly Item[], query: ListQuery): void {
  const valuesOf = (parameter: string) => {
    const facet = facets.find((one) => one.parameter === parameter)
    return facet?.type === 'terms' ? facet.values.map(({ value }) => value) : []
  }
  for (const [parameter, all] of Object.entries({
    brand: ['brand-1', 'brand-2', 'brand-3'],
    tag: ['new', 'summer sale'],
    inStock: ['true'],
    onSale: ['true'],
  })) {
    const expected = all.filter((value) => naiveCount(items, query, parameter, value) > 0)
    expect(valuesOf(parameter), parameter).toEqual(expect.arrayContaining(expected))
  }
  for (const [name, values] of query.filters) {
    if (name === 'category' || name === 'updatedSince') continue
    const facet = facets.find(({ parameter }) => parameter === name)
    const selected =
      facet?.type === 'terms'
        ? facet.values.filter((value) => value.selected).map(({ value }) => value)
        : facet?.buckets.filter((bucket) => bucket.selected).map(({ from, to }) => `${from ?? ''}..${to ?? ''}`)
    // Among ranges one number is a range too.
    const shown =
      facet?.type === 'range' ? values.map((value) => (parseRange(value) === null ? `${Number(value)}..${Number(value)}` : value)) : values
    expect(selected?.toSorted(), `${name} selected`).toEqual([...shown].toSorted())
  }
}

const query = fc.record({ channel: fc.constantFrom('default', 'eu'), filters, sort: fc.constant('popular' as const) })

test('facets of any catalog and filters count what a naive list counts, and show every selected value', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(catalog, crowdedCatalog), fc.array(query, { minLength: 1, maxLength: 8 }), async (items, queries) => {
      await fillListing(database, items)
      const { read } = openFacets()
      for (const wanted of queries) {
        const { facets, approximate } = await read(wanted)
        expect(approximate).toBe(false)
        for (const facet of facets) checkFacet(facet, items, wanted)
        expectComplete(facets, items, wanted)
      }
    }),
    // To make one of forty products smaller takes longer than the test may.
    { numRuns: 40, endOnFailure: true },
  )
}, 240_000)

const PRODUCTS = 24_000

test('of more products than are looked at a sample is counted, close to the truth, by no plan that reads a table', async () => {
  await database.primary.query(`
    truncate read.listing, facet_token, product cascade;
    insert into facet_token (id, attribute_id, value) values ((100::bigint << 32) + 1, 100, 'red'), ((100::bigint << 32) + 2, 100, 'blue');
    insert into facet_token (id, attribute_id, value) select (101::bigint << 32) + 10 + n, 101, 'filler ' || n from generate_series(1, 20000) n;
    insert into read.listing (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, title_key, facets)
      select 1, category, gen_random_uuid(), n % 977, n, now(), true, '', array[1::bigint << 32 | 1 + n % 3, (100::bigint << 32) + 1 + (n % 4) / 3]
      from generate_series(1, ${PRODUCTS}) n, unnest(array[0, 1]) category`)
  await database.primary.query('vacuum analyze read.listing, facet_token')
  await database.caughtUp()
  const { read, statements } = openFacets()
  const all = await read({ channel: 'default', filters: new Map(), sort: 'popular' })
  expect(all.approximate).toBe(true)
  const brand = all.facets.find(({ parameter }) => parameter === 'brand')
  for (const { count } of brand?.type === 'terms' ? brand.values : []) expect(Math.abs(count - PRODUCTS / 3)).toBeLessThan(PRODUCTS / 30)
  const some = await read({ channel: 'default', filters: canonicalFilters({ 'attr.color': ['blue'], price: ['10..12'] }), sort: 'popular' })
  const color = some.facets.find(({ parameter }) => parameter === 'attr.color')
  expect(color).toMatchObject({
    label: 'Color',
    values: expect.arrayContaining([expect.objectContaining({ value: 'red', selected: false })]) as object[],
  })
  expect(statements).toHaveLength(4)
  for (const { text, values } of statements) {
    const { rows } = await database.primary.query<{ 'QUERY PLAN': string }>(`explain ${text}`, [...values])
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(/Seq Scan on (listing|facet_token)/)
  }
})

test('of a set too large to be counted, blocks of the table are looked at, and the counts are close to the truth all the same', async () => {
  const wanted: ListQuery = { channel: 'default', filters: canonicalFilters({ 'attr.color': ['red', 'blue'] }), sort: 'popular' }
  const sizes = sizesStatement(facetSets(wanted))
  const { rows } = await database.primary.query<SetSize>(sizes.text, [...sizes.values])
  // More than are counted one by one; the table is so small that all of it is looked at instead.
  expect(rows[0]).toMatchObject({ counted: null, inBlocks: PRODUCTS, blocks: 1 })
  const sets = facetSets(wanted).map((set) => sampled(set, { counted: null, inBlocks: PRODUCTS / 2, blocks: 0.5 }, 5_000))
  expect(sets[0]).toMatchObject({ sample: 0.125, blocks: 0.5 })
  const counting = facetStatement(sets)
  const counted = await database.primary.query<FacetRow>(counting.text, [...counting.values])
  const facets = facetAnswer({ rows: counted.rows, sets }, ['en'])
  expect(facets.approximate).toBe(true)
  const brand = facets.facets.find(({ parameter }) => parameter === 'brand')
  expect(brand?.type === 'terms' ? brand.values : []).toHaveLength(3)
  for (const { count } of brand?.type === 'terms' ? brand.values : []) expect(Math.abs(count - PRODUCTS / 3)).toBeLessThan(PRODUCTS / 20)
  const plan = await database.primary.query<{ 'QUERY PLAN': string }>(`explain ${counting.text}`, [...counting.values])
  const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(text).toContain('Sample Scan on listing')
  expect(text).not.toMatch(/Seq Scan on (listing|facet_token)/)
})

test('ten callers count once, and what was counted is kept', async () => {
  // Of a clock that nobody ticks all is marked, and counted again.
  await tick(database.primary)
  await database.caughtUp()
  const { read, statements } = openFacets()
  const wanted: ListQuery = { channel: 'default', filters: canonicalFilters({ brand: ['brand-1'] }), sort: 'popular' }
  await Promise.all(Array.from({ length: 10 }, () => read(wanted)))
  expect(statements).toHaveLength(2)
  await read(wanted)
  expect(statements).toHaveLength(2)
})
