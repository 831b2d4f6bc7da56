import { afterAll, beforeAll, expect, test } from 'vitest'
import { tick } from '../../shared/clock.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { openReadingApp, type ReadingApp } from '../../test/support/reading-app.ts'

let database: TestDatabase
let reading: ReadingApp
let ticking: NodeJS.Timeout

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await tick(database.primary)
  await database.caughtUp()
  reading = openReadingApp(database)
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

const MANY = 10_000
const PATHS = [
  '/v1/products',
  '/v1/products/facets',
  '/v1/suggest',
  '/v1/offers',
  '/v1/brands',
  '/v1/attributes',
  '/v1/categories',
  '/v1/channels',
]
/** More would tell nobody more. */
const ANSWER_BYTES_AT_MOST = 64 * 1024

interface Problem {
  readonly type: string
  readonly errors: readonly { readonly parameter: string }[]
}

async function refusal(url: string) {
  const { app, statements } = reading
  const response = await app.inject(url)
  expect(response.statusCode, `${url.slice(0, 80)} ${response.body.slice(0, 300)}`).toBe(400)
  expect(response.body.length, url.slice(0, 80)).toBeLessThan(ANSWER_BYTES_AT_MOST)
  expect(statements.filter((name) => name !== 'reference')).toEqual([])
  return response.json<Problem>()
}

test.each([
  'q=a',
  'channel=x',
  'locale=en',
  'colour=red',
  'limit=1',
  'skus=a',
  'tag=',
  'brand=%00',
  'price=1',
  'attr.color=red',
  'cursor=x',
  'inStock=false',
  'fields=id',
])('%s, 10,000 times, is refused with its name, before anything is read', async (pair) => {
  const name = pair.split('=')[0]
  for (const path of PATHS) {
    const problem = await refusal(`${path}?${Array(MANY).fill(pair).join('&')}`)
    expect(
      problem.errors.map(({ parameter }) => parameter),
      path,
    ).toContain(name)
  }
})
test('10,000 different parameters are refused with a name of them', async () => {
  for (const name of ['attr.a', 'b'])
    for (const path of PATHS) {
      const query = Array.from({ length: MANY }, (_, i) => `${name}${i}=1`).join('&')
      const { errors } = await refusal(`${path}?${query}`)
      expect(errors.map(({ parameter }) => parameter).join(' '), path).toMatch(/(?:attr\.a|b)\d+/)
    }
})
