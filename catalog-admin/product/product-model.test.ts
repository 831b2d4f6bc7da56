import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { readAdminProduct } from './admin-document.ts'
import { mergePatch } from './merge-patch.ts'
import type { ProductInput } from './product-input.ts'
import type { ProductWrite, WriteResult } from './product-write.ts'
import { inputOf, putOf, readModelOf, writeAll } from './test-writer.ts'

// Random writes, a few at a time, against a model that knows nothing of tables: what a product is, who sells a SKU, what is in the bin.

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await database.primary.query(`insert into channel (code, name, currency, default_locale) values ('eu', 'Europe', 'EUR', 'de')`)
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

const CURRENCIES: Readonly<Record<string, string>> = { default: 'USD', eu: 'EUR' }

interface ModelVariant {
  sku: string
  gtin: string | null
  options: Readonly<Record<string, string>>
  attributes: Readonly<Record<string, unknown>>
  prices: readonly { channel: string; currency: string; amount: number; compareAt: number | null }[]
  stock: number | null
}
/** A document as GET shows it, but for slugs and variant ids. */
type ModelDocument = Omit<ProductInput, 'i18n' | 'variants'> & {
  i18n: Record<string, { title: string; description: string | null }>
  variants: ModelVariant[]
}
interface ModelProduct {
  document: ModelDocument
  deleted: boolean
}

class Refusal extends Error {}

/** @returns what the write should answer: an outcome, or the name of a problem */
function applyToModel(model: Map<string, ModelProduct>, write: ProductWrite): string {
  const key = write.op === 'put' ? write.input.key : 'key' in write.product ? write.product.key : ''
  const known = model.get(key)
  if (write.op === 'put') return accept(model, key, known, write.input)
  if (known === undefined) return 'not-found'
  if (write.op === 'patch') {
    if (known.deleted) return 'gone'
    return accept(model, key, known, inputOf(mergePatch(known.document, write.patch)))
  }
  if (known.deleted === (write.op === 'delete')) return 'unchanged'
  known.deleted = write.op === 'delete'
  return write.op === 'delete' ? 'deleted' : 'restored'
}

function accept(model: Map<string, ModelProduct>, key: string, known: ModelProduct | undefined, input: ProductInput): string {
  const owner = (sku: string) =>
    [...model.entries()].find(([, { document }]) => document.variants.some((variant) => variant.sku === sku))?.[0] ?? key
  if (input.variants.some(({ sku }) => owner(sku) !== key)) return 'sku-taken'
  try {
    const document = complete(input, known?.document)
    const equal = known !== undefined && !known.deleted && JSON.stringify(known.document) === JSON.stringify(document)
    model.set(key, { document, deleted: false })
    return equal ? 'unchanged' : known === undefined || known.deleted ? 'created' : 'updated'
  } catch (error) {
    if (error instanceof Refusal) return 'validation-failed'
    throw error
  }
}

function complete(input: ProductInput, before: ModelDocument | undefined): ModelDocument {
  const variants = input.variants.map((variant): ModelVariant => {
    const old = before?.variants.find(({ sku }) => sku === variant.sku)
    const prices = variant.prices?.map((price) => {
      if (price.currency !== null && price.currency !== CURRENCIES[price.channel]) throw new Refusal()
      return { ...price, currency: CURRENCIES[price.channel] ?? '' }
    })
    const { sku, gtin, options, attributes } = variant
    return {
      sku,
      gtin,
      options,
      attributes,
      prices: prices ?? old?.prices ?? [],
      stock: variant.stock === undefined ? (old?.stock ?? null) : variant.stock,
    }
  })
  const i18n = Object.fromEntries(Object.entries(input.i18n).map(([locale, { title, description }]) => [locale, { title, description }]))
  return { ...input, i18n, variants }
}

const few = <T>(values: readonly T[], maxLength = 2) => fc.uniqueArray(fc.constantFrom(...values), { maxLength })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const prices = fc.uniqueArray(
  fc.record({
    channel: fc.constantFrom('default', 'eu'),
    currency: fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, fc.constantFrom('USD', 'EUR')),
    amount: fc.constantFrom(100, 200),
    compareAt: maybe(fc.constantFrom(300, null)),
  }),
  { maxLength: 2, selector: (price) => price.channel },
)
const attributes = fc.dictionary(fc.constantFrom('color', 'size', '10', '9'), fc.constantFrom<unknown>('red', 7, true, ['a', 1]), {
  maxKeys: 3,
})
/** Mostly SKUs of its own, and now and then one that the others want, too. */
const variants = (prefix: string, key: string) =>
  fc.uniqueArray(
    fc.record({
      sku: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(`${key}-a`, `${key}-b`, `${key}-c`) }, fc.constant(`${prefix}-shared`)),
      options: maybe(fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2'), { maxKeys: 2 })),
      attributes: maybe(attributes),
      prices: maybe(prices),
      stock: maybe(fc.constantFrom(null, 0, 5)),
    }),
    { minLength: 1, maxLength: 3, selector: (variant) => variant.sku },
  )
const fields = (prefix: string, key: string) => ({
  status: fc.constantFrom('draft', 'active', 'active', 'archived'),
  brand: fc.constantFrom(null, 'Acme', 'acme'),
  categories: few([['A'], ['A', 'B'], ['A', 'B', 'C'], ['D']], 3),
  tags: few(['new', 'old']),
  popularity: fc.constantFrom(0, 1.5),
  i18n: fc.dictionary(
    fc.constantFrom('en', 'de'),
    fc.record({ title: fc.constantFrom('One', 'Two'), description: maybe(fc.constant('text')) }),
    { minKeys: 1 },
  ),
  attributes,
  media: few([{ url: 'https://example.com/1' }, { url: 'https://example.com/2' }]),
  variants: variants(prefix, key),
})

function putTo(prefix: string, key: string): fc.Arbitrary<ProductWrite> {
  return fc.record(fields(prefix, key), { requiredKeys: ['i18n', 'variants'] }).map((document) => putOf({ key, ...clean(document) }))
}

function writeTo(prefix: string, key: string): fc.Arbitrary<ProductWrite> {
  const patch = fc
    .record(fields(prefix, key), { requiredKeys: [] })
    .map((value): ProductWrite => ({ op: 'patch', product: { key }, patch: clean(value), ifVersion: '*', onConflict: 'refuse' }))
  const bin = fc.constantFrom('delete' as const, 'restore' as const).map((op): ProductWrite => ({ op, product: { key }, ifVersion: null }))
  return fc.oneof({ weight: 4, arbitrary: putTo(prefix, key) }, { weight: 4, arbitrary: patch }, { weight: 2, arbitrary: bin })
}

/** Without the members that are undefined. */
function clean(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object
}

function batches(prefix: string): fc.Arbitrary<ProductWrite[][]> {
  const keys = ['1', '2', '3'].map((name) => `${prefix}-${name}`)
  const batch = fc.shuffledSubarray(keys, { minLength: 1 }).chain((chosen) => fc.tuple(...chosen.map((key) => writeTo(prefix, key))))
  const first = fc.tuple(...keys.map((key) => putTo(prefix, key)))
  return fc.tuple(first, fc.array(batch, { minLength: 6, maxLength: 12 })).map(([begin, more]) => [begin, ...more])
}

let runs = 0
test('whatever is written, the admin document, the read model and the lists say what a naive model says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constant(null).chain(() => batches('PREFIX')),
      async (written) => {
        // A fresh set of keys and SKUs for each run, also while fast-check shrinks.
        const prefix = `M${++runs}`
        const all = JSON.parse(JSON.stringify(written).replaceAll('PREFIX', prefix), revive) as ProductWrite[][]
        const model = new Map<string, ModelProduct>()
        for (const batch of all) {
          const expected = batch.map((write) => applyToModel(model, write))
          const results = await writeAll(database.primary, batch)
          expect(results.map(nameOf)).toEqual(expected)
          for (const [key, product] of model) await compare(key, product)
        }
      },
    ),
    { numRuns: 12 },
  )
}, 120_000)

// JSON leaves out what is undefined: prices and stock that the input is silent about.
function revive(this: Record<string, unknown>, name: string, value: unknown): unknown {
  if (name === 'variants' && Array.isArray(value) && 'key' in this && 'status' in this && 'media' in this) {
    return value.map((variant: object) => ({ prices: undefined, stock: undefined, ...variant }))
  }
  return value
}

function nameOf(result: WriteResult): string {
  return result.ok ? result.outcome : result.error.problem
}

async function compare(key: string, { document, deleted }: ModelProduct): Promise<void> {
  const product = await readAdminProduct(database.primary, { key })
  if (product === null) throw new Error(`Expected ${key} to be there`)
  const { id, i18n, variants: stored, deletedAt, rev, version: _version, createdAt: _createdAt, updatedAt: _updatedAt, ...rest } = product
  const texts = Object.fromEntries(Object.entries(i18n).map(([locale, { title, description }]) => [locale, { title, description }]))
  const seen = { ...rest, i18n: texts, variants: stored.map(({ id: _id, ...variant }) => variant) }
  expect(seen).toEqual(document)
  expect(deletedAt === null).toBe(!deleted)
  const readModel = await readModelOf(database.primary, id)
  const visible = document.status === 'active' && !deleted
  expect(readModel).toMatchObject({ rev, state: deleted ? 'deleted' : visible ? 'visible' : 'hidden' })
  expect(readModel.doc?.i18n).toEqual(visible ? i18n : undefined)
  expect(readModel.doc?.variants.map(({ sku, prices: offers }) => [sku, offers])).toEqual(
    visible ? document.variants.map((variant) => [variant.sku, byChannel(variant)]) : undefined,
  )
  expect(await listed(id)).toEqual(visible ? expectedListings(document) : [])
  expect(await currentSlugs(id)).toEqual(
    deleted ? {} : Object.fromEntries(Object.entries(i18n).map(([locale, { slug }]) => [locale, slug])),
  )
}

function byChannel(variant: ModelVariant): Record<string, unknown> {
  return Object.fromEntries(variant.prices.map(({ channel, ...price }) => [channel, price]))
}

function expectedListings(document: ModelDocument): readonly string[] {
  const names = new Set(['*', ...document.categories.flatMap((path) => path)])
  const channels = ['default', 'eu'].flatMap((channel) => {
    const own = document.variants.flatMap((variant) => variant.prices.filter((price) => price.channel === channel))
    return own.length === 0
      ? []
      : [{ channel, lowest: Math.min(...own.map(({ amount }) => amount)), sale: own.some(({ compareAt }) => compareAt !== null) }]
  })
  const inStock = document.variants.some(({ stock }) => stock === null || stock > 0)
  return channels.flatMap(({ channel, lowest, sale }) => [...names].map((name) => `${channel} ${name} ${lowest} ${inStock} ${sale}`)).sort()
}

async function listed(id: string): Promise<readonly string[]> {
  const query = `
    select concat_ws(' ', ch.code, coalesce(c.name, '*'), l.price_minor, l.in_stock::text,
      (l.facets @> array[4::bigint << 32 | 1])::text) as row
    from read.listing l join channel ch on ch.id = l.channel_id left join category c on c.id = l.category_id
    where l.product_id = $1`
  return (await database.primary.query<{ row: string }>(query, [id])).rows.map(({ row }) => row).sort()
}

async function currentSlugs(id: string): Promise<Record<string, string>> {
  const { rows } = await database.primary.query<{ locale: string; slug: string }>(
    'select locale, slug from product_slug where product_id = $1 and current',
    [id],
  )
  return Object.fromEntries(rows.map(({ locale, slug }) => [locale, slug]))
}
