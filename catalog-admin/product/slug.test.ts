import { expect, test } from 'vitest'
import { chooseSlug, isSlugOf, slugCandidates, slugify } from './slug.ts'

test('accents are dropped, ligatures spelled out, everything else becomes one dash', () => {
  expect(slugify('  Crème brûlée — Größe XL! ')).toBe('creme-brulee-grosse-xl')
  expect(slugify('Ærø Łódź ÐÞ')).toBe('aero-lodz-dth')
  expect(slugify('Intel® Core™ ½"')).toBe('intel-coretm-1-2')
})

test('letters of other scripts stay whole', () => {
  expect(slugify('Йод и ёлка')).toBe('йод-и-ёлка')
  expect(slugify('हिन्दी पुस्तक')).toBe('हिन्दी-पुस्तक')
  expect(slugify('東京 ガイド')).toBe('東京-ガイド')
  expect(slugify('한국어')).toBe('한국어')
  expect(slugify('مرحبا بالعالم')).toBe('مرحبا-بالعالم')
})

test('nothing but signs leaves nothing', () => {
  expect(slugify('!?/ 🙂')).toBe('')
})

test('a long title is cut between words, and never between the halves of a letter', () => {
  expect(slugify('word '.repeat(60))).toMatch(/^(word-)+word$/)
  expect(slugify('word '.repeat(60)).length).toBeLessThanOrEqual(96)
  const cut = slugify(`a${'𐐷'.repeat(60)}`)
  expect(cut.isWellFormed()).toBe(true)
  expect(cut.length).toBe(95)
})

test('a slug is made of the title, else with the key, else with its digest, and fits the schema', () => {
  const candidates = slugCandidates('Urban jacket', 'P/1')
  expect(candidates).toEqual(['urban-jacket', 'urban-jacket-p-1', expect.stringMatching(/^urban-jacket-[\da-f]{12}$/)])
  expect(chooseSlug(candidates, () => false)).toBe('urban-jacket')
  expect(chooseSlug(candidates, (slug) => slug === 'urban-jacket')).toBe('urban-jacket-p-1')
  expect(chooseSlug(candidates, (slug) => candidates.includes(slug))).toMatch(/^urban-jacket-[\da-f]{12}$/)
  expect(slugCandidates('🙂', '%')).toEqual([expect.stringMatching(/^[\da-f]{12}$/)])
  for (const slug of slugCandidates('long '.repeat(99), 'key '.repeat(32))) expect(slug.length).toBeLessThanOrEqual(128)
})

test('a slug is known to be of a title by its beginning', () => {
  expect(isSlugOf('urban-jacket', 'Urban Jacket!')).toBe(true)
  expect(isSlugOf('urban-jacket-p-1', 'Urban jacket')).toBe(true)
  expect(isSlugOf('urban-jackets', 'Urban jacket')).toBe(false)
  expect(isSlugOf('anything', '🙂')).toBe(false)
})
