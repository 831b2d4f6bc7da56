import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseQuery } from './search-query.ts'
import { matchText, rankText } from './search-words-sql.ts'

const match = (q: string, missing = 0) => matchText({ ...parseQuery(q), wordings: [] }, { missing, fields: '', goesOn: true })

test('all words are wanted, and the last one may go on', () => {
  expect(match('Wireless Mouse')).toBe('wireless & mouse:*')
  expect(match('tv')).toBe('tv')
})

test('most words: all but any one', () => {
  expect(match('red wireless mouse', 1)).toBe('(wireless & mouse:*) | (red & mouse:*) | (red & wireless)')
  expect(match('mouse', 1)).toBe('mouse:*')
})

test('a code is wanted joined or in its parts, a pair of words also as one', () => {
  expect(match('wd-40 spray')).toBe('((wd40) | (wd & 40)) & spray:*')
  expect(match('wd 40')).toBe('((wd) | (wd40)) & ((40:*) | (wd40:*))')
})

test('a number with a unit is one word, which an attribute may hold as a bare number', () => {
  expect(match('500 gb disk')).toBe(match('500gb disk'))
  expect(match('27 zoll monitor')).toBe(match('27" monitor'))
  expect(parseQuery('2 tb').terms[0]?.forms).toEqual(expect.arrayContaining([['2tb'], ['2'], ['2000gb'], ['2000'], ['2048gb']]))
})

test('a size is one word, also where its sides come together only when what stood between is left out', () => {
  expect(match('2x, 4 board')).toBe(match('2x4 board'))
  expect(match('2 x for 4')).toBe(match('2 x 4'))
})

test('words that only connect others are left out, unless there are no others', () => {
  expect(parseQuery('case for iphone').text).toBe('case iphone')
  expect(parseQuery('for').text).toBe('for')
})

test('whatever stands in a query, its canonical form makes the same words again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z0-9 .,"'&|!():*<>-]{0,60}$/)), (q) => {
      const query = parseQuery(q)
      expect(parseQuery(query.text).terms).toEqual(query.terms)
      expect(query.terms.length).toBeLessThanOrEqual(12)
      for (const text of [match(q), match(q, 1), rankText(query)]) expect(text).toMatch(/^[\p{L}\p{M}\p{N} ()&|:*]*$/u)
    }),
    { numRuns: 3_000 },
  )
})
