/** For tests: random small catalogs as listing rows, and what their lists are, said again without an index, a keyset or SQL. */
import fc from 'fast-check'
import { FACET, facetNumber, facetToken } from '../../shared/facet-token.ts'
import { tick } from '../../shared/clock.ts'
import type { TestDatabase } from '../../test/support/parts.ts'
import type { ListFilters } from './list-filters.ts'
import { canonicalFilters } from './list-query.ts'
import type { ListSort } from './list-sorts.ts'

export interface Item {
  readonly id: string
  readonly channel: string
  /** Ids of its own categories. */
  readonly categories: readonly number[]
  readonly brand: number | null
  readonly price: number
  readonly popularity: number
  readonly createdAtUs: number
  readonly updatedAtMs: number
  readonly inStock: boolean
  readonly onSale: boolean
  readonly titleKey: string
  readonly tags: readonly string[]
  readonly color: readonly string[]
  readonly weight: readonly number[]
  /** By category: its place in the order that a person gave it. */
  readonly places: readonly { readonly category: number; readonly position: number }[]
}

const BRANDS = 4
const ANCESTORS: Readonly<Record<number, readonly number[]>> = { 1: [1], 2: [1, 2], 3: [1, 2, 3], 4: [4] }
/** What a request may name a category by. */
export const CATEGORY_NAMES: Readonly<Record<string, number | undefined>> = {
  clothing: 1,
  jackets: 2,
  parkas: 3,
  '1': 1,
  '3': 3,
  '2': 4,
  '4': 4,
}
export const withAncestors = (item: Item): ReadonlySet<number> =>
  new Set([0, ...item.categories.flatMap((category) => ANCESTORS[category] ?? [])])

const BASE_US = 1_790_000_000_000_000
const UPDATED_MS = [1_790_000_000_000, 1_790_000_000_001, 1_790_000_060_000]
const COLORS = ['red', 'blue', 'Red', '2..8', "o'clock"]
/** More than are offered one by one. */
const WEIGHTS = [0, 0.5, 2, 2.1, 2.2, 3, 4.5, 5, 8, 12, 13, 30, 100, 1e21, -4, -5]
const TAGS = ['new', 'summer sale']

const item: fc.Arbitrary<Item> = fc.record({
  id: fc.uuid({ version: 7 }),
  channel: fc.constantFrom('default', 'default', 'eu'),
  categories: fc.uniqueArray(fc.constantFrom(1, 2, 3, 4), { maxLength: 3 }),
  brand: fc.option(fc.constantFrom(1, 2, 3)),
  // Few values: ties are the rule.
  price: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(Number.MAX_SAFE_INTEGER)),
  popularity: fc.oneof(
    fc.constantFrom(0, 0.1, 12.5, -3, 1e30),
    fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e30), max: Math.fround(1e30) }),
  ),
  createdAtUs: fc.integer({ min: BASE_US, max: BASE_US + 3 }),
  updatedAtMs: fc.constantFrom(...UPDATED_MS),
  inStock: fc.boolean(),
  onSale: fc.boolean(),
  titleKey: fc.constantFrom('', 'a', 'ab', 'b.1', 'b\n2', 'ö', '😀', '\uFFFD'),
  tags: fc.uniqueArray(fc.constantFrom(...TAGS)),
  color: fc.uniqueArray(fc.constantFrom(...COLORS), { maxLength: 2 }),
  weight: fc.uniqueArray(fc.constantFrom(...WEIGHTS), { maxLength: 4 }),
  places: fc.uniqueArray(fc.record({ category: fc.constantFrom(1, 2, 3, 4), position: fc.integer({ min: 1, max: 5 }) }), {
    selector: ({ category }) => category,
    maxLength: 2,
  }),
})
export const catalog = fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 40 })
/** Of so many products that numbers are offered by ranges. */
export const crowdedCatalog = fc.uniqueArray(item, { selector: ({ id }) => id, minLength: 20, maxLength: 40 })

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const some = <T>(...values: T[]) => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 3 })

export const filters: fc.Arbitrary<ListFilters> = fc
  .record({
    category: optional(fc.constantFrom(...Object.keys(CATEGORY_NAMES), 'no-such', '99', "x' or 1=1 --")),
    brand: optional(some('brand-1', 'brand-2', 'brand-3', 'brand-4', 'no-such')),
    tag: optional(some(...TAGS, 'no-such')),
    price: optional(some('0..2', '1..', '..0', '3..3')),
    inStock: optional(fc.constant(['true'])),
    onSale: optional(fc.constant(['true'])),
    updatedSince: optional(fc.constantFrom(...UPDATED_MS).map((ms) => [new Date(ms).toISOString()])),
    color: optional(some(...COLORS, 'no-such')),
    weight: optional(some('2', '2.0', '0..3', '..0', '3..', '-5..-1', '1e+21', '9..1', 'heavy')),
    other: optional(fc.constant(['x'])),
  })
  .map(({ category, color, weight, other, ...rest }) =>
    canonicalFilters({
      ...rest,
      category: category === undefined ? [] : [category],
      'attr.color': color,
      'attr.weight': weight,
      'attr.no such': (other?.length ?? 0) > 0 && color === undefined && weight === undefined ? other : [],
    }),
  )

const FIXED_ROWS = `
  insert into channel (code, name, currency, default_locale) values ('eu', 'Europe', 'EUR', 'de');
  insert into brand (slug, name) select 'brand-' || n, 'Brand ' || n from generate_series(1, ${BRANDS}) n;
  insert into category (parent_id, ancestors, slug, name, i18n) values
    (null, '{}', 'clothing', 'Clothing', '{"en":"Clothing"}'), (1, '{1}', 'jackets', 'Jackets', '{"en":"Jackets"}'),
    (2, '{1,2}', 'parkas', 'Parkas', '{"en":"Parkas"}'), (null, '{}', '2', 'Digits', '{"en":"Digits"}');
  insert into attribute (code, kind, labels, unit) values ('color', 'text', '{"en":"Color"}', null), ('weight', 'number', '{}', 'kg')`

const ATTRIBUTE_IDS = { color: 100, weight: 101 } as const
/** Of the dictionary, in the order of their numbers. */
const DICTIONARY = [
  ...TAGS.map((value) => [FACET.tag, value] as const),
  ...COLORS.map((value) => [ATTRIBUTE_IDS.color, value] as const),
  ...WEIGHTS.map((value) => [ATTRIBUTE_IDS.weight, String(value)] as const),
].map(([attribute, value], i) => ({ attribute, value, token: facetToken(attribute, i + 1) }))
const tokenOf = (attribute: number, value: string) =>
  DICTIONARY.find((entry) => entry.attribute === attribute && entry.value === value)?.token ?? 0

/** Once, before the first fillListing. */
export async function prepareListing(database: TestDatabase): Promise<void> {
  await database.primary.query(FIXED_ROWS)
  await database.primary.query(
    `insert into facet_token (id, attribute_id, value, number) select * from unnest($1::bigint[], $2::int[], $3::text[], $4::float8[])`,
    [
      DICTIONARY.map(({ token }) => token),
      DICTIONARY.map(({ attribute }) => attribute),
      DICTIONARY.map(({ value }) => value),
      DICTIONARY.map(({ value }) => facetNumber(value)),
    ],
  )
  await tick(database.primary)
}

function facetsOf(entry: Item): number[] {
  return [
    ...(entry.brand === null ? [] : [facetToken(FACET.brand, entry.brand)]),
    ...[...withAncestors(entry)].filter((id) => id !== 0).map((id) => facetToken(FACET.category, id)),
    ...(entry.inStock ? [facetToken(FACET.inStock)] : []),
    ...(entry.onSale ? [facetToken(FACET.onSale)] : []),
    ...entry.tags.map((tag) => tokenOf(FACET.tag, tag)),
    ...entry.color.map((color) => tokenOf(ATTRIBUTE_IDS.color, color)),
    ...entry.weight.map((weight) => tokenOf(ATTRIBUTE_IDS.weight, String(weight))),
  ]
}

/** Instead of whatever was listed before. */
export async function fillListing(database: TestDatabase, items: readonly Item[]): Promise<void> {
  const rows = items.flatMap((entry) => [...withAncestors(entry)].map((category) => ({ ...entry, category })))
  await database.primary.query('truncate read.listing, product cascade')
  await database.primary.query(
    `insert into product (id, key, i18n, content_hash, updated_at)
     select id, id::text, '{}', '', timestamptz 'epoch' + ms * interval '1 millisecond' from unnest($1::uuid[], $2::bigint[]) as t(id, ms)`,
    [items.map(({ id }) => id), items.map(({ updatedAtMs }) => updatedAtMs)],
  )
  const places = items.flatMap((entry) => entry.places.map((place) => ({ id: entry.id, ...place })))
  await database.primary.query(
    `insert into category_order (category_id, product_id, position) select * from unnest($1::int[], $2::uuid[], $3::int[])`,
    [places.map(({ category }) => category), places.map(({ id }) => id), places.map(({ position }) => position)],
  )
  await database.primary.query(
    `insert into read.listing (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, manual_position, title_key, facets)
     select channel.id, category, product, price, popularity, timestamptz 'epoch' + created_us * interval '1 microsecond', stock,
       (select position from category_order o where o.category_id = category and o.product_id = product), title, facets::bigint[]
     from unnest($1::text[], $2::int[], $3::uuid[], $4::bigint[], $5::real[], $6::bigint[], $7::boolean[], $8::text[], $9::text[])
       as t(code, category, product, price, popularity, created_us, stock, title, facets)
     join channel on channel.code = t.code`,
    [
      rows.map((row) => row.channel),
      rows.map((row) => row.category),
      rows.map((row) => row.id),
      rows.map((row) => row.price),
      rows.map((row) => row.popularity),
      rows.map((row) => row.createdAtUs),
      rows.map((row) => row.inStock),
      rows.map((row) => row.titleKey),
      rows.map((row) => `{${facetsOf(row).join(',')}}`),
    ],
  )
  await tick(database.primary)
  await database.caughtUp()
}

const isWithin = (value: number, range: string): boolean => {
  const [from = '', to = ''] = range.split('..')
  return (from === '' || value >= Number(from)) && (to === '' || value <= Number(to))
}

const weighs = (weight: number, wanted: string): boolean =>
  wanted === String(weight) || (wanted.includes('..') ? isWithin(weight, wanted) : Number(wanted) === weight)

/** Whether an item passes one filter. */
export function passes(entry: Item, name: string, values: readonly string[]): boolean {
  switch (name) {
    case 'category':
      return withAncestors(entry).has(CATEGORY_NAMES[values[0] ?? ''] ?? -1)
    case 'brand':
      return values.includes(`brand-${entry.brand}`)
    case 'tag':
      return values.some((value) => entry.tags.includes(value))
    case 'price':
      return values.some((range) => isWithin(entry.price, range))
    case 'inStock':
      return entry.inStock
    case 'onSale':
      return entry.onSale
    case 'updatedSince':
      return entry.updatedAtMs >= Date.parse(values[0] ?? '')
    case 'attr.color':
      return values.some((value) => entry.color.includes(value))
    case 'attr.weight':
      return values.some((value) => entry.weight.some((weight) => weighs(weight, value)))
    default:
      return false
  }
}

export function matching(items: readonly Item[], wanted: { readonly channel: string; readonly filters: ListFilters }): readonly Item[] {
  return items.filter(
    (entry) => entry.channel === wanted.channel && [...wanted.filters].every(([name, values]) => passes(entry, name, values)),
  )
}

type Compare = (a: Item, b: Item) => number
const by = (value: (entry: Item) => number, sign: 1 | -1): Compare => {
  return (a, b) => sign * (value(a) - value(b) || (a.id < b.id ? -1 : 1))
}
const byPopularity = by((entry) => Math.fround(entry.popularity), -1)

function compareBy(sort: ListSort, category: number): Compare {
  const place = (entry: Item) => entry.places.find((one) => one.category === category)?.position ?? null
  const orders: Record<ListSort, Compare> = {
    popular: byPopularity,
    newest: by((entry) => entry.createdAtUs, -1),
    price: by((entry) => entry.price, 1),
    '-price': by((entry) => entry.price, -1),
    title: (a, b) => Buffer.compare(Buffer.from(a.titleKey), Buffer.from(b.titleKey)) || (a.id < b.id ? -1 : 1),
    manual: (a, b) => {
      const [first, second] = [place(a), place(b)]
      if (first === null || second === null) return first === second ? byPopularity(a, b) : first === null ? 1 : -1
      return first - second || (a.id < b.id ? -1 : 1)
    },
  }
  return orders[sort]
}

/** The ids of the whole list. */
export function naiveList(
  items: readonly Item[],
  wanted: { readonly channel: string; readonly filters: ListFilters; readonly sort: ListSort },
): readonly string[] {
  const category = CATEGORY_NAMES[wanted.filters.get('category')?.[0] ?? ''] ?? 0
  return matching(items, wanted)
    .toSorted(compareBy(wanted.sort, category))
    .map(({ id }) => id)
}
