import { expect, test } from 'vitest'
import { editDistance, nearestWord, nearForms } from './spelling.ts'

test('letters left out, added, replaced and swapped are an edit each', () => {
  expect(editDistance('samsnug', 'samsung')).toBe(1)
  expect(editDistance('iphnoe', 'iphone')).toBe(1)
  expect(editDistance('keybord', 'keyboard')).toBe(1)
  expect(editDistance('hedfones', 'headphones')).toBe(3)
  expect(editDistance('', 'abc')).toBe(3)
})

test('the nearest word is taken, of equals the one that more products have', () => {
  const known = [
    { word: 'cannon', products: 2 },
    { word: 'canon', products: 900 },
    { word: 'canyon', products: 5 },
  ]
  expect(nearestWord('cannnon', known)).toBe('cannon')
  expect(nearestWord('canin', known)).toBe('canon')
  expect(nearestWord('zzzzzz', known)).toBeNull()
})

test('a short word may be one edit off, a longer one two', () => {
  expect(nearestWord('moose', [{ word: 'mouse', products: 1 }])).toBe('mouse')
  expect(nearestWord('mosue', [{ word: 'moose', products: 1 }])).toBeNull()
  expect(nearestWord('keyborrd', [{ word: 'keyboard', products: 1 }])).toBe('keyboard')
})

test('near forms are the word without a letter and with two swapped', () => {
  expect(nearForms('abc').toSorted()).toEqual(['ab', 'ac', 'acb', 'bac', 'bc'])
})
