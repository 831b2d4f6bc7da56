import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunksOf, codeOf, foldText, indexedText, splitUnit, textSearchConfiguration } from './search-words.ts'

const words = (text: string, pairs: 'all' | 'units' = 'all') => indexedText(text, 1_000, pairs).trim().split(' ')

test('case and Latin accents do not matter; accents of other scripts do', () => {
  expect(foldText('Crème BRÛLÉE, Straße, Ångström, Øre')).toBe('creme brulee, strasse, angstrom, ore')
  expect(foldText('й')).toBe('й')
})

test('a code is indexed apart and joined, whether it is written with a dash, a blank or neither', () => {
  expect(words('WD-40 Spray')).toEqual(expect.arrayContaining(['wd', '40', 'wd40', 'spray']))
  expect(words('WD 40 Spray')).toEqual(expect.arrayContaining(['wd', '40', 'wd40', 'spray']))
  expect(words('WD40 Spray')).toEqual(['wd40', 'spray'])
  expect(words('Core i7-6700K')).toEqual(expect.arrayContaining(['i7', '6700k', 'i76700k', 'corei7']))
  expect(words('Core i7 6700K')).toEqual(expect.arrayContaining(['i76700k']))
})

test('a number and its unit are one word however they are written', () => {
  for (const text of ['500 GB', '500GB', '500gigabyte', '500-GB', '500 gigabytes']) expect(words(text), text).toContain('500gb')
  for (const text of ['27"', '27 inches', '27 Zoll', '27-inch', '27”']) expect(words(text), text).toContain('27inch')
  expect(words('15.6" or 15,6 cm')).toEqual(expect.arrayContaining(['15p6inch', '15p6cm']))
  expect(words('1,000 sheets')).toEqual(['1000', 'sheets'])
})

test('dimensions are one word and their numbers', () => {
  for (const text of ['2560x1440', '2560 x 1440', '2560 × 1440']) expect(words(text), text).toEqual(['2560', '1440', '2560x1440'])
  expect(words('2 x 16GB')).toContain('16gb')
})

test('neighbours that do not belong together are not joined', () => {
  expect(words('2 GB 160 GB')).not.toContain('gb160')
  expect(words('red shoes')).toEqual(['red', 'shoes'])
  expect(words('galaxy s7', 'units')).toEqual(['galaxy', 's7'])
})

test('scripts without blanks are indexed by pairs of letters', () => {
  expect(words('東京タワー')).toEqual(['東京', '京タ', 'タワ', 'ワー'])
})

test('a code is its letters and digits', () => {
  expect([codeOf('WD-40'), codeOf(' wd 40 '), codeOf('wd40'), codeOf('!?')]).toEqual(['wd40', 'wd40', 'wd40', ''])
})

test('any text becomes nothing but words of letters, marks and digits, within the limit', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (text, limit) => {
      const chunks = chunksOf(text, limit)
      expect(chunks.length).toBeLessThanOrEqual(limit)
      expect(indexedText(text, limit, 'all')).toMatch(/^[\p{L}\p{M}\p{N} ]*$/u)
      for (const { parts } of chunks) for (const part of parts) expect(part.length).toBeLessThanOrEqual(64)
    }),
    { numRuns: 2_000 },
  )
})

test('a unit is taken off a number, and off nothing else', () => {
  expect(splitUnit('2p5gb')).toEqual({ number: '2p5', unit: 'gb' })
  expect([splitUnit('i7'), splitUnit('7k'), splitUnit('gb')]).toEqual([null, null, null])
})

test('a language without a stemmer keeps its words as they are', () => {
  expect(['en-GB', 'de-AT', 'pl', 'xx'].map(textSearchConfiguration)).toEqual(['english', 'german', 'simple', 'simple'])
})
