import { expect, test } from 'vitest'
import { failureOf, readAnswer } from './product-answer.ts'

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

test('a refusal before any work is told from a part that is away', () => {
  const refused = '{"type":"/problems/overloaded","detail":"Requests come faster than they can be answered"}'
  expect(failureOf({ status: 503, body: refused })).toBeNull()
  const waited = '{"type":"/problems/overloaded","detail":"Waited 500 ms for the primary"}'
  expect(failureOf({ status: 503, body: waited })).toBe('503 Waited N ms for the primary')
  expect(failureOf({ status: 502, body: 'Bad gateway' })).toBe('502')
})
