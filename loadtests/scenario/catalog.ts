/** The products of a fault run: made by way of the admin API, then read once by everybody, so that every cache has them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpClient } from '../http-client.ts'

const AT_ONCE = 8
const OPEN_MS = 10_000
const TRY_AGAIN_MS = 100

/** @returns their ids; the first are the most popular */
export async function makeProducts(admin: HttpClient, adminKey: string, count: number): Promise<readonly string[]> {
  await untilOpen(admin, adminKey)
  const ids: string[] = []
  for (let n = 0; n < count; n += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - n) }, (_, i) => makeProduct(admin, adminKey, n + i + 1))
    ids.push(...(await Promise.all(batch)).map(({ id }) => id))
  }
  return ids
}

/** The admin server is ready a moment before it has made the key it was given. */
async function untilOpen(admin: HttpClient, adminKey: string): Promise<void> {
  const endMs = performance.now() + OPEN_MS
  const ask = () => admin.send({ path: '/admin/v1/products?limit=1', headers: { 'x-api-key': adminKey } })
  while ((await ask()).status === 401) {
    if (performance.now() > endMs) throw new Error(`The admin server does not know its own key after ${OPEN_MS} ms`)
    await sleep(TRY_AGAIN_MS)
  }
}

async function makeProduct(admin: HttpClient, adminKey: string, n: number): Promise<{ id: string }> {
  return await admin.getJson({
    method: 'POST',
    path: '/admin/v1/products',
    headers: { 'content-type': 'application/json', 'x-api-key': adminKey },
    body: JSON.stringify(productOf(n)),
  })
}

function productOf(n: number) {
  return {
    key: `FAULT-${n}`,
    status: 'active',
    i18n: { en: { title: `Jacket ${n}`, description: 'A jacket that is edited and read while its servers are killed. '.repeat(5) } },
    brand: 'Acme',
    categories: [['Clothing', 'Jackets']],
    attributes: { color: 'red', weight_g: 400 + n },
    variants: [{ sku: `FAULT-${n}-M`, options: { size: 'M' }, prices: [{ channel: 'default', currency: 'USD', amount: 1_999 }], stock: 5 }],
  }
}
