import { expect, test } from 'vitest'
import { changedPointers, mergePatch, overlap, patchedPointers } from './merge-patch.ts'

// RFC 7396, appendix A, as it stands.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j patched with %j is %j', (target, patch, result) => {
  expect(mergePatch(target, patch)).toEqual(result)
})

test('a member named __proto__ is a member like any other', () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}')) as object
  expect(JSON.stringify(merged)).toBe('{"__proto__":{"polluted":true}}')
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('a patch touches the leaves that it names', () => {
  expect(patchedPointers({ tags: ['a'], i18n: { de: { title: 'x', slug: null } }, 'a/b~c': 1 })).toEqual([
    '/tags',
    '/i18n/de/title',
    '/i18n/de/slug',
    '/a~1b~0c',
  ])
  expect(patchedPointers({ i18n: { fr: {} } })).toEqual(['/i18n/fr'])
})

test('what differs is named as deep as objects go; an array is one thing', () => {
  const before = { a: 1, list: [1, { b: 2 }], deep: { same: 'x', other: 'y' } }
  const after = { a: 1, list: [1, { b: 3 }], deep: { same: 'x', more: 'z' } }
  expect(changedPointers(before, after)).toEqual(['/list', '/deep/other', '/deep/more'])
  expect(changedPointers(before, structuredClone(before))).toEqual([])
})

test('a place overlaps with itself, with what holds it and with what it holds, not with its neighbour', () => {
  expect(overlap(['/i18n/de/title'], ['/i18n/de/title'])).toBe(true)
  expect(overlap(['/i18n/de'], ['/i18n/de/title'])).toBe(true)
  expect(overlap(['/i18n/de/title'], ['/i18n'])).toBe(true)
  expect(overlap(['/i18n/de'], ['/i18n/de-AT', '/tags'])).toBe(false)
})
