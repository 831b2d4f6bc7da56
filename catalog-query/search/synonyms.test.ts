import { expect, test } from 'vitest'
import { createUnderstanding, parseSynonyms, readSynonyms } from './synonyms.ts'
import { SHIPPED_SYNONYMS } from '../config.ts'

const understand = createUnderstanding(
  new Map([
    ['en', parseSynonyms('laptop, notebook\ncell phone, smartphone\nwifi => wireless # not the other way\nhdd, hard drive, hard disk\n')],
    ['de', parseSynonyms('handy, smartphone')],
  ]),
)
const wordings = (q: string, locales: readonly string[] = ['en']) => understand(q, locales).wordings.map(({ text }) => text)

test('a query is also meant in the words that its language calls the same, phrase for phrase', () => {
  expect(wordings('laptop')).toEqual(['notebook'])
  expect(wordings('Notebooks 15"')).toEqual(['laptop 15 inch'])
  expect(wordings('cell phone case')).toEqual(['smartphone case'])
  expect(wordings('smartphone')).toEqual(['cell phone'])
  expect(wordings('phone')).toEqual([])
  expect(wordings('handy')).toEqual([])
  expect(wordings('handy', ['de-AT', 'en'])).toEqual(['smartphone'])
  expect(wordings('smartphone', ['de', 'en'])).toEqual(['handy', 'cell phone'])
})

test('an arrow goes one way', () => {
  expect(wordings('wi-fi router')).toEqual([])
  expect(wordings('wifi router')).toEqual(['wireless router'])
  expect(wordings('wireless router')).toEqual([])
})

test('several phrases are replaced in every way, up to a limit', () => {
  expect(wordings('laptop hdd')).toEqual([
    'notebook hdd',
    'laptop hard drive',
    'notebook hard drive',
    'laptop hard disk',
    'notebook hard disk',
  ])
})

test('a line that is no rule is named', () => {
  for (const text of ['laptop', 'a =>', '=> b', 'a => b => c', ',']) {
    expect(() => parseSynonyms(`one, two\n${text}`), text).toThrow('line 2 must be `one, another`')
  }
  expect(() => readSynonyms('/nowhere')).toThrow('/nowhere')
})

test('the synonyms that come with the program make sense', () => {
  const shipped = readSynonyms(SHIPPED_SYNONYMS)
  expect(shipped('hdd', ['en']).wordings.map(({ text }) => text)).toContain('hard drive')
  expect(shipped('kopfhörer', ['de']).wordings.map(({ text }) => text)).toContain('ohrhorer')
})
