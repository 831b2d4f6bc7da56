/** The products of a fault run: made by way of the admin API, then read once by everybody, so that every cache has them. */
import type { HttpClient } from '../http-client.ts'

const AT_ONCE = 8

/** @returns ids, and the rev of each; the first are the most popular */
export async function makeProducts(admin: HttpClient, adminKey: string, count: number): Promise<ReadonlyMap<string, number>> {
  const made = new Map<string, number>()
  for (let n = 0; n < count; n += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - n) }, (_, i) => makeProduct(admin, adminKey, n + i + 1))
    for (const { id, rev } of await Promise.all(batch)) made.set(id, rev)
  }
  return made
}

async function makeProduct(admin: HttpClient, adminKey: string, n: number): Promise<{ id: string; rev: number }> {
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
