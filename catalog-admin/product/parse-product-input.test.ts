import { expect, test } from 'vitest'
import { parseProductInput } from './parse-product-input.ts'
import type { ProductInput } from './product-input.ts'

function inputOf(document: unknown): ProductInput {
  const parsed = parseProductInput(document)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return parsed.input
}

function errorsOf(document: unknown): readonly { pointer: string | undefined; code: string }[] {
  const parsed = parseProductInput(document)
  return parsed.ok ? [] : parsed.errors.map(({ pointer, code }) => ({ pointer, code }))
}

test('the short form and the long form mean the same', () => {
  const media = [{ url: 'https://example.com/a.jpg' }]
  const short = inputOf({ key: 'P-1', locale: 'de', title: 'Jacke', description: 'Warm', slug: 'jacke', images: media })
  const long = inputOf({ key: 'P-1', i18n: { de: { title: 'Jacke', description: 'Warm', slug: 'jacke' } }, media })
  expect(short).toEqual(long)
})

test('what is left out has one meaning', () => {
  expect(inputOf({ key: 'P-1', title: 'Jacket' })).toEqual({
    key: 'P-1',
    status: 'draft',
    publishAt: null,
    brand: null,
    categories: [],
    tags: [],
    popularity: 0,
    i18n: { en: { title: 'Jacket', description: null, slug: null } },
    attributes: {},
    media: [],
    variants: [{ sku: 'P-1', gtin: null, options: {}, attributes: {}, prices: undefined, stock: undefined }],
  })
})

test('order and spelling that mean nothing are made one', () => {
  const one = inputOf({
    key: 'P-1',
    i18n: { 'de-at': { title: 'A' }, EN: { title: 'B' } },
    attributes: { b: 1, a: 2 },
    tags: ['x', 'y', 'x'],
    publishAt: '2030-01-01T01:00:00+01:00',
    variants: [
      {
        sku: 'S',
        prices: [
          { channel: 'store', amount: 1 },
          { channel: 'default', amount: 2 },
        ],
      },
    ],
  })
  expect(Object.keys(one.i18n)).toEqual(['de-AT', 'en'])
  expect(Object.keys(one.attributes)).toEqual(['a', 'b'])
  expect(one.tags).toEqual(['x', 'y'])
  expect(one.publishAt).toBe('2030-01-01T00:00:00.000Z')
  expect(one.variants[0]?.prices?.map(({ channel }) => channel)).toEqual(['default', 'store'])
})

test.each([
  ['a field that is not known', { key: 'P', title: 'T', colour: 'red' }, '/colour', 'unknown'],
  ['one in a variant', { key: 'P', title: 'T', variants: [{ sku: 'S', price: 1 }] }, '/variants/0/price', 'unknown'],
  ['no key', { title: 'T' }, '/key', 'required'],
  ['no title', { key: 'P' }, '/title', 'required'],
  ['texts in both forms', { key: 'P', title: 'T', i18n: { en: { title: 'T' } } }, '/i18n', 'conflict'],
  ['media in both forms', { key: 'P', title: 'T', media: [], images: [] }, '/images', 'conflict'],
  ['the same SKU twice', { key: 'P', title: 'T', variants: [{ sku: 'S' }, { sku: 'S' }] }, '/variants/1/sku', 'duplicate'],
  ['the same locale twice', { key: 'P', i18n: { 'de-AT': { title: 'T' }, 'de-at': { title: 'T' } } }, '/i18n', 'duplicate'],
  ['no locale', { key: 'P', title: 'T', locale: 'en-a-b' }, '/locale', 'format'],
  [
    'half an amount',
    { key: 'P', title: 'T', variants: [{ sku: 'S', prices: [{ channel: 'default', amount: 1.5 }] }] },
    '/variants/0/prices/0/amount',
    'type',
  ],
  ['a script for an address', { key: 'P', title: 'T', images: [{ url: 'javascript:alert(1)' }] }, '/images/0/url', 'pattern'],
  ['a time that no calendar has', { key: 'P', title: 'T', publishAt: '2030-02-30T00:00:00Z' }, '/publishAt', 'format'],
  ['a time before all calendars', { key: 'P', title: 'T', publishAt: '0000-01-01T00:00:00Z' }, '/publishAt', 'format'],
  ['NUL', { key: 'P', title: 'a\0b' }, '/title', 'nul'],
  ['NUL in a name', { key: 'P', title: 'T', attributes: { 'a\0': 1 } }, '/attributes/a\0', 'nul'],
  ['half a surrogate pair', { key: 'P', title: 'T', tags: ['ok', '\uD83D'] }, '/tags/1', 'lone-surrogate'],
  ['no document', ['P'], '', 'type'],
])('%s is refused with its place', (_, document, pointer, code) => {
  expect(errorsOf(document)).toEqual([{ pointer, code }])
})

test('everything that is wrong is told at once, in words of our own', () => {
  const parsed = parseProductInput({
    key: '',
    title: '',
    status: 'gone',
    popularity: 'high',
    attributes: { a: {} },
    variants: [{ sku: 'S', stock: 'x' }],
  })
  expect(parsed.ok ? [] : parsed.errors.map(({ message }) => message).toSorted()).toEqual([
    '/attributes/a must be string or number or boolean or array',
    '/key must have at least 1 character',
    '/popularity must be number',
    '/status must be one of draft, active, archived',
    '/title must have at least 1 character',
    '/variants/0/stock must be integer',
  ])
})

test('a compare-at price that is none is refused', () => {
  const prices = [{ channel: 'default', amount: 100, compareAt: 100 }]
  expect(errorsOf({ key: 'P', title: 'T', variants: [{ sku: 'S', prices }] })).toEqual([
    { pointer: '/variants/0/prices/0/compareAt', code: 'range' },
  ])
})

test('what is refused still names its key, where it has one', () => {
  expect(parseProductInput({ key: 'P-7', colour: 1 })).toMatchObject({ ok: false, key: 'P-7' })
  expect(parseProductInput({ key: 7 })).toMatchObject({ ok: false, key: null })
})

test('2,000 variants pass, one more does not', () => {
  const variants = Array.from({ length: 2_001 }, (_, i) => ({ sku: `S-${i}` }))
  expect(errorsOf({ key: 'P', title: 'T', variants: variants.slice(1) })).toEqual([])
  expect(errorsOf({ key: 'P', title: 'T', variants })).toEqual([{ pointer: '/variants', code: 'maxItems' }])
})
