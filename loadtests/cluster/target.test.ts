import { expect, test } from 'vitest'
import { noEdges } from './edges.ts'
import { matching } from './target.ts'

const PARTS = ['query-1', 'query-2', 'redis', 'redis-copy', 'standby-1']
const EDGES = ['query-1>redis', 'query-2>redis', 'query-1>replica-1', 'admin>primary']

test('a kind names all of its parts, and nothing that merely begins like it', () => {
  expect(matching('query', PARTS)).toEqual(['query-1', 'query-2'])
  expect(matching('redis', PARTS)).toEqual(['redis'])
})

test('an edge is matched at both ends', () => {
  expect(matching('query>redis', EDGES)).toEqual(['query-1>redis', 'query-2>redis'])
  expect(matching('*>primary', EDGES)).toEqual(['admin>primary'])
  expect(matching('query-1>replica', EDGES)).toEqual(['query-1>replica-1'])
})

test('a part is no edge, and a target that hits nothing is refused', () => {
  expect(() => matching('query>redis', PARTS)).toThrow('Expected a target like one of')
  expect(() => matching('kafka', PARTS)).toThrow('not "kafka"')
})

test('where there are no edges a fault of the network fails', async () => {
  const edges = noEdges()
  expect(await edges.open('query-1>redis', 6379)).toBe(6379)
  await expect(edges.setMode('query-1>redis', { kind: 'freeze' })).rejects.toThrow('query-1>redis')
})
