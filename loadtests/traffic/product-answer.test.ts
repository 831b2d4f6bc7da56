import { expect, test } from 'vitest'
import { readAnswer } from './product-answer.ts'

const headers = { 'catalog-rev': '7', 'catalog-staleness': '260', 'cache-status': 'catalog; hit; detail=memory' }
const body = '{"id":"a","rev":7,"attributes":{"fault_edit":41}}'

test('an answer says its rev, its edit, its bound and where it is from', () => {
  expect(readAnswer('a', { headers, body })).toEqual({ rev: 7, edit: 41, statedMs: 260, hit: true, source: 'memory' })
})

test('a product that was never edited carries none', () => {
  expect(readAnswer('a', { headers, body: '{"id":"a","rev":7}' })).toMatchObject({ edit: 0 })
})

test('an answer that could not be verified is marked', () => {
  const marked = { ...headers, 'cache-status': 'catalog; fwd=stale; detail=unverified' }
  expect(readAnswer('a', { headers: marked, body })).toMatchObject({ source: 'marked', hit: false })
})

test('another product, a missing header and a body of another rev are told in words', () => {
  expect(readAnswer('b', { headers, body })).toContain('another product')
  expect(readAnswer('a', { headers: { ...headers, 'catalog-staleness': undefined }, body })).toContain('without')
  expect(readAnswer('a', { headers: { ...headers, 'catalog-rev': '8' }, body })).toContain('another rev')
})
