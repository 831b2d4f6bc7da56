/** The browse mix asks what it says, and takes no wrong answer for a right one. */
import { expect, test } from 'vitest'
import { BROWSE_KINDS, type BrowseRequest, checkAnswer, createBrowseMix, USUAL_WEIGHTS } from './browse-mix.ts'
import { createRandom } from './random.ts'

const keys = {
  products: Array.from({ length: 500 }, (_, n) => ({ id: `id-${n}`, slug: `a name/${n}` })),
  categories: ['jackets', 'lamps & more'],
}
const mix = (seed = 1) => createBrowseMix(keys, { weights: USUAL_WEIGHTS, exponent: 1, random: createRandom(seed) })
const draws = (count: number, next = mix()) => Array.from({ length: count }, next)

test('kinds come up in proportion to their weights, popular products most often', () => {
  const requests = draws(20_000)
  for (const kind of BROWSE_KINDS) {
    const share = requests.filter((request) => request.kind === kind).length / requests.length
    expect(Math.abs(share - USUAL_WEIGHTS[kind] / 100), kind).toBeLessThan(0.02)
  }
  const first = requests.filter((request) => request.kind === 'id' && request.ids[0] === 'id-0').length
  const last = requests.filter((request) => request.kind === 'id' && request.ids[0] === 'id-499').length
  expect(first).toBeGreaterThan(50 * Math.max(last, 1))
})

test('a seed repeats its requests, and slugs are escaped', () => {
  expect(draws(100, mix(7))).toEqual(draws(100, mix(7)))
  const paths = draws(2_000).map((request) => request.path)
  expect(paths.some((path) => /^\/v1\/products\/by-slug\/a%20name%2F\d+$/.test(path))).toBe(true)
  expect(paths.every((path) => !path.includes(' '))).toBe(true)
})

test('an empty catalog cannot be browsed', () => {
  expect(() => createBrowseMix({ products: [], categories: [] }, { weights: USUAL_WEIGHTS, exponent: 1, random: createRandom(1) })).toThrow(
    'no visible product',
  )
})

test('another product, another order, a missing one and another status are wrong answers', () => {
  const one: BrowseRequest = { kind: 'id', method: 'GET', path: '/', ids: ['a'] }
  expect(checkAnswer(one, 200, '{"id":"a"}')).toBeNull()
  expect(checkAnswer(one, 200, '{"id":"b"}')).toContain('"id":"a"')
  expect(checkAnswer(one, 404, '{}')).toContain('404')
  const batch: BrowseRequest = { kind: 'batch', method: 'POST', path: '/', ids: ['a', 'b'] }
  expect(checkAnswer(batch, 200, '{"data":[{"id":"a"},{"id":"b"}]}')).toBeNull()
  expect(checkAnswer(batch, 200, '{"data":[{"id":"b"},{"id":"a"}]}')).toContain('order')
  expect(checkAnswer(batch, 200, '{"data":[{"id":"a"}],"missing":["b"]}')).toContain('other products')
  expect(checkAnswer(batch, 200, 'oops')).toContain('no list')
})
