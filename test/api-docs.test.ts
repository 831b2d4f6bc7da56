import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HttpServer } from '../shared/http-server.ts'
import { testAdmin, type TestAdmin } from './support/admin-server.ts'
import { testDatabase, type TestDatabase } from './support/parts.ts'
import { openQueryServer } from './support/query-server.ts'

let database: TestDatabase
let query: HttpServer
let admin: TestAdmin
beforeAll(async () => {
  database = await testDatabase()
  // With all that guards it switched on: the page is for everybody.
  query = await openQueryServer(database, { authRequired: true, rateLimit: 1 })
  admin = await testAdmin()
})
afterAll(async () => {
  await query?.close()
  await admin?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

const pages = [
  { name: 'query', path: '/docs', document: '/v1/openapi.json', app: () => query },
  { name: 'admin', path: '/admin/docs', document: '/admin/v1/openapi.json', app: (): HttpServer => admin.app },
]

const addressesIn = (html: string) => [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url)

test.each(pages)('$name: the page and all that it names come from our origin', async ({ path, app }) => {
  for (const url of [path, `${path}/`]) {
    const page = await app().inject({ url })
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    const addresses = addressesIn(page.body)
    expect(addresses.length).toBeGreaterThan(4)
    for (const address of addresses) {
      const at = new URL(address, `http://catalog.test${url}`)
      expect(at.host, address).toBe('catalog.test')
      const asset = await app().inject({ url: at.pathname })
      expect(asset.statusCode, address).toBe(200)
      expect(asset.rawPayload.length, address).toBeGreaterThan(0)
      expect(asset.headers['cache-control'], address).toBe('public, max-age=3600')
    }
  }
})

test.each(pages)('$name: the page may load nothing from elsewhere, whatever its scripts ask for', async ({ path, app }) => {
  for (const url of [path, `${path}/static/swagger-ui-bundle.js`]) {
    const policy = String((await app().inject({ url })).headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(
      policy
        .split(';')
        .flatMap((rule) => rule.trim().split(' ').slice(1))
        .filter((source) => !source.startsWith("'")),
    ).toEqual(['data:'])
  }
  const initializer = (await app().inject({ url: `${path}/static/swagger-initializer.js` })).body
  expect(
    [...initializer.matchAll(/https?:\/\/[^\s'"]+/g)].map(([url]) => url).filter((url) => !url.startsWith('https://stackoverflow.com/')),
  ).toEqual([])
})

test.each(pages)(
  '$name: it shows the document of this server, and a file that is not there is a problem',
  async ({ path, document, app }) => {
    const [shown, served] = await Promise.all([`${path}/json`, document].map((url) => app().inject({ url })))
    expect(shown?.json()).toEqual(served?.json())
    for (const url of [`${path}/static/nothing.js`, `${path}/static/%2e%2e/package.json`, `${path}/static/../../package.json`]) {
      const missing = await app().inject({ url })
      expect([missing.statusCode, missing.json<{ type: string }>().type], url).toEqual([404, '/problems/not-found'])
    }
  },
)
